import { type RawBuilder, sql, type SqlBool } from 'kysely'
import type { Database } from '../../platform/sql/database.ts'
import type { RegistryTables } from '../rows/rows.ts'

/** The orders of a list of images. */
export type ImageOrder = 'pushed' | 'name' | 'size' | 'pulled'

/** What an image must match. */
export type ImageFilter = {
  /** A part of the name of a tag, or the beginning of the digest. */
  readonly text: string | undefined
  /** The id of who made the last push. */
  readonly pushedBy: string | undefined
  readonly notPulledSinceMs: number | undefined
  readonly unsigned: boolean
  /** Whether an attached report must name a critical vulnerability. */
  readonly critical: boolean
}

/**
 * A position in a list: the part of the list, such as the images without a tag, and the key of the last image in it. A key is a
 * number of milliseconds or bytes, or the name of a tag.
 */
export type ImagePlace = { readonly part: number; readonly key: string | number; readonly digest: string }

/** A manifest in the order of a list, and whether it is an image that matches. */
export type WalkedManifest = { readonly key: string | number; readonly digest: string; readonly matches: boolean }

/** A part of a list of images: the rows in the order of their keys, over an index. */
type Part = {
  readonly from: RawBuilder<unknown>
  readonly key: RawBuilder<unknown>
  /** What orders rows with the same key; undefined if keys are unique. */
  readonly tie?: RawBuilder<unknown>
  readonly keyType: 'number' | 'string'
  /** Which rows belong to the part. */
  readonly where: RawBuilder<SqlBool>
  readonly descending: boolean
}

/** The size that is shown: of an index, the size of its largest platform. The text is that of the index on it. */
const shownSize = sql<number>`coalesce(m.platform_size_bytes, m.image_size_bytes)`

const manifests = sql`manifest m`
const everything = sql<SqlBool>`1 = 1`
const hasTag = sql<SqlBool>`exists (select 1 from tag t where t.repository_id = m.repository_id and t.manifest_digest = m.digest)`
const wasPulled = sql<SqlBool>`exists (select 1 from last_pull l where l.repository_id = m.repository_id and l.reference = m.digest)`

const byNewestTag = {
  from: sql`tag k inner join manifest m on m.repository_id = k.repository_id and m.digest = k.manifest_digest`,
  key: sql`k.name`,
  keyType: 'string',
  where: everything,
} as const
/** Whether the tag of a row is the newest tag of its manifest, which names the image. */
const isNewestTag = sql<SqlBool>`not exists (select 1 from tag n where n.repository_id = k.repository_id
  and n.manifest_digest = k.manifest_digest and (n.updated_at_ms, n.name) > (k.updated_at_ms, k.name))`
const byPull = {
  from: sql`last_pull k inner join manifest m on m.repository_id = k.repository_id and m.digest = k.reference`,
  key: sql`k.pulled_at_ms`,
  tie: sql`k.reference`,
  keyType: 'number',
  where: everything,
} as const

const ofManifests = { from: manifests, tie: sql`m.digest`, where: everything, keyType: 'number' } as const
const byDigest = { from: manifests, key: sql`m.digest`, keyType: 'string', descending: false } as const

/** The parts of a list. Images without a tag follow the others; images that were never pulled are the least recently pulled. */
function partsOf(order: ImageOrder, descending: boolean): readonly Part[] {
  switch (order) {
    case 'pushed':
      return [{ ...ofManifests, key: sql`m.updated_at_ms`, descending }]
    case 'size':
      return [{ ...ofManifests, key: shownSize, descending }]
    case 'name':
      return [
        { ...byNewestTag, descending },
        { ...byDigest, where: sql<SqlBool>`not ${hasTag}` },
      ]
    case 'pulled': {
      const never = { ...byDigest, where: sql<SqlBool>`not ${wasPulled}` }
      const pulled = { ...byPull, descending }
      return descending ? [pulled, never] : [never, pulled]
    }
  }
}

/** The types of the keys of the parts of a list. */
export function keyTypesOf(order: ImageOrder, descending: boolean): readonly ('number' | 'string')[] {
  return partsOf(order, descending).map(({ keyType }) => keyType)
}

/**
 * Whether a manifest is an image of its own: no attached artifact, and no part of an index without a tag of its own. cosign attaches
 * by tags, too. [cosign, SIGNATURE_SPEC]
 */
