import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { type HttpClient, jsonOf } from '../../clients/http/http.ts'
import { recordOf } from '../../clients/session/account.ts'
import { failure } from '../../framework/command/failure.ts'
import type { Cloud } from '../../framework/profile/clouds.ts'

/**
 * The id of a tenant, found by its id or one of its domains. @throws CommandFailure if the cloud does not know the
 * tenant
 */
export async function resolveTenant(http: HttpClient, cloud: Cloud, tenant: string): Promise<string> {
  if (isGuid(tenant)) return tenant.toLowerCase()
  const base = cloud.endpoints.activeDirectory.replace(/\/+$/, '')
  const url = `${base}/${encodeURIComponent(tenant)}/v2.0/.well-known/openid-configuration`
  const { issuer } = recordOf(jsonOf(await http.send({ method: 'GET', url })))
  // az takes the tenant from the same place. [az-cli-wire §3.1]
  const id = typeof issuer === 'string' ? issuer.split('/')[3] : undefined
  if (!isGuid(id)) throw failure(`the tenant ${tenant} does not exist in the cloud ${cloud.name}`)
  return id
}
