import type { Directory } from '../../directory/index.ts'
import type { Call } from '../../platform/http/surface.ts'
import { requirePublicFlows } from '../grants/person-client.ts'
import { requireRequestedAccess } from '../grants/requested-access.ts'
import type { Audiences } from '../tokens/audiences.ts'
import type { Clients } from '../tokens/clients.ts'
import { EntraError } from '../tokens/errors.ts'
import { type TokenVersion, requireTenant } from '../tokens/tenants.ts'
import { requireTokenForm } from '../tokens/token-form.ts'
import type { Devices } from './devices.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

export type DeviceEndpointContext = {
  readonly directory: Directory
  readonly clients: Clients
  readonly devices: Devices
  readonly audiences: Audiences
  readonly publicOrigin: PublicOrigin
}

/**
 * The handler of `POST /{tenant}/oauth2/devicecode` (version 1) and `POST /{tenant}/oauth2/v2.0/devicecode` (version 2). MSAL
 * requires `message`, which is not in the RFC. [RFC 8628 §3.1, §3.2; az-cli-wire §3.4]
 */
export function deviceEndpoint(version: TokenVersion) {
  return async (context: DeviceEndpointContext, call: Call<undefined>): Promise<object> => {
    call.reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    const { directory, clients, devices, publicOrigin } = context
    const form = requireTokenForm(call.request.body, call.request.query)
    const addressed = await requireTenant(directory, call.params['tenant'] ?? '')
    const { tenant } = addressed
    const clientId = form.get('client_id') ?? ''
    if (clientId === '') throw new EntraError('missingParameter', ['client_id'])
    const client = await clients.find(clientId)
    if (client === undefined) throw new EntraError('unknownApplication', [clientId, tenant.tenantId])
    requirePublicFlows({ client, confidential: false })
    const { scope, resource } = requireRequestedAccess({ form, version, addressed }, context)
    const { remoteAddress } = call.origin
    const request = { tenantId: tenant.tenantId, clientId: client.clientId, scope, resource, remoteAddress }
    const { deviceCode, userCode, expiresInSeconds, intervalSeconds } = await devices.authorize(request)
    const page = `${publicOrigin}/devicelogin`
    const codes = {
      user_code: userCode,
      device_code: deviceCode,
      message: `To sign in, use a web browser to open the page ${page} and enter the code ${userCode} to authenticate.`,
    }
    return version === '2.0'
      ? { ...codes, verification_uri: page, expires_in: expiresInSeconds, interval: intervalSeconds }
      : {
          ...codes,
          verification_url: page,
          expires_in: String(expiresInSeconds),
          interval: String(intervalSeconds),
        }
  }
}
