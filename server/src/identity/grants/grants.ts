import type { Audit } from '../../audit/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { KeyRing } from '../../platform/keys/key-ring.ts'
import type { Devices } from '../devices.ts'
import { type PersonGrantOptions, createAuthorizationCodeGrant } from './authorization-code.ts'
import { createClientCredentialsGrant } from './client-credentials.ts'
import { createDeviceCodeGrant } from './device-code.ts'
import type { Grant } from './grant.ts'
import { createPasswordGrant } from './password.ts'
import { createRefreshTokenGrant } from './refresh-token.ts'

/** MSAL Node's name for the grant of devices, beside the standard's. [msal-node, DeviceCodeClient] */
export const shortDeviceGrant = 'device_code'

/** Makes the table of grants, by `grant_type`. */
export function createGrants(
  options: PersonGrantOptions & {
    readonly clock: Clock
    readonly audit: Audit
    readonly keys: KeyRing
    readonly devices: Devices
    readonly passwordGrant: boolean
    readonly maxSignInMs: number
  },
): ReadonlyMap<string, Grant> {
  const deviceCode = createDeviceCodeGrant(options)
  return new Map<string, Grant>([
    ['authorization_code', createAuthorizationCodeGrant(options)],
    ['refresh_token', createRefreshTokenGrant(options)],
    ['urn:ietf:params:oauth:grant-type:device_code', deviceCode],
    [shortDeviceGrant, deviceCode],
    ['client_credentials', createClientCredentialsGrant(options)],
    ...(options.passwordGrant ? [['password', createPasswordGrant(options)] as const] : []),
  ])
}
