import { readJson } from './client.ts'
import { type Registry, registryVersion } from './registry-document.ts'
import type { AuditEventList, RegistryList, RegistryUsages, SubscriptionList } from './types.ts'

const subscriptionsVersion = '2022-12-01'

/** The subscriptions in which the person may see something. */
export async function readSubscriptions(signal: AbortSignal): Promise<SubscriptionList['value']> {
  return (await readJson<SubscriptionList>(`arm/subscriptions?api-version=${subscriptionsVersion}`, { signal })).body
    .value
}

/** The registries that the person may see, of all subscriptions. */
export async function listRegistries(signal: AbortSignal): Promise<readonly Registry[]> {
  const subscriptions = await readSubscriptions(signal)
  const lists = await Promise.all(
    subscriptions.map(({ subscriptionId }) =>
      readJson<RegistryList>(
        `arm/subscriptions/${subscriptionId}/providers/Microsoft.ContainerRegistry/registries?api-version=${registryVersion}`,
        { signal },
      ),
    ),
  )
  return lists.flatMap(({ body }) => body.value as readonly Registry[])
}

/** The storage of a registry and its limit. */
export async function readUsages(registryId: string, signal: AbortSignal): Promise<RegistryUsages> {
  return (await readJson<RegistryUsages>(`arm${registryId}/listUsages?api-version=${registryVersion}`, { signal })).body
}

/** The newest events that match a filter, of the log of the server or of one registry, by the id of the subscription or registry. */
export async function readEvents(
  scope: string,
  filter: string,
  signal: AbortSignal,
  count = 10,
): Promise<AuditEventList> {
  const query = new URLSearchParams({ 'api-version': registryVersion, $top: String(count), $filter: filter })
  const log = scope.includes('/registries/') ? 'auditEvents' : 'providers/Acrux.Server/auditEvents'
  return (await readJson<AuditEventList>(`arm${scope}/${log}?${query.toString()}`, { signal })).body
}
