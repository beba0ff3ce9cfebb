import type { Directory, Tenant } from '../../directory/index.ts'
import { parseTenantId } from '@acrux/shared/standards/azure/guid.ts'
import { EntraError } from './errors.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/**
 * The first segment of the provider's paths: a GUID, a domain, or one of Entra's aliases. The pattern must not match
 * the first segment of another surface.
 */
export const tenantParameter =
  ':tenant(^(?:[0-9a-fA-F-]{36}|[0-9a-zA-Z-]{1,63}\\.[0-9a-zA-Z.-]{1,189}|common|organizations|consumers)$)'

/** The tenant of a path. */
export type AddressedTenant =
  | { readonly kind: 'tenant'; readonly tenant: Tenant }
  /** `common` and `organizations` mean any tenant. There is only one. */
  | { readonly kind: 'any'; readonly alias: 'common' | 'organizations'; readonly tenant: Tenant }

/** Finds the tenant by id, domain or alias. @throws EntraError 90002 */
export async function requireTenant(directory: Directory, segment: string): Promise<AddressedTenant> {
  const tenant = await directory.tenant()
  const name = segment.toLowerCase()
  if (name === 'common' || name === 'organizations') return { kind: 'any', alias: name, tenant }
  if (parseTenantId(name) === tenant.tenantId || name === tenant.defaultDomain) return { kind: 'tenant', tenant }
  throw new EntraError('unknownTenant', [segment])
}

/** The issuers of a tenant's tokens, by protocol version. */
export function issuersOf(publicOrigin: PublicOrigin, tenantId: string) {
  return { '1.0': `${publicOrigin}/${tenantId}/`, '2.0': `${publicOrigin}/${tenantId}/v2.0` } as const
}

export type TokenVersion = keyof ReturnType<typeof issuersOf>
