import type { Audit, AuditEvent } from '../../audit/index.ts'
import type { Origin } from '../../platform/http/app.ts'
import type { Call } from '../../platform/http/surface.ts'
import { parseAuthorization } from '@acrux/shared/standards/http/authorization-header.ts'
import { EntraError } from '../tokens/errors.ts'
import type { VerifyAccessToken } from '../tokens/model.ts'

export type UserInfoContext = { readonly verifyAccessToken: VerifyAccessToken; readonly audit: Audit }

/** The handler of `/oidc/userinfo`, which returns the person of an access token. [OpenID Connect Core §5.3] */
export async function userInfo(
  { verifyAccessToken, audit }: UserInfoContext,
  { request, reply, origin }: Call<undefined>,
): Promise<object> {
  reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
  const authorization = parseAuthorization(request.headers.authorization)
  if (authorization.scheme !== 'bearer') {
    if (authorization.scheme !== 'none') await audit.append(rejectionOf('scheme', origin))
    reply.header('www-authenticate', 'Bearer')
    throw new EntraError('invalidToken')
  }
  const verified = await verifyAccessToken(authorization.token, ['userinfo'])
  if (!verified.ok || verified.identity.principal.kind !== 'user') {
    await audit.append(rejectionOf(verified.ok ? 'principal' : verified.reason, origin))
    reply.header('www-authenticate', 'Bearer error="invalid_token"')
    throw new EntraError('invalidToken')
  }
  const { objectId, displayName, userPrincipalName, mail } = verified.identity.principal
  const email = mail === undefined ? {} : { email: mail }
  return { sub: objectId, oid: objectId, name: displayName, preferred_username: userPrincipalName, ...email }
}

function rejectionOf(reason: string, origin: Origin): AuditEvent {
  const actor = { kind: 'claimed', id: '' } as const
  return { action: 'user-info.read', outcome: 'refused', actor, target: '', reason, origin }
}
