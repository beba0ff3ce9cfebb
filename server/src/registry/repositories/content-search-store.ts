import type { Kysely, SelectQueryBuilder } from 'kysely'
import type { Database } from '../../platform/sql/database.ts'
import type { RegistryTables } from '../rows/rows.ts'

/** What is searched for in registries. */
export type ContentQuestion = {
  /** The ids of the registries. */
  readonly rids: readonly string[]
  /** A part of the name of a repository. */
  readonly namePart?: string
  /** The name of a repository. If it is set, only the tags and manifests of this repository are searched. */
  readonly repository?: string
  /** The beginning of the name of a tag. */
  readonly tagPrefix?: string
  /** The beginning of the digest of a manifest. */
  readonly digestPrefix?: string
  /** Whether the caller may know that a repository exists. */
  readonly mayList: (rid: string, repository: string) => boolean
  /** Whether the caller may read the tags and manifests of a repository. */
  readonly mayRead: (rid: string, repository: string) => boolean
}

/** A repository, a tag or a manifest that was found. */
export type FoundContent = {
  readonly kind: 'repository' | 'tag' | 'manifest'
  readonly rid: string
  readonly repository: string
  readonly tag?: string
  readonly digest?: string
}

/** What was found, in the order of names. `isCut`: there may be more. */
export type ContentSearch = { readonly found: readonly FoundContent[]; readonly isCut: boolean }

/** How many results of a kind there are at most. */
const maxFound = 50

/**
 * How many rows of an index are looked at for one kind of result. Most callers may read all of them; for one with few repositories,
 * a tag that all repositories have may be cut. A decision about a row takes some microseconds.
 */
const maxCandidates = 2000
const maxNames = 20_000
/** How many entries of an index are looked at, those of other registries included. */
const maxEntries = 20_000

/** Greater than every character of a tag and of a digest. */
const afterAll = '~'

/**
 * Searches the published content that may be listed. The cost does not grow with the content: each part reads at most a few
 * thousand entries of an index.
 */
export async function searchContent(database: Database, question: ContentQuestion): Promise<ContentSearch> {
  const { namePart, tagPrefix, digestPrefix } = question
  if (question.rids.length === 0) return { found: [], isCut: false }
  const parts = await Promise.all([
    ...(namePart === undefined ? [] : [searchRepositories(database, question, namePart)]),
    ...(tagPrefix === undefined ? [] : [searchEntries(database, question, 'tag', tagPrefix)]),
    ...(digestPrefix === undefined ? [] : [searchEntries(database, question, 'manifest', digestPrefix)]),
  ])
  return { found: parts.flatMap(({ found }) => found), isCut: parts.some(({ isCut }) => isCut) }
}

async function searchRepositories(
  database: Database,
  { rids, mayList }: ContentQuestion,
  namePart: string,
): Promise<ContentSearch> {
  const names = database
    .tables<RegistryTables>()
    .selectFrom('repository')
    .select(['rid', 'name'])
    .where('rid', 'in', rids)
    .where('published_at_ms', 'is not', null)
    .where('list_enabled', '=', 1)
    .orderBy('rid')
    .orderBy('name')
    .limit(maxNames)
  const tables = database.tables<RegistryTables>()
  const rows = await tables
    .selectFrom(names.as('listed'))
    .selectAll()
    // The only special character that a name can contain is `_`, which matches any character, so it is compared again.
    .where('name', 'like', `%${namePart.replaceAll(/[%\\]/g, '')}%`)
    .orderBy('name')
    .limit(maxCandidates)
    .execute()
  const counted = await tables
    .selectFrom(names.as('listed'))
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirst()
  const found = rows
    .filter(({ rid, name }) => name.includes(namePart) && mayList(rid, name))
    .map(({ rid, name }): FoundContent => ({ kind: 'repository', rid, repository: name }))
  return limited(found, rows.length === maxCandidates || Number(counted?.count ?? 0) === maxNames)
}

