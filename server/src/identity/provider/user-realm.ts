import type { Directory } from '../../directory/index.ts'
import type { Call } from '../../platform/http/surface.ts'
import { requireTenant } from '../tokens/tenants.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

export type UserRealmContext = { readonly directory: Directory; readonly publicOrigin: PublicOrigin }

/**
 * The handler of `GET /{tenant}/userrealm/{name}`: every password is verified here. The response is the same for every name, so
 * it does not reveal which users exist. [az-cli-wire §3.6; MS-OAPX]
 */
export async function userRealm({ directory, publicOrigin }: UserRealmContext, { params, reply }: Call<undefined>) {
  reply.header('cache-control', 'no-store')
  const { tenant } = await requireTenant(directory, params['tenant'] ?? '')
  return {
    ver: '1.0',
    account_type: 'Managed',
    domain_name: tenant.defaultDomain,
    cloud_instance_name: new URL(String(publicOrigin)).host,
    cloud_audience_urn: 'urn:federation:MicrosoftOnline',
  }
}
