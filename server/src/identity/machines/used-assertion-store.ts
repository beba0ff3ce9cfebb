import { hash } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'

type UsedAssertionRow = { readonly id_hash: string; readonly expires_at_ms: number }

type Tables = { used_assertion: UsedAssertionRow }

/** How many expired rows each call deletes. Each call adds one row, so expired rows do not accumulate. */
const maxPruned = 20

/** Stores used assertions until they expire. They survive a restart. */
export function createUsedAssertionStore(database: Database, clock: Clock) {
  return {
    /** Marks an assertion as used, by its key and `jti`. False if it was already used. [RFC 7519 §4.1.7] */
    use: (keyId: string, jti: string, expiresAtMs: number): Promise<boolean> =>
      database.transaction(async (transaction) => {
        const tables = transaction.tables<Tables>()
        const expired = tables
          .selectFrom('used_assertion')
          .select('id_hash')
          .where('expires_at_ms', '<=', clock.now())
          .orderBy('expires_at_ms')
          .limit(maxPruned)
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
  return hash('sha256', JSON.stringify([keyId, jti]), 'base64url')
}

export type UsedAssertions = ReturnType<typeof createUsedAssertionStore>
