import { readSubscriptions } from './arm.ts'
import { readJson } from './client.ts'
import type { CredentialUseList } from './types.ts'

/** When the credentials of a principal were last used, by their ids. */
export async function readCredentialUses(principalId: string, signal: AbortSignal) {
  const subscriptionId = (await readSubscriptions(signal))[0]?.subscriptionId ?? ''
  const query = new URLSearchParams({ 'api-version': '2023-07-01', $filter: `principalId eq '${principalId}'` })
  const path = `arm/subscriptions/${subscriptionId}/providers/Acrux.Server/credentialUses?${query.toString()}`
  const { body } = await readJson<CredentialUseList>(path, { signal })
  return new Map(body.value.map(({ credentialId, lastUsedAt }) => [credentialId, lastUsedAt]))
}
