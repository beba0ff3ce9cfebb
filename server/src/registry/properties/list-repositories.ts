import { formatDataPlaneTime } from '@acrux/shared/standards/azure/acr-time.ts'
import { nextLink } from '@acrux/shared/standards/http/link-header.ts'
import type { z } from 'zod'
import type { CallerBudget } from '../../platform/limits/caller-budget.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import { type AcrCall, sendJson } from '../protocol/call.ts'
import type { repositoryListSchema } from '../protocol/documents.ts'
import type { RepositoryView } from '../protocol/ports.ts'
import type { Quotas } from '../quotas/quotas.ts'
import {
  countEntries,
  readDetails,
  readEntries,
  readRange,
  type RepositoryDetails,
  type RepositoryEntry,
} from './list-repositories-store.ts'
import { readNewestImages } from '../manifests/image-details-store.ts'
import { readSummaries } from '../attached/attached-report-store.ts'
import { listedVulnerabilities } from './vulnerability-summary.ts'
import type { AttachedReportRow } from '../rows/rows.ts'
import { visibleActor } from './properties.ts'
import { actorOf } from '../repositories/pusher.ts'
import { nameRanges } from './name-ranges.ts'
import { readPullDays } from '../repositories/pull-days-store.ts'
import { filterNames, positionText, type RepositoryQuestion, requireRepositoryQuestion } from './repository-question.ts'

/** What the list of repositories needs. */
export type RepositoryListContext = {
  readonly database: Database
  readonly clock: Clock
  readonly quotas: Pick<Quotas, 'registryBytes'>
}

type Document = z.infer<typeof repositoryListSchema>

/** How many repositories one request checks, how many it reads at once, and how long it may occupy the main thread. */
const maxChecked = 20_000
const readAtOnce = 1000
const sliceMs = 5

/**
 * `GET` of a page of repositories with their columns. A caller without the permission to list the catalog gets the repositories
 * that it may pull.
 *
 * @throws OciError BAD_REQUEST or PAGINATION_NUMBER_INVALID
 */
export async function listRepositoryProperties(
  context: RepositoryListContext,
  call: AcrCall<'repositories'>,
): Promise<void> {
  const { registry, caller, query } = call
  const question = requireRepositoryQuestion(query, caller.actor.kind !== 'anonymous')
  const view = await caller.repositories()
  const found = question.size === 0 ? nothing : await findEntries(context, call, { question, view })
  const page = found.entries.slice(0, question.size)
  const repositories = await describe(context, call, { page, view })
  const document: Document = {
    registry: registry.loginServer,
    repositories,
    ...(question.after === undefined && found.count !== undefined && { count: found.count }),
    ...(question.after === undefined && view.listsAll && { size: await context.quotas.registryBytes(registry.rid) }),
    ...(found.isIncomplete && { incomplete: true, message: incompleteText }),
  }
  const last = found.entries.length > question.size ? page.at(-1) : found.resumeAfter
  sendJson(call, 200, document, last === undefined ? {} : { link: linkAfter(call, question, last) })
}

const incompleteText = `The server checked ${maxChecked.toLocaleString('en')} repositories and stopped. Filter by name to find the remaining repositories.`

/** The entries of a page and one more, if there are more. */
type Found = {
  readonly entries: readonly RepositoryEntry[]
  /** The number of all entries, if it is known. */
  readonly count?: number
  readonly isIncomplete?: boolean
  /** Where the next page goes on, if the page is shorter than requested. */
  readonly resumeAfter?: RepositoryEntry | undefined
}

const nothing: Found = { entries: [] }

type Search = { readonly question: RepositoryQuestion; readonly view: RepositoryView }

async function findEntries(
  context: RepositoryListContext,
  call: AcrCall<'repositories'>,
  search: Search,
): Promise<Found> {
  const { database } = context
  const { rid } = call.registry
  const { question, view } = search
  if (!view.listsAll)
    return question.order.column === 'name' ? pageByName(context, call, search) : pageByKey(context, call, search)
  const entries = await readEntries(database, rid, question, question.size + 1)
  if (question.after !== undefined) return { entries }
  const isWhole = entries.length <= question.size
  return { entries, count: isWhole ? entries.length : await countEntries(database, rid, question.filter) }
}

/** A page by name of the repositories that the caller may pull: the search ends with the page. */
async function pageByName(
  context: RepositoryListContext,
  call: AcrCall<'repositories'>,
  search: Search,
): Promise<Found> {
  const { size, after } = search.question
  const entries: RepositoryEntry[] = []
  let checked = 0
  let last: RepositoryEntry | undefined
  for await (const batch of candidates(context, call, search)) {
    for (const entry of await pullable(call.budget, batch.entries, search.view)) entries.push(entry)
    checked += batch.cost
    last = batch.entries.at(-1) ?? last
    if (entries.length > size) return { entries }
    if (checked >= maxChecked) return { entries, isIncomplete: true, resumeAfter: last }
  }
  return { entries, ...(after === undefined && { count: entries.length }) }
}

