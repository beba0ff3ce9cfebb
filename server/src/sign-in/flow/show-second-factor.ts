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
  wanted: { readonly kind?: CodeKind | undefined; readonly problem?: string; readonly status?: number } = {},
): Promise<FastifyReply> {
  const { context, call } = step
  const held = await context.credentials.secondFactors.of(user.objectId)
  const hasPasskey = held.passkeys > 0 && context.passkeys.isAvailable
  if (wanted.kind === undefined && !held.totp && hasPasskey) return redirectTo(call.reply, pathOf(step, '/passkey'))
  const { kind = held.totp ? 'totp' : 'recovery', problem, status = 200 } = wanted
  const otherLinks = otherLinksOf(step, kind, { ...held, hasPasskey })
  const body = secondFactorPage(formOf(step), { kind, problem, otherLinks })
  return show(step, {
    title: kind === 'totp' ? 'Enter code' : 'Enter recovery code',
    body,
    status,
    hasError: problem !== undefined,
  })
}

/** Links to the other second factors of the user. */
function otherLinksOf(
  step: FlowStep,
  kind: CodeKind,
  held: { readonly hasPasskey: boolean; readonly totp: boolean; readonly recoveryCodes: number },
): Link[] {
  const links: Link[] = []
  if (held.hasPasskey) links.push({ label: 'Use a passkey', href: pathOf(step, '/passkey') })
  if (kind === 'recovery' && held.totp) {
    links.push({ label: 'Use an authenticator app', href: pathOf(step, '/code') })
  }
  if (kind === 'totp' && held.recoveryCodes > 0) {
    links.push({ label: 'Use a recovery code', href: pathOf(step, '/recovery') })
  }
  return links
}

function pathOf({ context, call, flow }: FlowStep, page: string): `/${string}` {
  return flowPath(context, call.caller, flow, page)
}