/** Searches the tags that begin with a text, or the manifests whose digests do. */
async function searchEntries(
  database: Database,
  question: ContentQuestion,
  kind: 'tag' | 'manifest',
  prefix: string,
): Promise<ContentSearch> {
  const tables = database.tables<RegistryTables>()
  const ids = await idsOf(database, question)
  if (ids?.length === 0) return { found: [], isCut: false }
  const entries = (kind === 'tag' ? tagEntries : manifestEntries)(tables, prefix, ids)
  const candidates = tables
    .selectFrom(entries.as('entry'))
    .selectAll()
    // Entries of other registries must not hide those of the caller's.
    .where('repository_id', 'in', repositoriesOf(tables, question))
    .orderBy('name')
    .orderBy('repository_id')
    .limit(maxCandidates)
  const rows = await tables
    .selectFrom(candidates.as('found'))
    .innerJoin('repository', 'repository.id', 'found.repository_id')
    .leftJoin('deleted_manifest', (join) =>
      join
        .onRef('deleted_manifest.repository_id', '=', 'found.repository_id')
        .onRef('deleted_manifest.digest', '=', 'found.digest'),
    )
    .select([
      'repository.rid',
      'repository.name as repository',
      'repository.published_at_ms',
      'repository.list_enabled',
      'found.name',
      'found.digest',
      'deleted_manifest.digest as deleted',
    ])
    .orderBy('found.name')
    .orderBy('repository.name')
    .execute()
  const found = rows
    .filter((row) => row.deleted === null && isReadable(question, row))
    .map(({ rid, repository, name, digest }): FoundContent => ({
      kind,
      rid,
      repository,
      ...(kind === 'tag' && { tag: name }),
      digest,
    }))
  return limited(found, rows.length === maxCandidates || (await hasMaxEntries(tables, entries)))
}

/** Entries of an index, by name. */
type Entries = SelectQueryBuilder<
  RegistryTables,
  'tag' | 'manifest',
  { repository_id: string; name: string; digest: string }
>

function tagEntries(tables: Kysely<RegistryTables>, prefix: string, ids: readonly string[] | undefined): Entries {
  return tables
    .selectFrom('tag')
    .select(['repository_id', 'name', 'manifest_digest as digest'])
    .where('name', '>=', prefix)
    .where('name', '<', prefix + afterAll)
    .where('list_enabled', '=', 1)
    .$if(ids !== undefined, (all) => all.where('repository_id', 'in', ids ?? []))
    .orderBy('name')
    .orderBy('repository_id')
    .limit(maxEntries)
}

function manifestEntries(tables: Kysely<RegistryTables>, prefix: string, ids: readonly string[] | undefined): Entries {
  return tables
    .selectFrom('manifest')
    .select(['repository_id', 'digest as name', 'digest'])
    .where('digest', '>=', prefix)
    .where('digest', '<', prefix + afterAll)
    .where('list_enabled', '=', 1)
    .$if(ids !== undefined, (all) => all.where('repository_id', 'in', ids ?? []))
    .orderBy('digest')
    .orderBy('repository_id')
    .limit(maxEntries)
}

function repositoriesOf(tables: Kysely<RegistryTables>, { rids }: ContentQuestion) {
  return tables.selectFrom('repository').select('id').where('rid', 'in', rids)
}

async function hasMaxEntries(tables: Kysely<RegistryTables>, entries: Entries): Promise<boolean> {
  const counted = await tables
    .selectFrom(entries.as('entry'))
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirst()
  return Number(counted?.count ?? 0) === maxEntries
}

/** The ids of the repositories with the name that was given; undefined if none was. */
async function idsOf(
  database: Database,
  { rids, repository }: ContentQuestion,
): Promise<readonly string[] | undefined> {
  if (repository === undefined) return undefined
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('repository')
    .select('id')
    .where('rid', 'in', rids)
    .where('name', '=', repository)
    .execute()
  return rows.map(({ id }) => id)
}

type CandidateRow = {
  readonly rid: string
  readonly repository: string
  readonly published_at_ms: number | null
  readonly list_enabled: number
}

function isReadable({ rids, mayRead }: ContentQuestion, row: CandidateRow): boolean {
  if (row.published_at_ms === null || row.list_enabled !== 1) return false
  return rids.includes(row.rid) && mayRead(row.rid, row.repository)
}

function limited(found: readonly FoundContent[], isCut: boolean): ContentSearch {
  return { found: found.slice(0, maxFound), isCut: isCut || found.length > maxFound }
}
