import type { FastifyReply } from 'fastify'
import { type OtherWay, secondFactorPage } from './pages/sign-in-pages.ts'
import { type Stage, formOf, show } from './stage.ts'
import type { PendingAccount } from './sessions.ts'
import { flowPath, goTo } from './site.ts'

export type CodeKind = 'totp' | 'recovery'

/** Asks somebody whose password was right for what they have besides. */
export async function showSecondFactor(
  stage: Stage,
  { user }: PendingAccount,
  asked: { readonly kind?: CodeKind | undefined; readonly problem?: string; readonly status?: number } = {},
): Promise<FastifyReply> {
  const { site, call, flow } = stage
  const held = await site.credentials.secondFactors.of(user.objectId)
  const kind = asked.kind ?? (held.totp ? 'totp' : 'recovery')
  if (asked.kind === undefined && !held.totp && held.passkeys > 0 && site.passkeys.isAvailable) {
    return goTo(call.reply, flowPath(site, call.caller, flow, '/passkey'))
  }
  const path = (page: string) => flowPath(site, call.caller, flow, page)
  const otherWays: OtherWay[] = []
  if (held.passkeys > 0 && site.passkeys.isAvailable) otherWays.push({ label: 'Use a passkey', href: path('/passkey') })
  if (kind === 'recovery' && held.totp) otherWays.push({ label: 'Use an authenticator app', href: path('/code') })
  if (kind === 'totp' && held.recoveryCodes > 0) {
    otherWays.push({ label: 'Use a recovery code', href: path('/recovery') })
  }
  const { problem, status = 200 } = asked
  const body = secondFactorPage(formOf(stage), { kind, problem, otherWays })
  return show(stage, {
    title: kind === 'totp' ? 'Enter code' : 'Enter recovery code',
    body,
    status,
    hasError: problem !== undefined,
  })
}
