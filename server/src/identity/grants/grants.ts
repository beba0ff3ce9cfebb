import type { Audit } from '../../audit/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { KeyRing } from '../../platform/keys/key-ring.ts'
import type { DevicePolls } from './device-polls.ts'
import { type PersonGrantOptions, createAuthorizationCodeGrant } from './authorization-code-grant.ts'
import { createClientCredentialsGrant } from './client-credentials-grant.ts'
import { createDeviceCodeGrant } from './device-code-grant.ts'
import type { Grant } from './grant.ts'
import { createPasswordGrant } from './password-grant.ts'
import { createRefreshTokenGrant } from './refresh-token-grant.ts'

/** MSAL Node's name of the device code grant. [msal-node, DeviceCodeClient] */
export const shortDeviceGrant = 'device_code'

/** Creates the table of grants, by `grant_type`. */
export function createGrants(
  options: PersonGrantOptions & {
    readonly clock: Clock
    readonly audit: Audit
    readonly keys: KeyRing
    readonly devicePolls: DevicePolls
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
