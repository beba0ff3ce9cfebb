import { useQueries } from '@tanstack/react-query'
import { listApplications, listCredentialUses, listWebhooks } from '../../api/attention.ts'
import { orHidden } from '../../api/or-hidden.ts'
import { useRead } from '../../api/queries.ts'
import { listQuotas } from '../../api/registry-arm.ts'
import type { Registry } from '../../api/registry-document.ts'
import { readStatus } from '../../api/server.ts'
import type { MayAct } from '../../api/use-permissions.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { type AttentionItem, ofApplications, ofQuotas, ofRegistries, ofServer, ofWebhooks } from './attention.ts'
import { type VisibleLogs, maxRegistries, readVisibleEvents } from './read-visible-events.ts'

const shownPushes = 10

/** The last pushes. The data is `undefined` if the person may not read an audit log. */
export function useRecentPushes(registries: readonly Registry[], mayAct: MayAct | undefined) {
  return useRead(
    ['pushes', registries.map(({ id }) => id)],
    registries.length > 0 &&
      mayAct !== undefined &&
      (async (signal) => {
        const logs = { registries, mayAct }
        const found = await readVisibleEvents(logs, "action eq 'manifest.push'", shownPushes, signal)
        return { events: found?.events }
      }),
  )
}

const view = imagesTexts.home
const maxDenials = 100

/** How many pages of a long list are read if the person asks for everything. */
const manyPages = 100

/** What needs attention, and what the person's roles do not show. */
export type Attention = {
  readonly items: readonly AttentionItem[]
  readonly hidden: readonly string[]
  /** Whether there are more applications than were read. */
  readonly isCut: boolean
  readonly isLoading: boolean
  readonly error: unknown
}

/** The findings of one source. */
type Finding = { readonly items: readonly AttentionItem[]; readonly isCut?: boolean }

/**
 * What an owner should look at. Each source needs another permission, and is not read without it: the denials would be recorded.
 * `isWhole`: all applications, not only the first.
 */
export function useAttention(
  registries: readonly Registry[],
  subscriptionId: string,
  mayAct: MayAct,
  isWhole: boolean,
): Attention {
  const pages = isWhole ? manyPages : 1
  const whole = (action: string, read: (signal: AbortSignal) => Promise<Finding>) => (signal: AbortSignal) =>
    mayAct(`Acrux.Server/${action}/read`) ? read(signal) : null
  const sources = [
    { name: view.sources.denials, read: (signal: AbortSignal) => readDenials({ registries, mayAct }, signal) },
    { name: view.sources.server, read: whole('status', (signal) => readServer(subscriptionId, signal)) },
    { name: view.sources.webhooks, read: whole('auditWebhooks', (signal) => readWebhooks(subscriptionId, signal)) },
    {
      name: view.sources.secrets,
      read: (signal: AbortSignal) => readCredentials({ subscriptionId, mayAct, pages }, signal),
    },
    {
      name: view.sources.quotas,
      read: (signal: AbortSignal) => readQuotas(registries.slice(0, maxRegistries), signal),
    },
  ]
  const results = useQueries({
    queries: sources.map(({ name, read }) => ({
      queryKey: ['attention', subscriptionId, name, ...(name === view.sources.secrets ? [pages] : [])],
      staleTime: 60_000,
      queryFn: async ({ signal }: { readonly signal: AbortSignal }) => orHidden(Promise.resolve(read(signal))),
    })),
  })
  return {
    items: [...ofRegistries(registries), ...results.flatMap(({ data }) => data?.items ?? [])],
    hidden: sources.flatMap(({ name }, index) => (results[index]?.data === null ? [name] : [])),
    isCut: results.some(({ data }) => data?.isCut === true),
    isLoading: results.some(({ isPending }) => isPending),
    error: results.find(({ error }) => error !== null)?.error,
  }
}

async function readDenials(logs: VisibleLogs, signal: AbortSignal): Promise<Finding | null> {
  const midnight = `${new Date().toISOString().slice(0, 10)}T00:00:00Z`
  const filter = `outcome eq 'refused' and eventTimestamp ge '${midnight}'`
  const found = await readVisibleEvents(logs, filter, maxDenials, signal)
  if (found === null || found.events.length === 0) return found && { items: [] }
  const count = found.events.length.toLocaleString('en')
  return { items: [{ text: view.denials(found.isCut ? `${count}+` : count) }] }
}

async function readServer(subscriptionId: string, signal: AbortSignal): Promise<Finding> {
  return { items: ofServer(await readStatus(`/subscriptions/${subscriptionId}`, signal), Date.now()) }
}

async function readWebhooks(subscriptionId: string, signal: AbortSignal): Promise<Finding> {
  return { items: ofWebhooks((await listWebhooks(subscriptionId, signal)).value) }
}

type CredentialSource = { readonly subscriptionId: string; readonly mayAct: MayAct; readonly pages: number }

async function readCredentials(
  { subscriptionId, mayAct, pages }: CredentialSource,
  signal: AbortSignal,
): Promise<Finding> {
  const [applications, uses] = await Promise.all([
    listApplications(pages, signal),
    mayAct('Acrux.Server/credentialUses/read') ? listCredentialUses(subscriptionId, pages, signal) : null,
  ])
  // Without all uses, a secret may seem to be unused.
  const known = uses === null || uses.isCut ? null : uses.items
  return {
    items: ofApplications(applications.items, known, Date.now()),
    isCut: applications.isCut || uses?.isCut === true,
  }
}

async function readQuotas(registries: readonly Registry[], signal: AbortSignal): Promise<Finding> {
  const lists = registries.map(async ({ id, name }) => ofQuotas(name, (await listQuotas(id, signal)).value))
  return { items: (await Promise.all(lists)).flat() }
}
