import type { FastifyReply } from 'fastify'
import { type PasswordProblem, passwordPage } from '../pages/sign-in-pages.ts'
import { flowPath } from './flow-path.ts'
import { type FlowStep, show, formOf } from './flow-step.ts'

/** Asks for the user name and password. */
export function showPassword(
  step: FlowStep,
  hint: string | undefined,
  problem?: PasswordProblem,
  status = 200,
): Promise<FastifyReply> {
  const { context, call, flow } = step
  const { requiresLocalMethod = false } = step.destination.requirement
  const otherLinks = requiresLocalMethod ? [] : context.providerLinks(context.flows.write(call.caller.browser, flow))
  const passkey = { label: 'Sign in with a passkey', href: flowPath(context, call.caller, flow, '/passkey') }
  const links = context.passkeys.isAvailable ? [passkey, ...otherLinks] : otherLinks
  const reason = requiresLocalMethod
    ? 'To change your sign-in methods, enter your password or use a passkey. If you don’t know your password, ask an administrator to reset the password.'
    : undefined
  const shown = { hint, reason, ...(problem === undefined ? {} : { problem }), otherLinks: links }
  const body = passwordPage(formOf(step), shown)
  return show(step, { title: 'Sign in', body, status, hasError: problem !== undefined })
}
