import { readJson } from './client.ts'
import type { NetworkAccess } from './types.ts'

const version = '2025-03-01-preview'

type Status = 'enabled' | 'disabled'

/** Properties of a registry to change. The others stay as they are. */
export type RegistryChange = {
  readonly policies?: {
    readonly retentionPolicy?: { readonly status: Status; readonly days: number }
    readonly softDeletePolicy?: { readonly status: Status; readonly retentionDays: number }
    readonly azureADAuthenticationAsArmPolicy?: { readonly status: Status }
  }
  readonly publicNetworkAccess?: 'Enabled' | 'Disabled'
  readonly networkRuleSet?: {
    readonly defaultAction: 'Allow' | 'Deny'
    readonly ipRules: readonly { readonly action: 'Allow'; readonly value: string }[]
  }
}

/** Whether a client at an address could use the registry after a change; without an address, the browser. */
export async function checkNetworkAccess(
  registryId: string,
  properties: RegistryChange,
  address: string,
): Promise<NetworkAccess> {
  const path = `arm${registryId}/providers/Acrux.Server/checkNetworkAccess?api-version=${version}`
  const body = { properties, ...(address !== '' && { address }) }
  return (await readJson<NetworkAccess>(path, { method: 'POST', body })).body
}
