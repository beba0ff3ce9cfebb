import { type Kysely, sql } from 'kysely'
import type { Database, PreparedRead, Transaction } from '../../platform/sql/database.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { BlobLocation } from '../../storage/index.ts'
import type { RecordedBlob } from '../integrity/blob-integrity.ts'
import type { RegistryTables } from '../rows/rows.ts'

/** A blob in a repository, with everything that decides whether it is served. */
export type HeldBlob = RecordedBlob & {
  readonly repository_id: string
  readonly grace_until_ms: number
  readonly read_enabled: number
  readonly predecessor_deletion: number | null
}

/** A repository that a blob can be mounted from. */
export type BlobSource = Pick<HeldBlob, 'repository_id' | 'read_enabled' | 'predecessor_deletion'> & {
  readonly name: string
}

type InRepository = { rid: string; repository: string; digest: string }
type InRegistry = { rid: string; digest: string; limit: number }

/** The prepared reads of blobs. */
export type BlobReads = {
  /** A blob in a repository that holds it. Clients can read a blob in no other way. */
  readonly held: PreparedRead<InRepository, HeldBlob>
  /** Some of the repositories of a registry that hold a blob. */
  readonly sources: PreparedRead<InRegistry, BlobSource>
  /** The recorded bytes of a digest, in any repository. */
  readonly byDigest: PreparedRead<{ digest: string }, RecordedBlob>
}

/** How many holders of a blob are searched for those of one registry: a common base layer has very many holders. */
const maxSearchedHolders = 500

/** Prepares the reads of blobs. */
export function prepareBlobReads(database: Database): BlobReads {
  return {
    held: database.prepare<RegistryTables, InRepository, HeldBlob>(['rid', 'repository', 'digest'], (tables, p) =>
      held(tables, p),
    ),
    sources: database.prepare<RegistryTables, InRegistry, BlobSource>(['rid', 'digest', 'limit'], (tables, p) =>
      tables
        .selectFrom((query) =>
          query
            .selectFrom('repository_blob')
            .select('repository_id')
            .where('digest', '=', p.digest)
            .orderBy('repository_id')
            .limit(maxSearchedHolders)
            .as('holder'),
        )
        .innerJoin('repository', 'repository.id', 'holder.repository_id')
        .select([
          'holder.repository_id',
          'repository.name',
          'repository.read_enabled',
          'repository.predecessor_deletion',
        ])
        .where('repository.rid', '=', p.rid)
        .where(isNamedByClients)
        .limit(p.limit),
    ),
    byDigest: database.prepare<RegistryTables, { digest: string }, RecordedBlob>(['digest'], (tables, p) =>
      tables
        .selectFrom('blob')
        .select(['size_bytes', 'verified_at_ms', 'quarantined_at_ms', 'quarantine_reason'])
        .select((row) => [
          row.ref('digest').$castTo<Digest>().as('digest'),
          row.ref('location').$castTo<BlobLocation>().as('location'),
        ])
        .where('digest', '=', p.digest),
    ),
  }
}

function held(tables: Kysely<RegistryTables>, p: InRepository) {
  return tables
    .selectFrom('repository')
    .innerJoin('repository_blob', 'repository_blob.repository_id', 'repository.id')
    .innerJoin('blob', 'blob.digest', 'repository_blob.digest')
    .select([
      'repository_blob.repository_id',
      'blob.size_bytes',
      'blob.verified_at_ms',
      'blob.quarantined_at_ms',
      'blob.quarantine_reason',
      'repository_blob.grace_until_ms',
      'repository.read_enabled',
      'repository.predecessor_deletion',
      (row) => row.ref('blob.digest').$castTo<Digest>().as('digest'),
      (row) => row.ref('blob.location').$castTo<BlobLocation>().as('location'),
    ])
    .where('repository.rid', '=', p.rid)
    .where('repository.name', '=', p.repository)
    .where('repository_blob.digest', '=', p.digest)
}

/** Clients cannot read from a repository that is deleted or keeps deleted content: they cannot send its name. */
const isNamedByClients = sql<boolean>`substr(repository.name, 1, 1) <> '_'`

/** Whether a repository that is not deleted holds a blob. */
export async function holdsBlob(transaction: Transaction, repositoryId: string, digest: Digest): Promise<boolean> {
  const row = await transaction
    .tables<RegistryTables>()
    .selectFrom('repository_blob')
    .innerJoin('blob', 'blob.digest', 'repository_blob.digest')
    .innerJoin('repository', 'repository.id', 'repository_blob.repository_id')
    .select('blob.digest')
    .where('repository_blob.repository_id', '=', repositoryId)
    .where('repository_blob.digest', '=', digest)
    .where(isNamedByClients)
    .executeTakeFirst()
  return row !== undefined
}

