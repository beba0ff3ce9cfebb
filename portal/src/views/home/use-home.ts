import { useQueries, useQuery } from '@tanstack/react-query'
import { listRegistries, readEvents } from '../../api/arm.ts'
import { listApplications, listCredentialUses, listWebhooks } from '../../api/attention.ts'
import { orHidden } from '../../api/or-hidden.ts'
import { listQuotas } from '../../api/registry-arm.ts'
import type { Registry } from '../../api/types.ts'
import { imagesTexts } from '../../texts/images.ts'
import { type AttentionItem, ofApplications, ofQuotas, ofRegistries, ofWebhooks } from './attention.ts'

/** The registries that the person may list. */
export function useRegistries() {
  return useQuery({ queryKey: ['registries'], queryFn: ({ signal }) => listRegistries(signal), staleTime: 60_000 })
}

/** The last pushes in a subscription. `undefined` within: the person may not read the audit log. */
export function useRecentPushes(subscriptionId: string | undefined) {
  return useQuery({
    queryKey: ['pushes', subscriptionId],
    enabled: subscriptionId !== undefined,
    queryFn: async ({ signal }) => {
      const events = await orHidden(readEvents(subscriptionId ?? '', "action eq 'manifest.push'", signal))
      return { events: events?.value }
    },
  })
}

const view = imagesTexts.home
const maxRegistries = 10
const maxDenials = 100

/** What needs attention, and what the person's roles do not show. */
export type Attention = {
  readonly items: readonly AttentionItem[]
  readonly hidden: readonly string[]
  readonly isLoading: boolean
  readonly error: unknown
}

/**
 * What an owner should look at. Each source is a request of its own, because each belongs to another surface and needs another
 * permission; they begin when the rest of the view is shown.
 */
export function useAttention(registries: readonly Registry[], subscriptionId: string, isReady: boolean): Attention {
  const sources = [
    { name: view.sources.denials, read: (signal: AbortSignal) => readDenials(subscriptionId, signal) },
    { name: view.sources.webhooks, read: (signal: AbortSignal) => readWebhooks(subscriptionId, signal) },
    { name: view.sources.secrets, read: (signal: AbortSignal) => readCredentials(subscriptionId, signal) },
    {
      name: view.sources.quotas,
      read: (signal: AbortSignal) => readQuotas(registries.slice(0, maxRegistries), signal),
    },
  ]
  const results = useQueries({
    queries: sources.map(({ name, read }) => ({
      queryKey: ['attention', subscriptionId, name],
      enabled: isReady,
      staleTime: 60_000,
      queryFn: ({ signal }: { readonly signal: AbortSignal }) => orHidden(read(signal)),
    })),
  })
  return {
    items: [...ofRegistries(registries), ...results.flatMap(({ data }) => data ?? [])],
    hidden: sources.flatMap(({ name }, index) => (results[index]?.data === null ? [name] : [])),
    isLoading: results.some(({ isPending }) => isPending),
    error: results.find(({ error }) => error !== null)?.error,
  }
}

async function readDenials(subscriptionId: string, signal: AbortSignal): Promise<readonly AttentionItem[]> {
  const midnight = `${new Date().toISOString().slice(0, 10)}T00:00:00Z`
  const filter = `outcome eq 'refused' and eventTimestamp ge '${midnight}'`
  const { value, nextLink } = await readEvents(subscriptionId, filter, signal, maxDenials)
  if (value.length === 0) return []
  const count = value.length.toLocaleString('en')
  return [{ text: view.denials(nextLink === undefined ? count : `${count}+`) }]
}

async function readWebhooks(subscriptionId: string, signal: AbortSignal): Promise<readonly AttentionItem[]> {
  return ofWebhooks((await listWebhooks(subscriptionId, signal)).value)
}

async function readCredentials(subscriptionId: string, signal: AbortSignal): Promise<readonly AttentionItem[]> {
  const [applications, uses] = await Promise.all([
    listApplications(signal),
    orHidden(listCredentialUses(subscriptionId, signal)),
  ])
  return ofApplications(applications, uses, Date.now())
}

async function readQuotas(registries: readonly Registry[], signal: AbortSignal): Promise<readonly AttentionItem[]> {
  const lists = registries.map(async ({ id, properties }) =>
    ofQuotas(properties.loginServer, (await listQuotas(id, signal)).value),
  )
  return (await Promise.all(lists)).flat()
}
