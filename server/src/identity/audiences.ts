import type { TokenAudience } from './model.ts'

/** What the provider issues tokens for, in every spelling that clients use. */
export interface Audiences {
  /** The audience that a resource names, and how the token is to spell it. */
  find(resource: string): { readonly audience: TokenAudience; readonly aud: string } | undefined
  /** Every `aud` that tokens for these audiences carry. */
  spellings(audiences: readonly TokenAudience[]): string[]
}

/**
 * ARM's and ACR's are Azure's own, since clients have them built in; ARM and Graph are also ours, as SDKs ask for that are
 * told an endpoint and nothing else. [acr-protocol, exchange; az-cli-wire; @azure-rest/core-client, credentials.scopes]
 */
export function createAudiences(publicOrigin: string): Audiences {
  const table: readonly (readonly [string, TokenAudience])[] = [
    ['https://management.core.windows.net/', 'arm'],
    ['https://management.core.windows.net', 'arm'],
    ['https://management.azure.com/', 'arm'],
    ['https://management.azure.com', 'arm'],
    [`${publicOrigin}/`, 'arm'],
    [publicOrigin, 'arm'],
    ['https://containerregistry.azure.net/', 'acr'],
    ['https://containerregistry.azure.net', 'acr'],
    ['6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26', 'acr'],
    [`${publicOrigin}/graph/`, 'graph'],
    [`${publicOrigin}/graph`, 'graph'],
    ['https://graph.microsoft.com/', 'graph'],
    ['https://graph.microsoft.com', 'graph'],
    ['https://graph.windows.net/', 'graph'],
    ['https://graph.windows.net', 'graph'],
    [userInfoAudience(publicOrigin), 'userinfo'],
  ]
  const byResource = new Map(table.map(([aud, audience]) => [aud.toLowerCase(), { audience, aud }]))
  return {
    find: (resource) => byResource.get(withoutPort(resource.toLowerCase())),
    spellings: (audiences) => table.filter(([, audience]) => audiences.includes(audience)).map(([aud]) => aud),
  }
}

/** A URL without the port that its scheme has anyway, which whoever registers a cloud may have written. [RFC 3986 §6.2.3] */
function withoutPort(resource: string): string {
  return resource.replace(/^(https:\/\/[^/]+):443(?=\/|$)|^(http:\/\/[^/]+):80(?=\/|$)/, '$1$2')
}

/** What a token is for that tells an application who signed in, and nothing else: the user info endpoint. */
export function userInfoAudience(publicOrigin: string): string {
  return `${publicOrigin}/oidc/userinfo`
}

/** Scopes of OpenID Connect, which name no resource. */
const openIdScopes = new Set(['openid', 'profile', 'email', 'offline_access'])

/** One resource and the scopes of OpenID are far shorter. */
const longestScope = 2048

/** What the `scope` of a request asks for. */
export type RequestedScope =
  | { readonly kind: 'resource'; readonly resource: string }
  /** Nothing that a token could be for. */
  | { readonly kind: 'none' }
  | { readonly kind: 'several' }
  | { readonly kind: 'not-default'; readonly scope: string }

/**
 * Reads the scope of `client_credentials`: one `X/.default`. The resource is all before the last slash, so that
 * `https://management.core.windows.net//.default` names it with the slash that it ends with. [Entra, .default scope]
 */
export function parseDefaultScope(text: string): RequestedScope {
  if (text.length > longestScope) return { kind: 'several' }
  const scopes = text.split(' ').filter((scope) => scope !== '' && !openIdScopes.has(scope))
  const [scope] = scopes
  if (scope === undefined) return { kind: 'none' }
  if (scopes.length > 1) return { kind: 'several' }
  const suffix = '/.default'
  if (!scope.endsWith(suffix) || scope.length === suffix.length) return { kind: 'not-default', scope }
  return { kind: 'resource', resource: scope.slice(0, -suffix.length) }
}