/** Whether a repository that is not deleted holds a blob that is not in quarantine. */
export async function holdsIntactBlob(
  transaction: Transaction,
  repositoryId: string,
  digest: Digest,
): Promise<boolean> {
  const row = await transaction
    .tables<RegistryTables>()
    .selectFrom('repository_blob')
    .innerJoin('blob', 'blob.digest', 'repository_blob.digest')
    .innerJoin('repository', 'repository.id', 'repository_blob.repository_id')
    .select('blob.digest')
    .where('repository_blob.repository_id', '=', repositoryId)
    .where('repository_blob.digest', '=', digest)
    .where('blob.quarantined_at_ms', 'is', null)
    .where(isNamedByClients)
    .executeTakeFirst()
  return row !== undefined
}

/** The id of the repository of a name, if it holds a blob. */
export async function findHeldBy(
  database: Database,
  rid: string,
  name: string,
  digest: Digest,
): Promise<string | undefined> {
  const row = await database
    .tables<RegistryTables>()
    .selectFrom('repository')
    .innerJoin('repository_blob', 'repository_blob.repository_id', 'repository.id')
    .select('repository.id')
    .where('repository.rid', '=', rid)
    .where('repository.name', '=', name)
    .where('repository_blob.digest', '=', digest)
    .executeTakeFirst()
  return row?.id
}

/** Whether a manifest of the repository names the blob. */
export async function isBlobNeeded(transaction: Transaction, repositoryId: string, digest: Digest): Promise<boolean> {
  const row = await transaction
    .tables<RegistryTables>()
    .selectFrom('manifest_reference')
    .select('digest')
    .where('repository_id', '=', repositoryId)
    .where('digest', '=', digest)
    .where('kind', '=', 'blob')
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** The location of the bytes of a digest, unless they are in quarantine. */
export async function findIntactLocation(transaction: Transaction, digest: Digest): Promise<BlobLocation | undefined> {
  const row = await transaction
    .tables<RegistryTables>()
    .selectFrom('blob')
    .select('location')
    .$narrowType<{ location: BlobLocation }>()
    .where('digest', '=', digest)
    .where('quarantined_at_ms', 'is', null)
    .executeTakeFirst()
  return row?.location
}

/** Durable bytes that need a row. */
export type NewBlob = {
  readonly digest: Digest
  readonly location: BlobLocation
  readonly sizeBytes: number
  /** A location where the bytes are lost or corrupt, and that the row may name. */
  readonly lost: BlobLocation | undefined
}

/** The result of recording new bytes. */
export type RecordedLocation = {
  /** Where the bytes are: another upload of the same blob may have been first. */
  readonly location: BlobLocation
  /** The location of the corrupt bytes that the new bytes have replaced. */
  readonly replaced: BlobLocation | undefined
}

/** Records the location of the bytes of a digest. The new bytes replace bytes that are lost or in quarantine. */
export async function recordBlob(transaction: Transaction, blob: NewBlob, nowMs: number): Promise<RecordedLocation> {
  const { digest, location, sizeBytes, lost } = blob
  const tables = transaction.tables<RegistryTables>()
  const isSound = { quarantined_at_ms: null, quarantine_reason: null }
  const found = { location, size_bytes: sizeBytes, verified_at_ms: nowMs, ...isSound }
  const isNew = await tables
    .insertInto('blob')
    .values({ digest, created_at_ms: nowMs, ...found })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .returning('digest')
    .executeTakeFirst()
  // A read of the new row would conflict with other new rows of its index page on PostgreSQL.
  if (isNew !== undefined) return { location, replaced: undefined }
  const row = await tables
    .selectFrom('blob')
    .select(['location', 'quarantined_at_ms'])
    .$narrowType<{ location: BlobLocation }>()
    .where('digest', '=', digest)
    .executeTakeFirstOrThrow()
  if (row.location === location) return { location, replaced: undefined }
  if (row.location !== lost && row.quarantined_at_ms === null) return { location: row.location, replaced: undefined }
  transaction.changesContent()
  await tables.updateTable('blob').set(found).where('digest', '=', digest).execute()
  return { location, replaced: row.location }
}

/** Links a blob to a repository, or renews its grace period. The caller must have seen the blob's row in this transaction. */
export async function linkBlob(
  transaction: Transaction,
  repositoryId: string,
  digest: Digest,
  { nowMs, gracePeriodMs }: { readonly nowMs: number; readonly gracePeriodMs: number },
): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .insertInto('repository_blob')
    .values({ repository_id: repositoryId, digest, linked_at_ms: nowMs, grace_until_ms: nowMs + gracePeriodMs })
    .onConflict((conflict) =>
      conflict.columns(['repository_id', 'digest']).doUpdateSet({ grace_until_ms: nowMs + gracePeriodMs }),
    )
    .execute()
}

