import type { FastifyReply } from 'fastify'
import { type PasswordCheck, WeakPasswordError } from '../credentials/index.ts'
import type { Form } from '../standards/http/form.ts'
import { PageError } from './errors.ts'
import { proceed, showNewPassword, showPassword } from './proceed.ts'
import { type Stage, openStage } from './stage.ts'
import type { Remaining } from './sessions.ts'
import { type PageCall, type Site, eventOf, flowPath, goTo, placeOf, requireFlow, signIn, textOf } from './site.ts'

/** Takes the user name and password. */
export async function submitPassword(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const flow = requireFlow(site, call.caller, textOf(form, 'flow'))
  const stage = await openStage(site, call, flow)
  const userPrincipalName = textOf(form, 'username').trim()
  const password = textOf(form, 'password')
  if (userPrincipalName === '' || password === '') {
    const problem = {
      ...(userPrincipalName === '' ? { userName: 'Enter your user name.' } : {}),
      ...(password === '' ? { password: 'Enter your password.' } : {}),
    }
    return showPassword(stage, userPrincipalName, problem, 400)
  }
  const code = textOf(form, 'code').trim()
  const check = await site.credentials.checkPassword({ userPrincipalName, password, code, ...placeOf(call) })
  if (check.outcome === 'refused') return refusePassword(stage, userPrincipalName, check)
  const remaining: Remaining[] = []
  if (check.secondFactorRequired) remaining.push('second-factor')
  if (check.mustChangePassword) remaining.push('new-password')
  if (check.enrolmentRequired) remaining.push('enrolment')
  const { user, methods } = check
  const event = eventOf(call, check, {
    action: 'sign-in.password',
    outcome: 'success',
    credential: { kind: 'password' },
  })
  await signIn(site, call, { user, methods, authenticatedAtMs: site.clock.now(), remaining }, event)
  return goTo(call.reply, flowPath(site, call.caller, { ...flow, chosen: user.objectId }))
}

async function refusePassword(
  stage: Stage,
  userPrincipalName: string,
  refusal: Extract<PasswordCheck, { outcome: 'refused' }>,
): Promise<FastifyReply> {
  const { site, call } = stage
  const { reason } = refusal
  // People type passwords into the wrong field: what is no user name is not written down.
  const claimed = /^[^@\s]{1,64}@[^@\s]{1,253}$/.test(userPrincipalName) ? userPrincipalName : ''
  await site.audit.append({
    action: 'sign-in.password',
    outcome: 'refused',
    reason,
    actor: { kind: 'claimed', id: claimed },
    target: claimed,
    origin: call.origin,
  })
  if (reason === 'disabled') throw new PageError('disabled')
  if (reason === 'busy') {
    const { retryAfterSeconds } = refusal
    call.reply.header('retry-after', String(retryAfterSeconds))
    const message = `There are too many attempts to sign in at the moment. Wait ${retryAfterSeconds} ${retryAfterSeconds === 1 ? 'second' : 'seconds'} and try again.`
    return showPassword(stage, userPrincipalName, { message }, 429)
  }
  if (reason === 'code-needed') {
    const { closedAppOf: user } = refusal
    if (user !== undefined) {
      const closed = { action: 'second-factor.close', outcome: 'success', credential: { kind: 'password' } } as const
      await site.audit.append(eventOf(call, { user }, closed))
    }
    return showPassword(stage, userPrincipalName, { message: codeNeeded, needsCode: true }, 400)
  }
  // One text for both, so that nobody learns whether a guess was looked at.
  const message = 'Incorrect user name or password. After many attempts, wait a few minutes before you try again.'
  return showPassword(stage, userPrincipalName, { message }, 400)
}

const codeNeeded =
  'There were many failed attempts to sign in to this account. Enter your password and a code of your authenticator app, or a recovery code. Without one, use a browser or network that you signed in from before, or try again in an hour.'

/** Takes the password that somebody has to choose before they go on. */
export async function submitNewPassword(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const flow = requireFlow(site, call.caller, textOf(form, 'flow'))
  const stage = await openStage(site, call, flow)
  const pending = call.caller.session?.pending
  if (pending === undefined || pending.user.objectId !== flow.chosen || pending.remaining[0] !== 'new-password') {
    return proceed(stage)
  }
  const prepared = await prepareNewPassword(site, pending.user.userPrincipalName, form)
  if ('problem' in prepared) return showNewPassword(stage, pending.user, prepared.problem)
  const { user, methods } = pending
  const event = eventOf(call, pending, { action: 'password.change', outcome: 'success' })
  const [, ...remaining] = pending.remaining
  const proof = { user, methods, authenticatedAtMs: site.clock.now(), remaining }
  const removesMethods = textOf(form, 'remove-methods') === 'all'
  await signIn(site, call, proof, event, async (transaction) => {
    if (removesMethods) {
      const removal = { action: 'second-factor.remove', outcome: 'success', detail: { kind: 'all' } } as const
      await site.audit.record(transaction, eventOf(call, pending, removal))
    }
    return site.credentials.changePassword(transaction, user, prepared, { removesMethods, origin: call.origin })
  })
  return goTo(call.reply, flowPath(site, call.caller, flow))
}

/** Hashes the password of the two fields for a new one, or tells what is wrong with it. */
export async function prepareNewPassword(
  site: Site,
  userPrincipalName: string,
  form: Form,
): Promise<{ readonly passwordHash: string } | { readonly problem: string }> {
  const password = textOf(form, 'new-password')
  if (password !== textOf(form, 'repeated')) return { problem: 'The two passwords are not the same.' }
  try {
    return await site.credentials.preparePassword(userPrincipalName, password)
  } catch (error) {
    if (!(error instanceof WeakPasswordError)) throw error
    return { problem: weaknesses[error.refusal] }
  }
}

const weaknesses: Readonly<Record<WeakPasswordError['refusal'], string>> = {
  'too-short': 'The password is too short. It needs at least 10 characters.',
  'too-long': 'The password is too long.',
  'like-user-name': 'The password is too much like the user name.',
  'too-common': 'Too many people use this password. Choose another.',
  'same-as-before': 'The new password is the same as the current one.',
}