/** A page by another column: all repositories that the caller may pull are sorted. */
async function pageByKey(
  context: RepositoryListContext,
  call: AcrCall<'repositories'>,
  search: Search,
): Promise<Found> {
  const { size, after, order } = search.question
  const sign = order.isDescending ? -1 : 1
  const compare = (one: RepositoryEntry, other: RepositoryEntry) =>
    sign * (one.key - other.key) || (one.name < other.name ? -1 : 1)
  const all: RepositoryEntry[] = []
  let checked = 0
  let isIncomplete = false
  for await (const batch of candidates(context, call, search)) {
    for (const entry of await pullable(call.budget, batch.entries, search.view)) all.push(entry)
    checked += batch.cost
    isIncomplete = checked >= maxChecked
    if (isIncomplete) break
  }
  const beyond =
    after === undefined ? all : all.filter((entry) => entry.name !== after.name && compare(entry, after) > 0)
  const entries = beyond.sort(compare).slice(0, size + 1)
  return isIncomplete ? { entries, isIncomplete } : { entries, count: all.length }
}

type Batch = { readonly entries: readonly RepositoryEntry[]; readonly cost: number }

/** The repositories that the caller may be able to pull, in the order of names, in batches. */
async function* candidates(
  { database }: RepositoryListContext,
  { registry: { rid }, budget }: AcrCall<'repositories'>,
  { question: { order, after, filter }, view }: Search,
): AsyncGenerator<Batch> {
  const isByName = order.column === 'name'
  const isDescending = isByName && order.isDescending
  const listed = { rid, column: order.column, filter }
  const ranges = nameRanges(view.candidates)
  let position = isByName ? after?.name : undefined
  for (const range of isDescending ? ranges.toReversed() : ranges) {
    for (;;) {
      const from = { range, after: position, isDescending }
      const entries = await budget.inTurn(() => readRange(database, listed, from, readAtOnce))
      yield { entries, cost: Math.max(entries.length, range.kind === 'names' ? range.names.length : 1) }
      position = entries.at(-1)?.name ?? position
      if (entries.length < readAtOnce) break
    }
  }
}

/** The entries that the caller may pull. The decisions are made in slices, between which other requests are answered. */
async function pullable(
  budget: CallerBudget,
  entries: readonly RepositoryEntry[],
  { mayPull }: RepositoryView,
): Promise<RepositoryEntry[]> {
  const allowed: RepositoryEntry[] = []
  let next = 0
  while (next < entries.length) {
    await budget.inTurn(async () => {
      const used = budget.stopwatch()
      do {
        const entry = entries[next]
        if (entry !== undefined && mayPull(entry.name)) allowed.push(entry)
        next += 1
      } while (next < entries.length && used() < sliceMs)
    })
  }
  return allowed
}

async function describe(
  { database, clock }: RepositoryListContext,
  call: AcrCall<'repositories'>,
  { page, view }: { readonly page: readonly RepositoryEntry[]; readonly view: RepositoryView },
): Promise<Document['repositories']> {
  const details = await readDetails(
    database,
    call.registry.rid,
    page.map(({ name }) => name),
  )
  const days = await readPullDays(
    database,
    [...details.values()].map(({ id }) => id),
    clock.now(),
  )
  const newest = await readNewestImages(
    database,
    [...details.values()].map(({ id }) => id),
  )
  const summaryOf = await readSummaries(database, [...newest.values()])
  return page.flatMap(({ name }) => {
    const row = details.get(name)
    if (row === undefined) return []
    const image = newest.get(row.id)
    const found = { days: days(row.id), report: image && summaryOf(image), access: view.accessTo(name) }
    return [describeOne(call, row, found)]
  })
}

/** What a row has in addition to its details. */
type RepositoryFindings = {
  readonly days: number[]
  readonly report: AttachedReportRow | undefined
  readonly access: readonly string[]
}

/** The sum of the row, which orders the list, can be a minute behind. */
function describeOne(
  call: AcrCall<'repositories'>,
  row: RepositoryDetails,
  { days: pullsByDay, report, access }: RepositoryFindings,
): Document['repositories'][number] {
  const pushedBy = visibleActor(call, actorOf(row))
  return {
    name: row.name,
    ...(row.description !== null && { description: row.description }),
    tagCount: row.tag_count,
    manifestCount: row.manifest_count,
    size: row.size_bytes,
    createdTime: formatDataPlaneTime(row.created_at_ms),
    ...(row.last_push_ms !== null && { lastPushTime: formatDataPlaneTime(row.last_push_ms) }),
    ...(pushedBy !== undefined && { pushedBy }),
    ...(row.pulled_at_ms !== null && { lastPullTime: formatDataPlaneTime(row.pulled_at_ms) }),
    pulls: pullsByDay.reduce((sum, pulls) => sum + pulls, 0),
    pullsByDay,
    ...listedVulnerabilities(call, report),
    ...(row.type !== null && { type: row.type }),
    access: [...access],
  }
}

function linkAfter(
  { request, query }: AcrCall<'repositories'>,
  { size, order }: RepositoryQuestion,
  last: RepositoryEntry,
): string {
  const filters = filterNames.flatMap((name) => {
    const value = query.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  return nextLink((request.url ?? '').split('?', 1)[0] ?? '', {
    last: positionText(last, order.column),
    n: size,
    orderby: query.get('orderby') ?? undefined,
    filters: Object.fromEntries(filters),
  })
}
