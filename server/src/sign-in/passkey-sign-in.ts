import type { FastifyReply } from 'fastify'
import type { Form } from '../standards/http/form.ts'
import { assets } from './assets.ts'
import { PageError } from './errors.ts'
import { type OtherWay, passkeyPage } from './pages/sign-in-pages.ts'
import { type Stage, formOf, openStage, show } from './stage.ts'
import { passSecondFactor, pendingOf } from './second-factor.ts'
import { type PageCall, type Site, eventOf, flowPath, goTo, requireFlow, signIn, textOf } from './site.ts'

/** Asks for a passkey, as the only proof or beside a password. */
export async function showPasskey(site: Site, call: PageCall, flowText: string): Promise<FastifyReply> {
  if (!site.passkeys.isAvailable) throw new PageError('noPasskeys')
  return askForPasskey(await openStage(site, call, requireFlow(site, call.caller, flowText)))
}

/** Takes what a passkey signed. */
export async function submitPasskey(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const stage = await openStage(site, call, requireFlow(site, call.caller, textOf(form, 'flow')))
  const { browser } = call.caller
  const proof = await site.passkeys.prove(browser, textOf(form, 'challenge'), textOf(form, 'credential'))
  const pending = pendingOf(stage)
  if (pending !== undefined) {
    if (proof !== undefined && proof.passkey.objectId === pending.user.objectId) {
      return passSecondFactor(stage, pending, ['hwk', 'mfa'])
    }
    await site.audit.append(eventOf(call, pending, { action: 'sign-in.passkey', outcome: 'refused', reason: 'wrong' }))
    return askForPasskey(stage, problem)
  }
  // Alone, it has to stand for two factors: that it is there, and that it knows the person.
  if (proof === undefined || !proof.isUserVerified) {
    const origin = call.origin
    const actor = { kind: 'anonymous', id: '' } as const
    await site.audit.append({
      action: 'sign-in.passkey',
      outcome: 'refused',
      reason: 'wrong',
      actor,
      target: '',
      origin,
    })
    return askForPasskey(stage, problem)
  }
  const user = await site.directory.findUser(proof.passkey.objectId)
  // Whom another provider proves is let in by that alone.
  if (user === undefined || user.external) return askForPasskey(stage, problem)
  const credential = { kind: 'passkey', id: proof.passkey.id }
  const event = eventOf(call, { user }, { action: 'sign-in.passkey', outcome: 'success', credential })
  await signIn(site, call, { user, methods: ['hwk', 'mfa'], authenticatedAtMs: site.clock.now(), remaining: [] }, event)
  return goTo(call.reply, flowPath(site, call.caller, { ...stage.flow, chosen: user.objectId }))
}

const problem = 'Unknown passkey. Use another passkey, or sign in another way.'

async function askForPasskey(stage: Stage, problem?: string): Promise<FastifyReply> {
  const { site, call, flow } = stage
  const { browser } = call.caller
  const pending = pendingOf(stage)
  const question = await site.passkeys.askForProof(browser, pending?.user.objectId)
  const otherWays: OtherWay[] = []
  if (pending === undefined) {
    otherWays.push({ label: 'Use a password', href: flowPath(site, call.caller, flow) })
  } else {
    const held = await site.credentials.secondFactors.of(pending.user.objectId)
    if (held.totp)
      otherWays.push({ label: 'Use an authenticator app', href: flowPath(site, call.caller, flow, '/code') })
    if (held.recoveryCodes > 0) {
      otherWays.push({ label: 'Use a recovery code', href: flowPath(site, call.caller, flow, '/recovery') })
    }
  }
  const body = passkeyPage(formOf(stage), { ...question, problem, otherWays })
  const script = assets.passkeyScript.path
  return show(stage, {
    title: 'Use a passkey',
    body,
    script,
    status: problem === undefined ? 200 : 400,
    hasError: problem !== undefined,
  })
}
