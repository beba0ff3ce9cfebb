import type { Audiences } from './audiences.ts'
import type { TokenAudience } from './model.ts'

/** The resource that a person's token is for. */
export type RequestedResource = { readonly audience: TokenAudience; readonly aud: string }

/** The scopes of OpenID Connect. They name no resource. */
export const openIdScopes: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access'])

const maxScopeLength = 2048

/** The `scope` of a person's sign-in. */
export type DelegatedScope =
  | {
      readonly kind: 'ok'
      /** Absent if there are only scopes of OpenID Connect: the token is for the user info endpoint. */
      readonly resource: RequestedResource | undefined
      readonly openId: ReadonlySet<string>
    }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'unknown-resource'; readonly resource: string }

/** The scopes of a resource. Each gives all of the person's permissions. */
const resourceScopes = new Set(['.default', 'user_impersonation'])

/**
 * Parses the scope of a person's sign-in: scopes of OpenID Connect, and scopes of at most one resource. The resource is the text
 * before the last slash, so `https://management.core.windows.net//.default` names it with its trailing slash.
 * [Entra, scopes and permissions]
 */
export function parseDelegatedScope(text: string, audiences: Audiences): DelegatedScope {
  if (text.length > maxScopeLength) return { kind: 'invalid' }
  const openId = new Set<string>()
  let resource: RequestedResource | undefined
  for (const scope of text.split(' ')) {
    if (scope === '') continue
    if (openIdScopes.has(scope)) {
      openId.add(scope)
      continue
    }
    const slash = scope.lastIndexOf('/')
    if (slash < 1 || !resourceScopes.has(scope.slice(slash + 1))) return { kind: 'invalid' }
    const name = scope.slice(0, slash)
    const found = audiences.find(name)
    if (found === undefined || found.audience === 'userinfo') return { kind: 'unknown-resource', resource: name }
    if (resource !== undefined && resource.aud !== found.aud) return { kind: 'invalid' }
    resource = found
  }
  return { kind: 'ok', resource, openId }
}

/** The `scope` of a client credentials request. */
export type DefaultScope =
  | { readonly kind: 'resource'; readonly resource: string }
  /** It names no resource. */
  | { readonly kind: 'none' }
  | { readonly kind: 'several' }
  | { readonly kind: 'not-default'; readonly scope: string }

/**
 * Parses the scope of a client credentials request: one `<resource>/.default`. The resource may end with a slash, as in
 * `https://management.core.windows.net//.default`. [Entra, .default scope]
 */
export function parseDefaultScope(text: string): DefaultScope {
  if (text.length > maxScopeLength) return { kind: 'several' }
  const scopes = text.split(' ').filter((scope) => scope !== '' && !openIdScopes.has(scope))
  const [scope] = scopes
  if (scope === undefined) return { kind: 'none' }
  if (scopes.length > 1) return { kind: 'several' }
  const suffix = '/.default'
  if (!scope.endsWith(suffix) || scope.length === suffix.length) return { kind: 'not-default', scope }
  return { kind: 'resource', resource: scope.slice(0, -suffix.length) }
}
