import type { Database, PreparedRead, Transaction } from '../../platform/sql/database.ts'
import type { UploadOwner } from '../quotas/staged-bytes.ts'
import type { RegistryTables, UploadRow } from '../rows/rows.ts'

/** An unfinished upload, with everything that decides whether it may continue. */
export type OpenUpload = Pick<UploadRow, 'id' | 'repository_id' | 'expires_at_ms'> & {
  readonly predecessor_deletion: number | null
}

type OfCaller = { id: string; rid: string; repository: string; caller: string; now: number }
type InRepository = { rid: string; repository: string; now: number; limit: number }
type ByCaller = { rid: string; caller: string; now: number; limit: number }
type Count = { readonly count: number }

/** The prepared reads of uploads. */
export type UploadReads = {
  /** An upload, for the caller and the repository that it was started for. */
  readonly ofCaller: PreparedRead<OfCaller, OpenUpload>
  /** The number of uploads of a repository, counted up to `limit`. */
  readonly countInRepository: PreparedRead<InRepository, Count>
  /** The number of uploads of a caller in a registry, counted up to `limit`. */
  readonly countByCaller: PreparedRead<ByCaller, Count>
}

/** Prepares the reads of uploads. */
export function prepareUploadReads(database: Database): UploadReads {
  return {
    ofCaller: database.prepare<RegistryTables, OfCaller, OpenUpload>(
      ['id', 'rid', 'repository', 'caller', 'now'],
      (tables, p) =>
        tables
          .selectFrom('upload')
          .innerJoin('repository', 'repository.id', 'upload.repository_id')
          .select(['upload.id', 'upload.repository_id', 'upload.expires_at_ms', 'repository.predecessor_deletion'])
          .where('upload.id', '=', p.id)
          .where('upload.rid', '=', p.rid)
          .where('upload.caller_key', '=', p.caller)
          .where('upload.expires_at_ms', '>', p.now)
          .where('repository.rid', '=', p.rid)
          .where('repository.name', '=', p.repository),
    ),
    countInRepository: database.prepare<RegistryTables, InRepository, Count>(
      ['rid', 'repository', 'now', 'limit'],
      (tables, p) =>
        tables
          .selectFrom((query) =>
            query
              .selectFrom('upload')
              .innerJoin('repository', 'repository.id', 'upload.repository_id')
              .select('upload.id')
              .where('repository.rid', '=', p.rid)
              .where('repository.name', '=', p.repository)
              .where('upload.expires_at_ms', '>', p.now)
              .limit(p.limit)
              .as('open'),
          )
          .select(({ fn }) => fn.countAll<number>().as('count')),
    ),
    countByCaller: database.prepare<RegistryTables, ByCaller, Count>(['rid', 'caller', 'now', 'limit'], (tables, p) =>
      tables
        .selectFrom((query) =>
          query
            .selectFrom('upload')
            .select('id')
            .where('rid', '=', p.rid)
            .where('caller_key', '=', p.caller)
            .where('expires_at_ms', '>', p.now)
            .limit(p.limit)
            .as('open'),
        )
        .select(({ fn }) => fn.countAll<number>().as('count')),
    ),
  }
}

/** Adds an upload. */
export async function insertUpload(transaction: Transaction, row: UploadRow): Promise<void> {
  await transaction.tables<RegistryTables>().insertInto('upload').values(row).execute()
}

/** Extends the lifetime of an upload, if it has not ended. */
export async function prolongUpload(transaction: Transaction, id: string, expiresAtMs: number): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .updateTable('upload')
    .set({ expires_at_ms: expiresAtMs })
    .where('id', '=', id)
    .execute()
}

/** Expires all uploads of a caller. */
export async function expireUploadsOf(transaction: Transaction, callerKey: string, nowMs: number): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .updateTable('upload')
    .set({ expires_at_ms: nowMs })
    .where('caller_key', '=', callerKey)
    .execute()
}

/** Ends an upload, and returns whether this transaction ended it. */
export async function deleteUpload(transaction: Transaction, id: string): Promise<boolean> {
  const { numDeletedRows } = await transaction
    .tables<RegistryTables>()
    .deleteFrom('upload')
    .where('id', '=', id)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Expired uploads, the oldest first. */
export async function listExpired(database: Database, nowMs: number, limit: number): Promise<string[]> {
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('upload')
    .select('id')
    .where('expires_at_ms', '<=', nowMs)
    .orderBy('expires_at_ms')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

/** Ends the uploads that have expired within this transaction, and returns their ids. */
export async function deleteExpired(
  transaction: Transaction,
  ids: readonly string[],
  nowMs: number,
): Promise<string[]> {
  const rows = await transaction
    .tables<RegistryTables>()
    .deleteFrom('upload')
    .where('id', 'in', ids)
    .where('expires_at_ms', '<=', nowMs)
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}

/** The open uploads of a registry, by id. */
export async function listOpenUploads(
  database: Database,
  rid: string,
  nowMs: number,
): Promise<
  {
    readonly id: string
    readonly repository: string
    readonly caller: string
    readonly startedAtMs: number
    readonly expiresAtMs: number
  }[]
> {
  return database
    .tables<RegistryTables>()
    .selectFrom('upload')
    .innerJoin('repository', 'repository.id', 'upload.repository_id')
    .select([
      'upload.id',
      'repository.name as repository',
      'upload.caller_key as caller',
      'upload.started_at_ms as startedAtMs',
      'upload.expires_at_ms as expiresAtMs',
    ])
    .where('upload.rid', '=', rid)
    .where('upload.expires_at_ms', '>', nowMs)
    .orderBy('upload.id')
    .execute()
}

/** The owner of each open upload. */
export async function listUploadOwners(
  database: Database,
): Promise<(UploadOwner & { readonly id: string; readonly startedAtMs: number })[]> {
  return database
    .tables<RegistryTables>()
    .selectFrom('upload')
    .select(['id', 'rid', 'repository_id as repositoryId', 'caller_key as callerKey', 'started_at_ms as startedAtMs'])
    .execute()
}

/** The ids that belong to an upload. */
export async function existingUploads(database: Database, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('upload')
    .select('id')
    .where('id', 'in', ids)
    .execute()
  return new Set(rows.map(({ id }) => id))
}
