import { createHash } from 'node:crypto'
import type { Clock } from '../platform/process/clock.ts'
import type { Migration } from '../platform/sql/migrations.ts'
import type { Database } from '../platform/sql/database.ts'

type UsedAssertionRow = { readonly id_hash: string; readonly expires_at_ms: number }

type Tables = { used_assertion: UsedAssertionRow }

/** The table of assertions that can be used once and were used. */
export const usedAssertionMigration: Migration = {
  id: 'identity-0002-used-assertions',
  up: async (schema, types) => {
    await schema
      .createTable('used_assertion')
      .addColumn('id_hash', types.text, (column) => column.primaryKey())
      .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
      .execute()
    await schema.createIndex('used_assertion_by_end').on('used_assertion').columns(['expires_at_ms']).execute()
  },
}

/** More than are added at once, so that the table never grows by what has expired. */
const prunedAtOnce = 20

/** Remembers assertions until they expire, on the disk: a restart must not make one good again. */
export function createUsedAssertionStore(database: Database, clock: Clock) {
  return {
    /** Marks the assertion with this `jti` of this key as used. False where it was used before. [RFC 7519 §4.1.7] */
    use: (keyId: string, jti: string, expiresAtMs: number): Promise<boolean> =>
      database.transaction(async (transaction) => {
        const tables = transaction.tables<Tables>()
        const expired = tables
          .selectFrom('used_assertion')
          .select('id_hash')
          .where('expires_at_ms', '<=', clock.now())
          .orderBy('expires_at_ms')
          .limit(prunedAtOnce)
        await tables.deleteFrom('used_assertion').where('id_hash', 'in', expired).execute()
        const row = { id_hash: hashOf(keyId, jti), expires_at_ms: expiresAtMs }
        const { numInsertedOrUpdatedRows } = await tables
          .insertInto('used_assertion')
          .values(row)
          .onConflict((conflict) => conflict.column('id_hash').doNothing())
          .executeTakeFirst()
        return numInsertedOrUpdatedRows === 1n
      }),
  }
}

function hashOf(keyId: string, jti: string): string {
  return createHash('sha256')
    .update(JSON.stringify([keyId, jti]))
    .digest('base64url')
}

export type UsedAssertions = ReturnType<typeof createUsedAssertionStore>
