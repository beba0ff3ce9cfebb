import type { Call } from '../platform/http/surface.ts'
import { parseAuthorization } from '../spec/authorization-header.ts'
import { EntraError } from './entra-errors.ts'
import type { Identity } from './index.ts'

/** Makes the handler of `/oidc/userinfo`, which tells an application who signed in. [OpenID Connect Core §5.3] */
export function createUserInfo(verifyAccessToken: Identity['verifyAccessToken']) {
  return async ({ request, reply }: Call<undefined>): Promise<object> => {
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    const authorization = parseAuthorization(request.headers.authorization)
    if (authorization.scheme !== 'bearer') {
      reply.header('www-authenticate', 'Bearer')
      throw new EntraError('invalidToken')
    }
    const verified = await verifyAccessToken(authorization.token, ['userinfo'])
    if (!verified.ok || verified.identity.principal.kind !== 'user') {
      reply.header('www-authenticate', 'Bearer error="invalid_token"')
      throw new EntraError('invalidToken')
    }
    const { objectId, displayName, userPrincipalName, mail } = verified.identity.principal
    const email = mail === undefined ? {} : { email: mail }
    return { sub: objectId, oid: objectId, name: displayName, preferred_username: userPrincipalName, ...email }
  }
}
