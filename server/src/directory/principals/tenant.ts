import type { Transaction } from '../../platform/sql/database.ts'
import { nameKey } from '@acrux/shared/standards/azure/object-name.ts'
import type { Tenant } from './model.ts'
import type { PrincipalStore } from './principal-store.ts'

/** Reads the tenant. */
export type TenantReader = (within?: Transaction) => Promise<Tenant>

/** Reads the tenant only once, because it never changes. */
export function createTenantReader(store: Pick<PrincipalStore, 'tenant'>): TenantReader {
  let tenant: Tenant | undefined
  return async (within) => {
    if (tenant !== undefined) return tenant
    const row = await store.tenant(within)
    if (row === undefined) throw new Error('the tenant does not exist yet')
    tenant = { tenantId: row.tenant_id, displayName: row.display_name, defaultDomain: row.default_domain }
    return tenant
  }
}

/** Creates the tenant. */
export async function insertTenant(
  store: Pick<PrincipalStore, 'insertTenant'>,
  transaction: Transaction,
  { tenantId, displayName, defaultDomain }: Tenant,
): Promise<void> {
  const row = { tenant_id: tenantId.toLowerCase(), display_name: displayName, default_domain: nameKey(defaultDomain) }
  await store.insertTenant(transaction, { only: 1, ...row })
}
