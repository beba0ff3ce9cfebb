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

/** An upload that begins. */
export type NewUpload = Omit<UploadRow, keyof Writing | 'staged_bytes' | 'changed_at_ms'> & Partial<Writing>

type Writing = Pick<UploadRow, 'writer' | 'is_writing' | 'marking_writer'>

/** Adds an upload. */
export async function insertUpload(transaction: Transaction, row: NewUpload): Promise<void> {
  const written = {
    writer: null,
    marking_writer: null,
    is_writing: 0,
    staged_bytes: 0,
    changed_at_ms: row.started_at_ms,
  }
  await transaction
    .tables<RegistryTables>()
    .insertInto('upload')
    .values({ ...written, ...row })
    .execute()
}

/** The process that writes to an upload, or last did; undefined if there is no upload. */
export async function findWriter(
  transaction: Transaction,
  id: string,
): Promise<Omit<Writing, 'marking_writer'> | undefined> {
  return transaction
    .tables<RegistryTables>()
    .selectFrom('upload')
    .select(['writer', 'is_writing'])
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Records that a process writes to an upload. */
export async function claimUpload(transaction: Transaction, id: string, writer: string): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .updateTable('upload')
    .set({ writer, marking_writer: writer, is_writing: 1 })
    .where('id', '=', id)
    .execute()
}

/** Records that a process has stopped writing to uploads, and the staged bytes of each. */
export async function releaseUploads(
  transaction: Transaction,
  writer: string,
  uploads: readonly (Pick<UploadRow, 'id'> & Partial<Pick<UploadRow, 'staged_bytes' | 'changed_at_ms'>>)[],
): Promise<void> {
  for (const { id, ...staged } of uploads) {
    await transaction
      .tables<RegistryTables>()
      .updateTable('upload')
      .set({ is_writing: 0, ...staged })
      .where('id', '=', id)
      .where('writer', '=', writer)
      .execute()
  }
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

/** Ends an upload, and returns whether this transaction ended it. With `writer`, only if no other process has claimed it. */
export async function deleteUpload(transaction: Transaction, id: string, writer?: string): Promise<boolean> {
  const query = transaction.tables<RegistryTables>().deleteFrom('upload').where('id', '=', id)
  const { numDeletedRows } = await (
    writer === undefined ? query : query.where('writer', '=', writer)
  ).executeTakeFirst()
  return numDeletedRows > 0n
}

/** The open uploads, as committed, and whether a process of an earlier version writes to each. */
export async function openUploads(
  database: Database,
): Promise<readonly { readonly id: string; readonly isOfEarlierVersion: boolean }[]> {
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('upload')
    .select(['id', 'writer', 'is_writing', 'marking_writer'])
    .execute()
  return rows.map(({ id, writer, is_writing, marking_writer }) => ({
    id,
    isOfEarlierVersion: is_writing === 1 && writer !== marking_writer,
  }))
}

/** Lets uploads expire at `latestMs`, if a server whose clock was far ahead has written that they expire later. */
export async function boundExpiry(database: Database, latestMs: number): Promise<void> {
  const { uploads } = await database
    .tables<RegistryTables>()
    .selectFrom('upload')
    .select(({ fn }) => fn.countAll<number>().as('uploads'))
    .where('expires_at_ms', '>', latestMs)
    .executeTakeFirstOrThrow()
  if (uploads === 0) return
  await database.transaction((transaction) =>
    transaction
      .tables<RegistryTables>()
      .updateTable('upload')
      .set({ expires_at_ms: latestMs })
      .where('expires_at_ms', '>', latestMs)
      .execute(),
  )
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
    readonly isWriting: number
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
      'upload.is_writing as isWriting',
    ])
    .where('upload.rid', '=', rid)
    .where('upload.expires_at_ms', '>', nowMs)
    .orderBy('upload.id')
    .execute()
}

/** The owner of each open upload, and what is known of its staged bytes. */
export async function listUploadOwners(
  database: Database,
): Promise<
  (UploadOwner & Pick<UploadRow, 'id' | 'staged_bytes' | 'changed_at_ms'> & { readonly startedAtMs: number })[]
> {
  return database
    .tables<RegistryTables>()
    .selectFrom('upload')
    .select(['id', 'rid', 'repository_id as repositoryId', 'caller_key as callerKey', 'started_at_ms as startedAtMs'])
    .select(['staged_bytes', 'changed_at_ms'])
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
