import type { Directory } from '../directory/index.ts'
import type { Call } from '../platform/http/surface.ts'
import type { Audiences } from './audiences.ts'
import type { Clients } from './clients.ts'
import type { Devices } from './devices.ts'
import { EntraError } from './entra-errors.ts'
import { requirePublicFlows } from './grants/person-client.ts'
import { readRequestedAccess } from './grants/requested-access.ts'
import { type TokenVersion, requireTenant } from './tenants.ts'
import { readTokenForm } from './token-form.ts'

/**
 * Makes the handler of `POST /{tenant}/oauth2/v2.0/devicecode`, and of version 1's without `v2.0`. MSAL fails without
 * `message` and `expires_in`, which the RFC does not know or require. [RFC 8628 §3.1, §3.2; az-cli-wire §3.4]
 */
export function createDeviceEndpoint(options: {
  readonly directory: Directory
  readonly clients: Clients
  readonly devices: Devices
  readonly audiences: Audiences
  readonly publicOrigin: string
}) {
  const { directory, clients, devices, publicOrigin } = options
  return async (call: Call<undefined>, version: TokenVersion): Promise<object> => {
    call.reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    const form = readTokenForm(call.request.body, call.request.query)
    const addressed = await requireTenant(directory, call.params['tenant'] ?? '')
    const { tenant } = addressed
    const clientId = form.get('client_id') ?? ''
    if (clientId === '') throw new EntraError('missingParameter', ['client_id'])
    const client = await clients.find(clientId)
    if (client === undefined) throw new EntraError('unknownApplication', [clientId, tenant.tenantId])
    requirePublicFlows({ client, confidential: false })
    const { scope, resource } = readRequestedAccess({ form, version, addressed }, options)
    const { remoteAddress } = call.origin
    const asked = { tenantId: tenant.tenantId, clientId: client.clientId, scope, resource, remoteAddress }
    const { deviceCode, userCode, expiresInSeconds, intervalSeconds } = await devices.authorize(asked)
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
