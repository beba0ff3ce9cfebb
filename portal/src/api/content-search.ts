import { readSubscriptions } from './arm.ts'
import { readJson } from './client.ts'
import type { ContentSearch } from './types.ts'

/** The repositories, tags and manifests that a text names, of all registries. */
export async function searchContent(text: string, signal: AbortSignal): Promise<ContentSearch> {
  const query = new URLSearchParams({ 'api-version': '2023-07-01', text }).toString()
  const lists = (await readSubscriptions(signal)).map(async ({ subscriptionId }) => {
    const path = `arm/subscriptions/${subscriptionId}/providers/Acrux.Server/content?${query}`
    return (await readJson<ContentSearch>(path, { signal })).body
  })
  const found = await Promise.all(lists)
  return {
    value: found.flatMap(({ value }) => value),
    isIncomplete: found.some(({ isIncomplete }) => isIncomplete),
    notSearched: found.flatMap(({ notSearched }) => notSearched),
  }
}
