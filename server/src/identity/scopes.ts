import type { Audiences } from './audiences.ts'
import type { TokenAudience } from './model.ts'

/** What a person's token is to be for. */
export type RequestedResource = { readonly audience: TokenAudience; readonly aud: string }

/** Scopes of OpenID Connect, which name no resource. */
const openIdScopes = ['openid', 'profile', 'email', 'offline_access'] as const

/** What the `scope` of a person's sign-in asks for. */
export type DelegatedScope =
  | {
      readonly kind: 'ok'
      /** Absent when only OpenID's scopes were named: the token is then for the user info alone. */
      readonly resource: RequestedResource | undefined
      readonly openId: ReadonlySet<string>
    }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'unknown-resource'; readonly resource: string }

/** A resource gives all that the person may do there or nothing: these are the names of all. */
const wholeScopes = new Set(['.default', 'user_impersonation'])
const longestScope = 2048

/**
 * Reads the scope of a person's sign-in: scopes of OpenID, and those of at most one resource. The resource is all before
 * the last slash, so that `https://management.core.windows.net//.default` names it with the slash that it ends with.
 * [Entra, scopes and permissions]
 */
export function parseDelegatedScope(text: string, audiences: Audiences): DelegatedScope {
  if (text.length > longestScope) return { kind: 'invalid' }
  const openId = new Set<string>()
  let resource: RequestedResource | undefined
  for (const scope of text.split(' ')) {
    if (scope === '') continue
    if (openIdScopes.some((known) => known === scope)) {
      openId.add(scope)
      continue
    }
    const slash = scope.lastIndexOf('/')
    if (slash < 1 || !wholeScopes.has(scope.slice(slash + 1))) return { kind: 'invalid' }
    const name = scope.slice(0, slash)
    const found = audiences.find(name)
    if (found === undefined || found.audience === 'userinfo') return { kind: 'unknown-resource', resource: name }
    if (resource !== undefined && resource.aud !== found.aud) return { kind: 'invalid' }
    resource = found
  }
  return { kind: 'ok', resource, openId }
}
