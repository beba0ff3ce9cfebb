import type { FastifyReply } from 'fastify'
import { type PasswordCheck, WeakPasswordError } from '../../credentials/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { PageError } from '../flow/errors.ts'
import { proceed } from '../flow/proceed.ts'
import { showNewPassword } from '../flow/show-new-password.ts'
import { showPassword } from '../flow/show-password.ts'
import { type FlowStep, openFlowStep } from '../flow/flow-step.ts'
import type { Remaining } from '../sessions/sessions.ts'
import type { Context } from '../flow/context.ts'
import { recordAuthentication } from '../flow/record-authentication.ts'
import { flowPath, requireFlow } from '../flow/flow-path.ts'
import { type PageCall, eventOf, placeOf, readField } from '../flow/page-call.ts'
import { redirectTo } from '../flow/send-page.ts'

/** Checks the user name and password. */
export async function submitPassword(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const flow = requireFlow(context, call.caller, readField(form, 'flow'))
  const step = await openFlowStep(context, call, flow)
  const userPrincipalName = readField(form, 'username').trim()
  const password = readField(form, 'password')
  if (userPrincipalName === '' || password === '') {
    const problem = {
      ...(userPrincipalName === '' ? { userName: 'Enter your user name.' } : {}),
      ...(password === '' ? { password: 'Enter your password.' } : {}),
    }
    return showPassword(step, userPrincipalName, problem, 400)
  }
  const code = readField(form, 'code').trim()
  const check = await context.credentials.checkPassword({ userPrincipalName, password, code, ...placeOf(call) })
  if (check.outcome === 'refused') return rejectPassword(step, userPrincipalName, check)
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
  await recordAuthentication(
    context,
    call,
    { user, methods, authenticatedAtMs: context.clock.now(), remaining },
    { event },
  )
  return redirectTo(call.reply, flowPath(context, call.caller, { ...flow, chosen: user.objectId }))
}

async function rejectPassword(
  step: FlowStep,
  userPrincipalName: string,
  rejection: Extract<PasswordCheck, { outcome: 'refused' }>,
): Promise<FastifyReply> {
  const { context, call } = step
  const { reason } = rejection
  // People type passwords into the wrong field, so the log contains only valid user names.
  const claimed = /^[^@\s]{1,64}@[^@\s]{1,253}$/.test(userPrincipalName) ? userPrincipalName : ''
  await context.audit.append({
    action: 'sign-in.password',
    outcome: 'refused',
    reason,
    actor: { kind: 'claimed', id: claimed },
    target: claimed,
    origin: call.origin,
  })
  if (reason === 'disabled') throw new PageError('disabled')
  if (reason === 'busy') {
    const { retryAfterSeconds } = rejection
    call.reply.header('retry-after', String(retryAfterSeconds))
    const message = `Too many sign-in attempts at the moment. Wait ${retryAfterSeconds} ${retryAfterSeconds === 1 ? 'second' : 'seconds'}, then try again.`
    return showPassword(step, userPrincipalName, { message }, 429)
  }
  if (reason === 'code-needed') {
    const { closedAppOf: user } = rejection
    if (user !== undefined) {
      const closed = { action: 'second-factor.close', outcome: 'success', credential: { kind: 'password' } } as const
      await context.audit.append(eventOf(call, { user }, closed))
    }
    return showPassword(step, userPrincipalName, { message: codeNeeded, needsCode: true }, 400)
  }
  // The text is the same for a wrong password and a throttled attempt, so that it does not reveal whether a guess was
  // checked.
  const message = 'Incorrect user name or password. After many attempts, wait a few minutes, then try again.'
  return showPassword(step, userPrincipalName, { message }, 400)
}

const codeNeeded =
  'This account has had many failed sign-in attempts. Enter your password and a code from your authenticator app, or a recovery code. If you have neither, use a browser or network from which you signed in before, or try again in an hour.'

/** Sets the new password that the person must choose before the sign-in continues. */
export async function submitNewPassword(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const flow = requireFlow(context, call.caller, readField(form, 'flow'))
  const step = await openFlowStep(context, call, flow)
  const pending = call.caller.session?.pending
  if (pending === undefined || pending.user.objectId !== flow.chosen || pending.remaining[0] !== 'new-password') {
    return proceed(step)
  }
  const prepared = await prepareNewPassword(context, pending.user.userPrincipalName, form)
  if ('problem' in prepared) return showNewPassword(step, pending.user, prepared.problem)
  const { user, methods } = pending
  const event = eventOf(call, pending, { action: 'password.change', outcome: 'success' })
  const [, ...remaining] = pending.remaining
  const authentication = { user, methods, authenticatedAtMs: context.clock.now(), remaining }
  const removesMethods = readField(form, 'remove-methods') === 'all'
  const change = async (transaction: Transaction) => {
    if (removesMethods) {
      const removal = { action: 'second-factor.remove', outcome: 'success', detail: { kind: 'all' } } as const
      await context.audit.record(transaction, eventOf(call, pending, removal))
    }
    return context.credentials.changePassword(transaction, user, prepared, { removesMethods, origin: call.origin })
  }
  await recordAuthentication(context, call, authentication, { continues: pending, event, change })
  return redirectTo(call.reply, flowPath(context, call.caller, flow))
}

/** Hashes the new password in the form. Returns a message if the password is not acceptable. */
export async function prepareNewPassword(
  context: Context,
  userPrincipalName: string,
  form: Form,
): Promise<{ readonly passwordHash: string } | { readonly problem: string }> {
  const password = readField(form, 'new-password')
  if (password !== readField(form, 'repeated')) return { problem: 'The passwords don’t match.' }
  try {
    return await context.credentials.preparePassword(userPrincipalName, password)
  } catch (error) {
    if (!(error instanceof WeakPasswordError)) throw error
    return { problem: weaknesses[error.rejection] }
  }
}

const weaknesses: Readonly<Record<WeakPasswordError['rejection'], string>> = {
  'too-short': 'The password is too short. Use at least 10 characters.',
  'too-long': 'The password is too long.',
  'like-user-name': 'The password is too similar to the user name.',
  'too-common': 'This password is too common. Choose another password.',
  'same-as-before': 'The new password is the same as the current password.',
}
