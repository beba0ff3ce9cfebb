import type { FastifyReply } from 'fastify'
import type { User } from '../../directory/index.ts'
import { instant } from '../pages/instant.ts'
import { html } from '../pages/html.ts'
import { newPasswordPage } from '../pages/sign-in-pages.ts'
import { type FlowStep, show, formOf } from './flow-step.ts'

/** Asks for a new password, and lists the other sign-in methods, which stay unless the person removes them. */
export async function showNewPassword(
  step: FlowStep,
  { objectId, userPrincipalName }: User,
  problem?: string,
): Promise<FastifyReply> {
  const { credentials, directory } = step.context
  const { totp } = await credentials.secondFactors.of(objectId)
  const passkeys = await credentials.secondFactors.passkeysOf(objectId)
  const identities = await directory.people.identitiesOf(objectId)
  const otherMethods = [
    ...(totp ? [html`An authenticator app`] : []),
    ...passkeys.map(
      ({ displayName, createdAtMs }) => html`The passkey “${displayName}”, added ${instant(createdAtMs)}`,
    ),
    ...identities.map(({ issuer }) => html`Your account at ${issuer} (only an administrator can unlink this account)`),
  ]
  const body = newPasswordPage(formOf(step), userPrincipalName, { problem, otherMethods })
  const hasError = problem !== undefined
  return show(step, { title: 'Choose a new password', body, status: hasError ? 400 : 200, hasError })
}
