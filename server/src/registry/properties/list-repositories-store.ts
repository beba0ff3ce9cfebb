import { sql } from 'kysely'
import type { Database } from '../../platform/sql/database.ts'
import type { RegistryTables, RepositoryRow } from '../rows/rows.ts'
import { chunked } from '../rows/piece-store.ts'
import { type RepositoryType, repositoryType } from './image-platforms.ts'
import type { RepositoryColumn, RepositoryQuestion } from './repository-question.ts'

/** A repository in the order of a list. The key of an order by name is 0. */
export type RepositoryEntry = { readonly name: string; readonly key: number }

/** Repositories by name: some of them, all whose names begin with a text, or all. */
export type NameRange =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'all' }

/** A page of all entries, in the order of the question. */
export async function readEntries(
  database: Database,
  rid: string,
  { order: { column, isDescending }, after, filter }: Pick<RepositoryQuestion, 'order' | 'after' | 'filter'>,
  limit: number,
): Promise<RepositoryEntry[]> {
  const key = keyOf(column)
  let query = selectEntries(database, { rid, column, filter }).limit(limit)
  if (column === 'name') {
    if (after !== undefined) query = query.where('repository.name', isDescending ? '<' : '>', after.name)
    return query.orderBy('repository.name', isDescending ? 'desc' : 'asc').execute()
  }
  if (after !== undefined) {
    const beyond = isDescending ? sql`<` : sql`>`
    query = query.where(
      sql<boolean>`(${key} ${beyond} ${after.key} or (${key} = ${after.key} and repository.name > ${after.name}))`,
    )
  }
  return query
    .orderBy('key', isDescending ? 'desc' : 'asc')
    .orderBy('repository.name')
    .execute()
}

/** The entries of a range beyond a name, in the order of names. */
export async function readRange(
  database: Database,
  { rid, column, filter }: Listed,
  { range, after, isDescending }: { range: NameRange; after: string | undefined; isDescending: boolean },
  limit: number,
): Promise<RepositoryEntry[]> {
  let query = selectEntries(database, { rid, column, filter })
  if (after !== undefined) query = query.where('repository.name', isDescending ? '<' : '>', after)
  if (range.kind === 'names') query = query.where('repository.name', 'in', range.names)
  if (range.kind === 'prefix') {
    // No name has a character after the tilde.
    query = query.where('repository.name', '>=', range.prefix).where('repository.name', '<', `${range.prefix}~`)
  }
  return query
    .orderBy('repository.name', isDescending ? 'desc' : 'asc')
    .limit(limit)
    .execute()
}

/** How many entries there are. */
export async function countEntries(
  database: Database,
  rid: string,
  filter: RepositoryQuestion['filter'],
): Promise<number> {
  const { count } = await selectEntries(database, { rid, column: 'name', filter })
    .clearSelect()
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}

/** What a row of the list shows. */
export type RepositoryDetails = RepositoryRow & {
  readonly size_bytes: number
  readonly pulled_at_ms: number | null
  readonly type: RepositoryType | null
}

/** The details of repositories, by name. */
export async function readDetails(
  database: Database,
  rid: string,
  names: readonly string[],
): Promise<Map<string, RepositoryDetails>> {
  const found = new Map<string, RepositoryDetails>()
  for (const chunk of chunked(names)) {
    const rows = await joined(database, rid)
      .selectAll('repository')
      .select([
        sql<number>`coalesce(repository_usage.size_bytes, 0)`.as('size_bytes'),
        'repository_pull.pulled_at_ms',
        repositoryType.as('type'),
      ])
      .where('repository.name', 'in', chunk)
      .execute()
    for (const row of rows) found.set(row.name, row)
  }
  return found
}

type Listed = { readonly rid: string; readonly column: RepositoryColumn; readonly filter: RepositoryQuestion['filter'] }

function joined(database: Database, rid: string) {
  return database
    .tables<RegistryTables>()
    .selectFrom('repository')
    .leftJoin('repository_usage', 'repository_usage.repository_id', 'repository.id')
    .leftJoin('repository_pull', 'repository_pull.repository_id', 'repository.id')
    .where('repository.rid', '=', rid)
    .where('repository.published_at_ms', 'is not', null)
    .where('repository.list_enabled', '=', 1)
}

function selectEntries(database: Database, { rid, column, filter }: Listed) {
  return matching(database, joined(database, rid), filter).select(['repository.name', keyOf(column).as('key')])
}

type Joined = ReturnType<typeof joined>

function matching(database: Database, query: Joined, filter: RepositoryQuestion['filter']): Joined {
  const { text, pushedAfterMs, pushedBeforeMs, notPulledSinceMs, pushedBy, type } = filter
  let matched = query
  if (text !== undefined) {
    const position = database.kind === 'sqlite' ? sql`instr` : sql`strpos`
    matched = matched.where(sql<boolean>`${position}(repository.name, ${text}) > 0`)
  }
  if (notPulledSinceMs !== undefined) {
    matched = matched.where((row) =>
      row.or([
        row('repository_pull.pulled_at_ms', 'is', null),
        row('repository_pull.pulled_at_ms', '<', notPulledSinceMs),
      ]),
    )
  }
  if (pushedAfterMs !== undefined) matched = matched.where('repository.last_push_ms', '>', pushedAfterMs)
  if (pushedBeforeMs !== undefined) matched = matched.where('repository.last_push_ms', '<', pushedBeforeMs)
  if (pushedBy !== undefined) matched = matched.where('repository.pushed_by_id', '=', pushedBy)
  if (type !== undefined) matched = matched.where(sql<boolean>`${repositoryType} = ${type}`)
  return matched
}

function keyOf(column: RepositoryColumn) {
  switch (column) {
    case 'name':
      return sql<number>`0`
    case 'pushed':
      return sql<number>`coalesce(repository.last_push_ms, 0)`
    case 'size':
      return sql<number>`coalesce(repository_usage.size_bytes, 0)`
    case 'pulls':
      return sql<number>`coalesce(repository_pull.pulls, 0)`
  }
}
