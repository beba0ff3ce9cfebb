import type { FastifyReply } from 'fastify'
import type { Form } from '../standards/http/form.ts'
import { PageError } from './errors.ts'
import { proceed } from './proceed.ts'
import { type Stage, openStage } from './stage.ts'
import type { PendingAccount } from './sessions.ts'
import { type PageCall, type Site, eventOf, flowPath, goTo, placeOf, requireFlow, signIn, textOf } from './site.ts'
import { type CodeKind, showSecondFactor } from './show-second-factor.ts'

/** Shows the page for one kind of code. */
export async function showCode(site: Site, call: PageCall, flowText: string, kind: CodeKind): Promise<FastifyReply> {
  const stage = await openStage(site, call, requireFlow(site, call.caller, flowText))
  const pending = pendingOf(stage)
  return pending === undefined ? proceed(stage) : showSecondFactor(stage, pending, { kind })
}

/** Takes the code of an authenticator app, or a recovery code. */
export async function submitCode(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const stage = await openStage(site, call, requireFlow(site, call.caller, textOf(form, 'flow')))
  const pending = pendingOf(stage)
  if (pending === undefined) return proceed(stage)
  const kind = textOf(form, 'kind')
  if (kind !== 'totp' && kind !== 'recovery') throw new PageError('malformed')
  const code = textOf(form, 'code').trim()
  if (code === '') return showSecondFactor(stage, pending, { kind, problem: 'Enter the code.', status: 400 })
  const outcome = await check(stage, pending, kind, code)
  if (outcome === 'proved') return passSecondFactor(stage, pending, kind === 'totp' ? ['otp', 'mfa'] : ['mfa'])
  await site.audit.append(
    eventOf(call, pending, { action: 'sign-in.second-factor', outcome: 'refused', reason: outcome }),
  )
  if (outcome === 'closing' || outcome === 'closed') {
    if (outcome === 'closing') {
      await site.audit.append(eventOf(call, pending, { action: 'second-factor.close', outcome: 'success' }))
    }
    const problem =
      'The app was blocked after too many incorrect codes in a row. Use another method, or ask an owner of the directory to reset it.'
    return showSecondFactor(stage, pending, { kind, problem, status: 403 })
  }
  if (outcome === 'throttled') {
    const problem = 'Too many incorrect codes. Wait an hour, or use another method.'
    return showSecondFactor(stage, pending, { kind, problem, status: 429 })
  }
  const problem =
    kind === 'totp' ? 'Incorrect or already used code. Wait for the next one.' : 'Incorrect or already used code.'
  return showSecondFactor(stage, pending, { kind, problem, status: 400 })
}

/** Goes on with somebody who gave their second factor. */
export async function passSecondFactor(
  stage: Stage,
  pending: PendingAccount,
  methods: readonly string[],
): Promise<FastifyReply> {
  const { site, call, flow } = stage
  const all = [...new Set([...pending.methods, ...methods])]
  const [, ...remaining] = pending.remaining
  const event = eventOf(call, pending, {
    action: 'sign-in.second-factor',
    outcome: 'success',
    detail: { methods: all },
  })
  await signIn(site, call, { user: pending.user, methods: all, authenticatedAtMs: site.clock.now(), remaining }, event)
  return goTo(call.reply, flowPath(site, call.caller, flow))
}

/** Whoever owes this sign-in a second factor. */
export function pendingOf({ call, flow }: Stage): PendingAccount | undefined {
  const pending = call.caller.session?.pending
  const isTheirs = pending !== undefined && pending.user.objectId === flow.chosen
  return isTheirs && pending.remaining[0] === 'second-factor' ? pending : undefined
}

async function check({ site, call }: Stage, { user }: PendingAccount, kind: CodeKind, code: string) {
  const { secondFactors } = site.credentials
  const { origin } = call
  if (kind === 'totp') {
    const known = await site.credentials.isKnownPlace(user.objectId, placeOf(call))
    return secondFactors.checkTotp(user.objectId, code, { known, origin })
  }
  if (await secondFactors.useRecoveryCode(user.objectId, code)) return 'proved'
  await secondFactors.recordWrongRecoveryCode(user.objectId, origin)
  return 'wrong'
}
