import type { FastifyReply } from 'fastify'
import type { Link } from '../pages/layout.ts'
import { secondFactorPage } from '../pages/sign-in-pages.ts'
import { type FlowStep, formOf, show } from './flow-step.ts'
import type { PendingAccount } from '../sessions/sessions.ts'
import { flowPath } from './flow-path.ts'
import { redirectTo } from './send-page.ts'

export type CodeKind = 'totp' | 'recovery'

/** Asks for the second factor. */
export async function showSecondFactor(
  step: FlowStep,
  { user }: PendingAccount,
  asked: { readonly kind?: CodeKind | undefined; readonly problem?: string; readonly status?: number } = {},
): Promise<FastifyReply> {
  const { context, call, flow } = step
  const held = await context.credentials.secondFactors.of(user.objectId)
  const kind = asked.kind ?? (held.totp ? 'totp' : 'recovery')
  if (asked.kind === undefined && !held.totp && held.passkeys > 0 && context.passkeys.isAvailable) {
    return redirectTo(call.reply, flowPath(context, call.caller, flow, '/passkey'))
  }
  const path = (page: string) => flowPath(context, call.caller, flow, page)
  const otherLinks: Link[] = []
  if (held.passkeys > 0 && context.passkeys.isAvailable)
    otherLinks.push({ label: 'Use a passkey', href: path('/passkey') })
  if (kind === 'recovery' && held.totp) otherLinks.push({ label: 'Use an authenticator app', href: path('/code') })
  if (kind === 'totp' && held.recoveryCodes > 0) {
    otherLinks.push({ label: 'Use a recovery code', href: path('/recovery') })
  }
  const { problem, status = 200 } = asked
  const body = secondFactorPage(formOf(step), { kind, problem, otherLinks })
  return show(step, {
    title: kind === 'totp' ? 'Enter code' : 'Enter recovery code',
    body,
    status,
    hasError: problem !== undefined,
  })
}
