import type { Clock } from '../../platform/clock.ts'
import { hashSecret } from '../../platform/sealing.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Migration } from '../../platform/sql/migrations.ts'
import type { DirectoryTables } from '../tables.ts'
import { newReadableCode } from './readable-code.ts'

/** The one code with which a person may set up the first second factor. */
export type EnrolmentCodeRow = {
  readonly object_id: string
  /** base64url of the SHA-256. */
  readonly code_hash: string
  readonly created_at_ms: number
  readonly expires_at_ms: number
}

/** Adds the table of enrolment codes of people. */
export const enrolmentCodeMigration: Migration = {
  id: 'directory-0013-enrolment-codes',
  up: async (schema, types) => {
    await schema
      .createTable('enrolment_code')
      .addColumn('object_id', types.text, (column) => column.primaryKey())
      .addColumn('code_hash', types.text, (column) => column.notNull())
      .addColumn('created_at_ms', types.integer, (column) => column.notNull())
      .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
      .execute()
  },
}

/** An enrolment code of a person, without the code. */
export type PendingEnrolmentCode = { readonly createdAtMs: number; readonly expiresAtMs: number }

/** Codes that an owner hands out, each for one person, one use and a limited time. */
export interface EnrolmentCodes {
  /** Creates a code, which is returned this once; an earlier one of the person becomes invalid. */
  create(transaction: Transaction, objectId: string, lifetimeMs: number): Promise<string>
  find(objectId: string): Promise<PendingEnrolmentCode | undefined>
  isValid(objectId: string, code: string): Promise<boolean>
  /** Uses the code up; false when there is no such code, or no longer. */
  use(transaction: Transaction, objectId: string, code: string): Promise<boolean>
  /** False when there is none. */
  remove(transaction: Transaction, objectId: string): Promise<boolean>
}

/** Creates the store of enrolment codes. */
export function createEnrolmentCodes({
  database,
  clock,
}: {
  readonly database: Database
  readonly clock: Clock
}): EnrolmentCodes {
  const read = () => database.tables<DirectoryTables>()
  const within = (transaction: Transaction) => transaction.tables<DirectoryTables>()
  const find = async (objectId: string) => {
    const row = await read()
      .selectFrom('enrolment_code')
      .selectAll()
      .where('object_id', '=', objectId)
      .executeTakeFirst()
    return row === undefined || clock.now() >= row.expires_at_ms ? undefined : row
  }
  return {
    create: async (transaction, objectId, lifetimeMs) => {
      const code = newReadableCode()
      const nowMs = clock.now()
      await within(transaction).deleteFrom('enrolment_code').where('object_id', '=', objectId).execute()
      await within(transaction)
        .insertInto('enrolment_code')
        .values({
          object_id: objectId,
          code_hash: hashOf(objectId, code),
          created_at_ms: nowMs,
          expires_at_ms: nowMs + lifetimeMs,
        })
        .execute()
      return code
    },
    find: async (objectId) => {
      const row = await find(objectId)
      return row && { createdAtMs: row.created_at_ms, expiresAtMs: row.expires_at_ms }
    },
    isValid: async (objectId, code) => (await find(objectId))?.code_hash === hashOf(objectId, code),
    use: async (transaction, objectId, code) => {
      const { numDeletedRows } = await within(transaction)
        .deleteFrom('enrolment_code')
        .where('object_id', '=', objectId)
        .where('code_hash', '=', hashOf(objectId, code))
        .where('expires_at_ms', '>', clock.now())
        .executeTakeFirst()
      return numDeletedRows === 1n
    },
    remove: async (transaction, objectId) =>
      (await within(transaction).deleteFrom('enrolment_code').where('object_id', '=', objectId).executeTakeFirst())
        .numDeletedRows === 1n,
  }
}

function hashOf(objectId: string, code: string): string {
  const written = code
    .slice(0, 64)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
  return hashSecret(`enrolment ${objectId} ${written}`).toString('base64url')
}