/** Renews the grace period of a blob; false if the repository no longer holds it. */
export async function renewGracePeriod(
  transaction: Transaction,
  repositoryId: string,
  digest: Digest,
  untilMs: number,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .tables<RegistryTables>()
    .updateTable('repository_blob')
    .set({ grace_until_ms: untilMs })
    .where('repository_id', '=', repositoryId)
    .where('digest', '=', digest)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** A position among the blobs of all repositories, in the order of their grace periods. */
export type HeldPlace = { readonly grace_until_ms: number; readonly repository_id: string; readonly digest: string }

/**
 * The next blobs of repositories with expired grace periods, and whether a manifest needs them. Reads at most `limit` rows.
 */
export async function listLapsed(
  database: Database,
  after: HeldPlace,
  nowMs: number,
  limit: number,
): Promise<(HeldPlace & { readonly needed: number | null })[]> {
  return database
    .tables<RegistryTables>()
    .selectFrom('repository_blob')
    .select(['grace_until_ms', 'repository_id', 'digest'])
    .select((query) =>
      query
        .selectFrom('manifest_reference')
        .select(sql.lit(1).$castTo<number>().as('one'))
        .whereRef('manifest_reference.repository_id', '=', 'repository_blob.repository_id')
        .whereRef('manifest_reference.digest', '=', 'repository_blob.digest')
        .where('manifest_reference.kind', '=', 'blob')
        .limit(1)
        .as('needed'),
    )
    .where('grace_until_ms', '<', nowMs)
    .where(
      sql<boolean>`(grace_until_ms, repository_id, digest) > (${after.grace_until_ms}, ${after.repository_id}, ${after.digest})`,
    )
    .orderBy('grace_until_ms')
    .orderBy('repository_id')
    .orderBy('digest')
    .limit(limit)
    .execute()
}

/** Unlinks blobs from repositories, if in this transaction the grace period has expired and no manifest needs them. */
export async function unlinkLapsed(
  transaction: Transaction,
  places: readonly HeldPlace[],
  nowMs: number,
): Promise<void> {
  const tables = transaction.tables<RegistryTables>()
  for (const { repository_id, digest } of places) {
    const { numDeletedRows } = await tables
      .deleteFrom('repository_blob')
      .where('repository_id', '=', repository_id)
      .where('digest', '=', digest)
      .where('grace_until_ms', '<', nowMs)
      .where((query) =>
        query.not(
          query.exists(
            query
              .selectFrom('manifest_reference')
              .select('manifest_reference.digest')
              .where('manifest_reference.repository_id', '=', repository_id)
              .where('manifest_reference.digest', '=', digest)
              .where('manifest_reference.kind', '=', 'blob'),
          ),
        ),
      )
      .executeTakeFirst()
    if (numDeletedRows > 0n) transaction.changesContent()
  }
}

/** Unlinks a blob from a repository. */
export async function unlinkBlob(transaction: Transaction, repositoryId: string, digest: Digest): Promise<void> {
  transaction.changesContent()
  await transaction
    .tables<RegistryTables>()
    .deleteFrom('repository_blob')
    .where('repository_id', '=', repositoryId)
    .where('digest', '=', digest)
    .execute()
}

/** The next blobs by digest, and whether a repository holds them. Reads at most `limit` rows. */
export async function listBlobs(
  database: Database,
  after: string,
  limit: number,
): Promise<{ readonly digest: string; readonly held: number | null }[]> {
  return database
    .tables<RegistryTables>()
    .selectFrom('blob')
    .select('digest')
    .select((query) =>
      query
        .selectFrom('repository_blob')
        .select(sql.lit(1).$castTo<number>().as('one'))
        .whereRef('repository_blob.digest', '=', 'blob.digest')
        .limit(1)
        .as('held'),
    )
    .where('digest', '>', after)
    .orderBy('digest')
    .limit(limit)
    .execute()
}

/** A blob whose row was deleted. */
export type DeletedBlob = { readonly location: BlobLocation; readonly sizeBytes: number }

/** Deletes the rows of blobs that no repository holds, and returns them. Delete the bytes after the commit. */
export async function deleteUnheld(transaction: Transaction, digests: readonly string[]): Promise<DeletedBlob[]> {
  if (digests.length === 0) return []
  return transaction
    .tables<RegistryTables>()
    .deleteFrom('blob')
    .where('digest', 'in', digests)
    .where((query) =>
      query.not(
        query.exists(
          query
            .selectFrom('repository_blob')
            .select('repository_blob.digest')
            .whereRef('repository_blob.digest', '=', 'blob.digest'),
        ),
      ),
    )
    .returning(['location', 'size_bytes as sizeBytes'])
    .$narrowType<{ location: BlobLocation }>()
    .execute()
}

/** The locations of these digests that a row names, as committed. */
export async function namedLocations(database: Database, digests: readonly string[]): Promise<Set<string>> {
  if (digests.length === 0) return new Set()
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('blob')
    .select('location')
    .where('digest', 'in', digests)
    .execute()
  return new Set(rows.map(({ location }) => location))
}
