import type { Database, Transaction } from '../sql/database.ts'
import type { DataKeySource } from './data-key-store.ts'

export type SigningKeyRow = {
  /** The ring of the key. */
  readonly purpose: string
  readonly kid: string
  /** JSON text. */
  readonly public_jwk: string
  readonly sealed_private_jwk: Uint8Array
  readonly created_at_ms: number
  /** Null for the current signing key. A replaced key verifies signatures until this time. */
  readonly verifies_until_ms: number | null
}

type SigningKeyTables = { signing_key: SigningKeyRow }

/** The SQL statements for signing keys. */
export function createSigningKeyStore(database: Database, purpose: string) {
  const within = (transaction: Transaction) => transaction.tables<SigningKeyTables>()
  return {
    /** Newest first. */
    all: (source?: Transaction) =>
      (source === undefined ? database.tables<SigningKeyTables>() : within(source))
        .selectFrom('signing_key')
        .selectAll()
        .where('purpose', '=', purpose)
        .orderBy('created_at_ms', 'desc')
        .orderBy('kid')
        .execute(),
    insert: (transaction: Transaction, row: SigningKeyRow) =>
      within(transaction).insertInto('signing_key').values(row).execute(),
    /** Stops all current keys from signing. */
    retire: (transaction: Transaction, verifiesUntilMs: number) =>
      within(transaction)
        .updateTable('signing_key')
        .set({ verifies_until_ms: verifiesUntilMs })
        .where('purpose', '=', purpose)
        .where('verifies_until_ms', 'is', null)
        .execute(),
    /** Allows a key to sign that until now only verified signatures. */
    sign: (transaction: Transaction, kid: string) =>
      within(transaction)
        .updateTable('signing_key')
        .set({ verifies_until_ms: null })
        .where('purpose', '=', purpose)
        .where('kid', '=', kid)
        .execute(),
    remove: (transaction: Transaction, kid: string) =>
      within(transaction).deleteFrom('signing_key').where('purpose', '=', purpose).where('kid', '=', kid).execute(),
    removeAll: (transaction: Transaction) =>
      within(transaction).deleteFrom('signing_key').where('purpose', '=', purpose).execute(),
    removeOutdated: (transaction: Transaction, nowMs: number) =>
      within(transaction)
        .deleteFrom('signing_key')
        .where('purpose', '=', purpose)
        .where('verifies_until_ms', '<=', nowMs)
        .execute(),
  }
}

/** A signing key of any ring; undefined if there is none. */
export function anySigningKey(source: DataKeySource): Promise<SigningKeyRow | undefined> {
  return source.tables<SigningKeyTables>().selectFrom('signing_key').selectAll().limit(1).executeTakeFirst()
}
