import type { FastifyReply } from 'fastify'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { PageError } from '../flow/errors.ts'
import { proceed } from '../flow/proceed.ts'
import { type FlowStep, openFlowStep } from '../flow/flow-step.ts'
import type { PendingAccount } from '../sessions/sessions.ts'
import type { Context } from '../flow/context.ts'
import { recordAuthentication } from '../flow/record-authentication.ts'
import { flowPath, requireFlow } from '../flow/flow-path.ts'
import { type PageCall, eventOf, placeOf, readField, readParameter } from '../flow/page-call.ts'
import { redirectTo } from '../flow/send-page.ts'
import { type CodeKind, showSecondFactor } from '../flow/show-second-factor.ts'

/** Shows the page for one kind of code. */
export function showCode(kind: CodeKind) {
  return async (context: Context, call: PageCall): Promise<FastifyReply> => {
    const flow = requireFlow(context, call.caller, readParameter(call, 'flow'))
    const step = await openFlowStep(context, call, flow)
    const pending = pendingOf(step)
    return pending === undefined ? proceed(step) : showSecondFactor(step, pending, { kind })
  }
}

/** Checks the code of an authenticator app, or a recovery code. */
export async function submitCode(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const step = await openFlowStep(context, call, requireFlow(context, call.caller, readField(form, 'flow')))
  const pending = pendingOf(step)
  if (pending === undefined) return proceed(step)
  const kind = readField(form, 'kind')
  if (kind !== 'totp' && kind !== 'recovery') throw new PageError('malformed')
  const code = readField(form, 'code').trim()
  if (code === '') return showSecondFactor(step, pending, { kind, problem: 'Enter the code.', status: 400 })
  const outcome = await check(step, pending, kind, code)
  if (outcome === 'verified') return passSecondFactor(step, pending, kind === 'totp' ? ['otp', 'mfa'] : ['mfa'])
  await context.audit.append(
    eventOf(call, pending, { action: 'sign-in.second-factor', outcome: 'refused', reason: outcome }),
  )
  if (outcome === 'closing' || outcome === 'closed') {
    if (outcome === 'closing') {
      await context.audit.append(eventOf(call, pending, { action: 'second-factor.close', outcome: 'success' }))
    }
    const problem =
      'Your authenticator app is blocked after too many incorrect codes. Use another method, or ask an administrator to remove the app.'
    return showSecondFactor(step, pending, { kind, problem, status: 403 })
  }
  if (outcome === 'throttled') {
    const problem = 'Too many incorrect codes. Wait an hour, or use another method.'
    return showSecondFactor(step, pending, { kind, problem, status: 429 })
  }
  const problem =
    kind === 'totp' ? 'Incorrect or already used code. Wait for the next code.' : 'Incorrect or already used code.'
  return showSecondFactor(step, pending, { kind, problem, status: 400 })
}

/** Records the second factor, and continues the flow. */
export async function passSecondFactor(
  step: FlowStep,
  pending: PendingAccount,
  methods: readonly string[],
): Promise<FastifyReply> {
  const { context, call, flow } = step
  const all = [...new Set([...pending.methods, ...methods])]
  const [, ...remaining] = pending.remaining
  const event = eventOf(call, pending, {
    action: 'sign-in.second-factor',
    outcome: 'success',
    detail: { methods: all },
  })
  await recordAuthentication(
    context,
    call,
    { user: pending.user, methods: all, authenticatedAtMs: context.clock.now(), remaining },
    { continues: pending, event },
  )
  return redirectTo(call.reply, flowPath(context, call.caller, flow))
}

/** The person of this flow, if the second factor is the next step. */
export function pendingOf({ call, flow }: FlowStep): PendingAccount | undefined {
  const pending = call.caller.session?.pending
  const isTheirs = pending !== undefined && pending.user.objectId === flow.chosen
  return isTheirs && pending.remaining[0] === 'second-factor' ? pending : undefined
}

async function check({ context, call }: FlowStep, { user }: PendingAccount, kind: CodeKind, code: string) {
  const { secondFactors } = context.credentials
  const { origin } = call
  if (kind === 'totp') {
    const known = await context.credentials.isKnownPlace(user.objectId, placeOf(call))
    return secondFactors.checkTotp(user.objectId, code, { known, origin })
  }
  if (await secondFactors.useRecoveryCode(user.objectId, code)) return 'verified'
  await secondFactors.recordWrongRecoveryCode(user.objectId, origin)
  return 'wrong'
}
