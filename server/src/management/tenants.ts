import type { ManagementOptions } from './call.ts'

/** `GET /tenants`: the one tenant of the server. [az-cli-wire §3.4] */
export async function listTenants({ directory }: ManagementOptions): Promise<unknown> {
  const { tenantId, displayName, defaultDomain } = await directory.tenant()
  const tenant = {
    id: `/tenants/${tenantId}`,
    tenantId,
    displayName,
    defaultDomain,
    domains: [defaultDomain],
    tenantCategory: 'Home',
    tenantType: 'AAD',
  }
  return { value: [tenant] }
}
