import { type Audiences, userInfoAudience } from '../audiences.ts'
import { EntraError } from '../entra-errors.ts'
import { type RequestedResource, parseDelegatedScope } from '../scopes.ts'
import type { GrantRequest } from './grant.ts'

/** What a person's tokens are to be for. */
export type RequestedAccess = {
  readonly resource: RequestedResource
  /** Which of `openid`, `profile`, `email`, `offline_access` were asked for. */
  readonly openId: ReadonlySet<string>
  /** As the answer repeats it: clients look their tokens up by it. */
  readonly scope: string
}

/** Version 1 knows no scopes, and its clients expect everything. */
const allOpenId = new Set(['openid', 'profile', 'email', 'offline_access'])

/**
 * Reads what a person's tokens are to be for: `scope` in version 2, `resource` in version 1. Where a request says nothing
 * of it, what it builds upon does.
 *
 * @throws EntraError
 */
export function readRequestedAccess(
  { form, version, addressed }: Pick<GrantRequest, 'form' | 'version' | 'addressed'>,
  { audiences, publicOrigin }: { readonly audiences: Audiences; readonly publicOrigin: string },
  earlier?: { readonly scope?: string; readonly resource: RequestedResource },
): RequestedAccess {
  const { tenantId } = addressed.tenant
  const resource = form.get('resource')
  if (version === '1.0') {
    const found = resource === undefined || resource === '' ? earlier?.resource : audiences.find(resource)
    if (found !== undefined && (found.audience !== 'userinfo' || resource === undefined)) {
      return { resource: found, openId: allOpenId, scope: 'user_impersonation' }
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