const isImage = sql<SqlBool>`m.list_enabled = 1 and m.subject_digest is null
  and not exists (select 1 from attached_report r where r.repository_id = m.repository_id and r.digest = m.digest)
  and not exists (select 1 from tag a where a.repository_id = m.repository_id and a.manifest_digest = m.digest
    and a.name >= 'sha256-' and a.name < 'sha256.' and (a.name like '%.sig' or a.name like '%.att' or a.name like '%.sbom'))
  and (not exists (select 1 from manifest_reference p where p.repository_id = m.repository_id and p.digest = m.digest
    and p.kind = 'manifest') or ${hasTag})`

function matchesOf(order: ImageOrder, part: number, filter: ImageFilter): RawBuilder<SqlBool> {
  const conditions = [isImage]
  if (order === 'name' && part === 0) conditions.push(isNewestTag)
  if (filter.text !== undefined) conditions.push(containsText(filter.text))
  if (filter.pushedBy !== undefined) conditions.push(sql<SqlBool>`m.pushed_by_id = ${filter.pushedBy}`)
  if (filter.notPulledSinceMs !== undefined) {
    conditions.push(sql<SqlBool>`not exists (select 1 from last_pull l where l.repository_id = m.repository_id
      and l.reference = m.digest and l.pulled_at_ms >= ${filter.notPulledSinceMs})`)
  }
  if (filter.critical) {
    conditions.push(sql<SqlBool>`exists (select 1 from attached_report v where v.repository_id = m.repository_id
      and v.subject_digest = m.digest and v.is_summary = 1 and v.critical > 0)`)
  }
  if (filter.unsigned) {
    conditions.push(sql<SqlBool>`not exists (select 1 from manifest s where s.repository_id = m.repository_id
      and s.subject_digest = m.digest and (s.artifact_type like '%cosign%sig%' or s.artifact_type like '%notary%signature%'
        or s.artifact_type like '%sigstore.bundle%'))
      and not exists (select 1 from tag s where s.repository_id = m.repository_id
        and s.name = 'sha256-' || substr(m.digest, 8) || '.sig')`)
  }
  return sql.join(conditions, sql` and `)
}

function containsText(text: string): RawBuilder<SqlBool> {
  const lower = text.toLowerCase()
  return sql<SqlBool>`(substr(m.digest, 1, length(cast(${lower} as text))) = cast(${lower} as text)
    or exists (select 1 from tag f where f.repository_id = m.repository_id and f.manifest_digest = m.digest
      and replace(lower(f.name), cast(${lower} as text), '') <> lower(f.name)))`
}

/** The list to walk: the repository, the order and the filter. */
export type ImageWalk = {
  readonly repositoryId: string
  readonly order: ImageOrder
  readonly descending: boolean
  readonly filter: ImageFilter
}

/**
 * Reads manifests of a part of a list, in its order, after a position: images that match, and others. So each statement takes a
 * bounded time, however few images match.
 */
export async function walkManifests(
  database: Database,
  { repositoryId, order, descending, filter }: ImageWalk,
  after: Pick<ImagePlace, 'part'> & Partial<ImagePlace>,
  limit: number,
): Promise<WalkedManifest[]> {
  const part = partsOf(order, descending)[after.part]
  if (part === undefined) return []
  const { from, key, tie, where } = part
  const direction = part.descending ? sql`desc` : sql`asc`
  const owner = from === manifests ? sql`m.repository_id` : sql`k.repository_id`
  const position = after.key === undefined ? everything : positionAfter(part, { ...after, key: after.key })
  const ties = tie === undefined ? sql`` : sql`, ${tie} ${direction}`
  const matches = sql<number>`case when ${matchesOf(order, after.part, filter)} then 1 else 0 end`
  const { rows } = await sql<{ key: string | number; digest: string; matches: number }>`
    select ${key} as key, m.digest as digest, ${matches} as matches from ${from}
    where ${owner} = ${repositoryId} and ${where} and ${position}
    order by ${key} ${direction}${ties} limit ${limit}`.execute(database.tables<RegistryTables>())
  return rows.map((row) => ({ ...row, matches: Boolean(row.matches) }))
}

function positionAfter(
  { key, tie, descending }: Part,
  after: Pick<ImagePlace, 'key'> & Partial<ImagePlace>,
): RawBuilder<SqlBool> {
  const follows = descending ? sql`<` : sql`>`
  if (tie === undefined) return sql<SqlBool>`${key} ${follows} ${after.key}`
  // The first condition is the range of the index.
  return sql<SqlBool>`${key} ${follows}= ${after.key} and (${key}, ${tie}) ${follows} (${after.key}, ${after.digest})`
}
