import type { Cloud } from '../../framework/profile/clouds.ts'

/** The id of this program as a public client, which every Acrux server knows. */
const acruxClientId = '8f2d7c54-3b1e-4c0a-9d76-5e0f4b7a1c23'

/** The id of the public client for developers in every tenant of Entra. [docs/decisions/0013-entra-client-id.md] */
const entraDeveloperClientId = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'

/** The client id for people's sign-ins to a cloud. `ACRUX_CLIENT_ID` replaces it, for tenants that require their own application. */
export function personClientId(cloud: Cloud, env: Readonly<Record<string, string | undefined>>): string {
  const own = env['ACRUX_CLIENT_ID']
  if (own !== undefined && own !== '') return own
  return cloud.isAcrux === true ? acruxClientId : entraDeveloperClientId
}
