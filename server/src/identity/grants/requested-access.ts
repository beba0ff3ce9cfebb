import { type Audiences, userInfoAudience } from '../tokens/audiences.ts'
import { EntraError } from '../tokens/errors.ts'
import { type RequestedResource, openIdScopes, parseDelegatedScope } from '../tokens/scopes.ts'
import type { GrantRequest } from './grant.ts'

/** The resource and the scopes of a person's tokens. */
export type RequestedAccess = {
  readonly resource: RequestedResource
  /** The requested scopes of OpenID Connect. */
  readonly openId: ReadonlySet<string>
  /** The scope in the token response. Clients use it as the key of their token caches. */
  readonly scope: string
}

/**
 * Reads `scope` in version 2, `resource` in version 1. A request without them has those of the code or token that it redeems.
 *
 * @throws EntraError
 */
export function requireRequestedAccess(
  { form, version, addressed }: Pick<GrantRequest, 'form' | 'version' | 'addressed'>,
  { audiences, publicOrigin }: { readonly audiences: Audiences; readonly publicOrigin: string },
  earlier?: { readonly scope?: string; readonly resource: RequestedResource },
): RequestedAccess {
  const { tenantId } = addressed.tenant
  const resource = form.get('resource')
  if (version === '1.0') {
    const found = resource === undefined || resource === '' ? earlier?.resource : audiences.find(resource)
    if (found !== undefined && (found.audience !== 'userinfo' || resource === undefined)) {
      // Version 1 has no scopes, and its clients expect all tokens.
      return { resource: found, openId: openIdScopes, scope: 'user_impersonation' }
    }
    if (resource === undefined || resource === '') throw new EntraError('missingScope', ['resource'])
    throw new EntraError('unknownResource', [resource, tenantId])
  }
  if (resource !== undefined) throw new EntraError('resourceWithV2')
  const sent = form.get('scope') ?? ''
  const scope = sent === '' ? (earlier?.scope ?? '') : sent
  if (scope === '' && earlier === undefined) throw new EntraError('missingScope', ['scope'])
  const parsed = parseDelegatedScope(scope, audiences)
  switch (parsed.kind) {
    case 'invalid':
      throw new EntraError('invalidScope')
    case 'unknown-resource':
      throw new EntraError('unknownResource', [parsed.resource, tenantId])
    case 'ok': {
      const none = { audience: 'userinfo', aud: userInfoAudience(publicOrigin) } as const
      const fallback = sent === '' ? earlier?.resource : undefined
      return { resource: parsed.resource ?? fallback ?? none, openId: parsed.openId, scope }
    }
  }
}
