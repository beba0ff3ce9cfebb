import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import type { Decision } from '@acrux/shared/wire/api-types.ts'
import { readJson } from './client.ts'
import type { AuditEventList, SubscriptionList } from './types.ts'

/** Whose log: that of a registry, or of the whole server, by the id of the registry or the subscription. */
export type LogPlace = { readonly kind: 'registry' | 'server'; readonly id: string }

/** The terms of a search for events. Times are ISO 8601 in UTC. */
export type EventSearch = {
  readonly from?: string
  readonly to?: string
  readonly principal?: string
  readonly action?: string
  readonly outcome?: 'success' | 'refused'
  readonly address?: string
  readonly id?: string
}

/** The names of the terms of `$filter`, by the members of a search. [docs/reference/audit.md] */
const terms: Readonly<Record<keyof EventSearch, string>> = {
  from: 'eventTimestamp ge',
  to: 'eventTimestamp le',
  principal: 'principalId eq',
  action: 'action eq',
  outcome: 'outcome eq',
  address: 'remoteAddress eq',
  id: 'correlationId eq',
}

const version = '2024-11-01'
const subscriptionsVersion = '2022-12-01'

/** How many events are shown, and exported, at a time. */
const shownSize = 50
const exportedSize = 1000

/** The id of the subscription of the server that the person may see. Undefined if they may see none. */
export async function findSubscription(signal: AbortSignal): Promise<string | undefined> {
  const path = `arm/subscriptions?api-version=${subscriptionsVersion}`
  return (await readJson<SubscriptionList>(path, { signal })).body.value[0]?.id
}

/** The ARM path of what the server shows of a registry or of itself. */
function pathIn({ kind, id }: LogPlace, name: string): string {
  return kind === 'registry' ? `arm${id}/${name}` : `arm${id}/providers/Acrux.Server/${name}`
}

/** A page of the events that match, the newest first. `after` is what the previous page gave as `next`. */
export async function listEvents(place: LogPlace, search: EventSearch, after: string, signal: AbortSignal) {
  return readPage(place, search, { after, size: shownSize }, signal)
}

/** All events that match, page by page, the newest first. */
export async function* allEvents(place: LogPlace, search: EventSearch, signal: AbortSignal) {
  for (let after: string | undefined = ''; after !== undefined;) {
    const page: EventPage = await readPage(place, search, { after, size: exportedSize }, signal)
    yield page.events
    after = page.next
  }
}

export type EventPage = { readonly events: AuditEventList['value']; readonly next: string | undefined }

async function readPage(
  place: LogPlace,
  search: EventSearch,
  { after, size }: { readonly after: string; readonly size: number },
  signal: AbortSignal,
): Promise<EventPage> {
  const filter = Object.entries(search)
    .map(([name, value]) => `${terms[name as keyof EventSearch]} ${odataText(value)}`)
    .join(' and ')
  const query = new URLSearchParams({
    'api-version': version,
    $top: String(size),
    ...(filter !== '' && { $filter: filter }),
    ...(after !== '' && { $skiptoken: after }),
  })
  return pageOf(`${pathIn(place, 'auditEvents')}?${query.toString()}`, signal)
}

async function pageOf(path: string, signal: AbortSignal): Promise<EventPage> {
  const { value, nextLink } = (await readJson<AuditEventList>(path, { signal })).body
  return { events: value, next: nextLink === undefined ? undefined : tokenOf(nextLink) }
}

function tokenOf(nextLink: string): string | undefined {
  return new URL(nextLink).searchParams.get('$skiptoken') ?? undefined
}

const ownDenials = 'arm/providers/Acrux.Server/denials'

/** A page of the denied requests of the person, the newest first. Everybody may read their own. */
export async function listOwnDenials(after: string, signal: AbortSignal): Promise<EventPage> {
  const query = new URLSearchParams({
    'api-version': version,
    $top: String(shownSize),
    ...(after !== '' && { $skiptoken: after }),
  })
  return pageOf(`${ownDenials}?${query.toString()}`, signal)
}

/** Why a request of the person was denied, by its correlation id. */
export async function readOwnDenial(id: string, signal: AbortSignal): Promise<Decision> {
  const path = `${ownDenials}/${encodeURIComponent(id)}?api-version=${version}`
  return (await readJson<Decision>(path, { signal })).body
}

/** Why a request was denied, by its correlation id. */
export async function readDecision(place: LogPlace, id: string, signal: AbortSignal): Promise<Decision> {
  const path = `${pathIn(place, `decisions/${encodeURIComponent(id)}`)}?api-version=${version}`
  return (await readJson<Decision>(path, { signal })).body
}
