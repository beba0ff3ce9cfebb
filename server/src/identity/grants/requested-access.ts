import { type Audiences, userInfoAudience } from '../tokens/audiences.ts'
import { EntraError } from '../tokens/errors.ts'
import { type RequestedResource, openIdScopes, parseDelegatedScope } from '../tokens/scopes.ts'
import type { GrantRequest } from './grant.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** The resource and the scopes of a person's tokens. */
export type RequestedAccess = {
  readonly resource: RequestedResource
  /** The requested scopes of OpenID Connect. */
  readonly openId: ReadonlySet<string>
  /** The scope in the token response. Clients use it as the key of their token caches. */
  readonly scope: string
}

/** The resource and scope of the code or token that a request redeems. */
type EarlierAccess = { readonly scope?: string; readonly resource: RequestedResource }

type AccessContext = { readonly audiences: Audiences; readonly publicOrigin: PublicOrigin }

/**
 * Reads `scope` in version 2, `resource` in version 1. A request without them has those of the code or token that it redeems.
 *
 * @throws EntraError
 */
export function requireRequestedAccess(
  { form, version, addressed }: Pick<GrantRequest, 'form' | 'version' | 'addressed'>,
  context: AccessContext,
  earlier?: EarlierAccess,
): RequestedAccess {
  const { tenantId } = addressed.tenant
  const resource = form.get('resource')
  if (version === '1.0') return requireNamedResource(resource, tenantId, context, earlier)
  if (resource !== undefined) throw new EntraError('resourceWithV2')
  return requireScopes(form.get('scope') ?? '', tenantId, context, earlier)
}

/** The access of version 1, by its `resource`. It has no scopes, and its clients expect all tokens. */
function requireNamedResource(
  name: string | undefined,
  tenantId: string,
  { audiences }: AccessContext,
  earlier: EarlierAccess | undefined,
): RequestedAccess {
  const isMissing = name === undefined || name === ''
  const resource = isMissing ? earlier?.resource : audiences.find(name)
  // A client cannot name the user info endpoint as a resource.
  if (resource !== undefined && (resource.audience !== 'userinfo' || name === undefined)) {
    return { resource, openId: openIdScopes, scope: 'user_impersonation' }
  }
  if (isMissing) throw new EntraError('missingScope', ['resource'])
  throw new EntraError('unknownResource', [name, tenantId])
}

/** The access of version 2, by its `scope`. */
function requireScopes(
  sent: string,
  tenantId: string,
  { audiences, publicOrigin }: AccessContext,
  earlier: EarlierAccess | undefined,
): RequestedAccess {
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
