import type { RouteCost } from '../platform/http/route-cost.ts'
import type { Call } from '../platform/http/surface.ts'
import { enrollMachine } from './machines/machine-enrollment.ts'
import type { Context, Handler } from './provider/context.ts'
import { deviceEndpoint } from './provider/device-endpoint.ts'
import { adfsConfiguration, openIdConfiguration, publicKeys, tenantKeys } from './provider/discovery.ts'
import { tokenEndpoint } from './provider/token-endpoint.ts'
import { userInfo } from './provider/user-info.ts'
import { userRealm } from './provider/user-realm.ts'
import { EntraError } from './tokens/errors.ts'
import { tenantParameter } from './tokens/tenants.ts'

/** A row of the table. */
export type ProviderRoute = {
  readonly id: string
  readonly path: string
  /** Every endpoint is public: callers are not authenticated yet. */
  readonly need: 'public'
  readonly cost: RouteCost
  readonly handle: Handler
} & (
  | { readonly method: 'GET'; readonly body?: never; readonly denies?: true }
  | { readonly method: 'POST'; readonly body: 'form'; readonly denies?: never }
)

const tenant = `/${tenantParameter}`

/** The paths of the provider. Any other path below is not found. */
export const providerTerritory: readonly string[] = [`${tenant}/*`]

/** The table of the provider. */
// prettier-ignore
export const providerRoutes: readonly ProviderRoute[] = [
  { id: 'identity.v1.configuration', method: 'GET',  path: `${tenant}/.well-known/openid-configuration`,      need: 'public', cost: 'small', handle: openIdConfiguration('1.0') },
  { id: 'identity.v2.configuration', method: 'GET',  path: `${tenant}/v2.0/.well-known/openid-configuration`, need: 'public', cost: 'small', handle: openIdConfiguration('2.0') },
  { id: 'identity.adfs.configuration', method: 'GET', path: '/adfs/.well-known/openid-configuration',         need: 'public', cost: 'small', handle: adfsConfiguration },
  { id: 'identity.v1.keys',          method: 'GET',  path: `${tenant}/discovery/keys`,                        need: 'public', cost: 'small', handle: tenantKeys },
  { id: 'identity.v2.keys',          method: 'GET',  path: `${tenant}/discovery/v2.0/keys`,                   need: 'public', cost: 'small', handle: tenantKeys },
  { id: 'identity.keys',             method: 'GET',  path: '/discovery/keys',                                 need: 'public', cost: 'small', handle: publicKeys },
  { id: 'identity.v1.token',         method: 'POST', path: `${tenant}/oauth2/token`,                          need: 'public', cost: 'change', body: 'form', handle: tokenEndpoint('1.0') },
  { id: 'identity.v2.token',         method: 'POST', path: `${tenant}/oauth2/v2.0/token`,                     need: 'public', cost: 'change', body: 'form', handle: tokenEndpoint('2.0') },
  { id: 'identity.v1.token.get',     method: 'GET',  path: `${tenant}/oauth2/token`,                          need: 'public', cost: 'small', denies: true, handle: denyMethod },
  { id: 'identity.v2.token.get',     method: 'GET',  path: `${tenant}/oauth2/v2.0/token`,                     need: 'public', cost: 'small', denies: true, handle: denyMethod },
  { id: 'identity.v1.deviceCode',    method: 'POST', path: `${tenant}/oauth2/devicecode`,                     need: 'public', cost: 'change', body: 'form', handle: deviceEndpoint('1.0') },
  { id: 'identity.v2.deviceCode',    method: 'POST', path: `${tenant}/oauth2/v2.0/devicecode`,                need: 'public', cost: 'change', body: 'form', handle: deviceEndpoint('2.0') },
  { id: 'identity.v1.deviceCode.get', method: 'GET', path: `${tenant}/oauth2/devicecode`,                     need: 'public', cost: 'small', denies: true, handle: denyMethod },
  { id: 'identity.v2.deviceCode.get', method: 'GET', path: `${tenant}/oauth2/v2.0/devicecode`,                need: 'public', cost: 'small', denies: true, handle: denyMethod },
  { id: 'identity.userRealm',        method: 'GET',  path: `${tenant}/userrealm/:userPrincipalName`,          need: 'public', cost: 'read', handle: userRealm },
  { id: 'identity.userInfo',         method: 'GET',  path: '/oidc/userinfo',                                  need: 'public', cost: 'read', handle: userInfo },
  { id: 'identity.userInfo.post',    method: 'POST', path: '/oidc/userinfo',                                  need: 'public', cost: 'read', body: 'form', handle: userInfo },
  { id: 'identity.machines.enroll',  method: 'POST', path: `${tenant}/machines/enroll`,                       need: 'public', cost: 'heavy-change', body: 'form', handle: enrollMachine },
]

async function denyMethod(_context: Context, { reply }: Call<undefined>): Promise<never> {
  reply.header('allow', 'POST')
  throw new EntraError('wrongMethod', ['POST'])
}
