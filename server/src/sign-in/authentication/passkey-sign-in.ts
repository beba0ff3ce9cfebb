import type { FastifyReply } from 'fastify'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { assets } from '../pages/assets.ts'
import { PageError } from '../flow/errors.ts'
import type { Link } from '../pages/layout.ts'
import { passkeyPage } from '../pages/sign-in-pages.ts'
import { type FlowStep, formOf, openFlowStep, show } from '../flow/flow-step.ts'
import { passSecondFactor, pendingOf } from './second-factor.ts'
import type { Context } from '../flow/context.ts'
import { recordAuthentication } from '../flow/record-authentication.ts'
import { flowPath, requireFlow } from '../flow/flow-path.ts'
import { type PageCall, eventOf, readField, readParameter } from '../flow/page-call.ts'
import { redirectTo } from '../flow/send-page.ts'

/** Asks for a passkey, alone or as a second factor. */
export async function showPasskey(context: Context, call: PageCall): Promise<FastifyReply> {
  if (!context.passkeys.isAvailable) throw new PageError('noPasskeys')
  return askForPasskey(
    await openFlowStep(context, call, requireFlow(context, call.caller, readParameter(call, 'flow'))),
  )
}

/** Checks the signature of a passkey. */
export async function submitPasskey(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const step = await openFlowStep(context, call, requireFlow(context, call.caller, readField(form, 'flow')))
  const { browser } = call.caller
  const assertion = await context.passkeys.verifyAssertion(
    browser,
    readField(form, 'challenge'),
    readField(form, 'credential'),
  )
  const pending = pendingOf(step)
  if (pending !== undefined) {
    if (assertion !== undefined && assertion.passkey.objectId === pending.user.objectId) {
      return passSecondFactor(step, pending, ['hwk', 'mfa'])
    }
    await context.audit.append(
      eventOf(call, pending, { action: 'sign-in.passkey', outcome: 'refused', reason: 'wrong' }),
    )
    return askForPasskey(step, problem)
  }
  // A passkey alone is two factors only if the authenticator verified the person.
  if (assertion === undefined || !assertion.isUserVerified) {
    const origin = call.origin
    const actor = { kind: 'anonymous', id: '' } as const
    await context.audit.append({
      action: 'sign-in.passkey',
      outcome: 'refused',
      reason: 'wrong',
      actor,
      target: '',
      origin,
    })
    return askForPasskey(step, problem)
  }
  const user = await context.directory.findUser(assertion.passkey.objectId)
  // A person of an external provider may only sign in there.
  if (user === undefined || user.external) return askForPasskey(step, problem)
  const credential = { kind: 'passkey', id: assertion.passkey.id }
  const event = eventOf(call, { user }, { action: 'sign-in.passkey', outcome: 'success', credential })
  await recordAuthentication(
    context,
    call,
    { user, methods: ['hwk', 'mfa'], authenticatedAtMs: context.clock.now(), remaining: [] },
    { event },
  )
  return redirectTo(call.reply, flowPath(context, call.caller, { ...step.flow, chosen: user.objectId }))
}

const problem = 'Unknown passkey. Use another passkey, or sign in another way.'

async function askForPasskey(step: FlowStep, problem?: string): Promise<FastifyReply> {
  const { context, call, flow } = step
  const { browser } = call.caller
  const pending = pendingOf(step)
  const question = await context.passkeys.requestAssertion(browser, pending?.user.objectId)
  const otherLinks: Link[] = []
  if (pending === undefined) {
    otherLinks.push({ label: 'Use a password', href: flowPath(context, call.caller, flow) })
  } else {
    const held = await context.credentials.secondFactors.of(pending.user.objectId)
    if (held.totp)
      otherLinks.push({ label: 'Use an authenticator app', href: flowPath(context, call.caller, flow, '/code') })
    if (held.recoveryCodes > 0) {
      otherLinks.push({ label: 'Use a recovery code', href: flowPath(context, call.caller, flow, '/recovery') })
    }
  }
  const body = passkeyPage(formOf(step), { ...question, problem, otherLinks })
  const script = assets.passkeyScript.path
  return show(step, {
    title: 'Use a passkey',
    body,
    script,
    status: problem === undefined ? 200 : 400,
    hasError: problem !== undefined,
  })
}
