import type { Database, Transaction } from '../platform/sql/database.ts'
import type { Migration } from '../platform/sql/migrations.ts'
import { usedAssertionMigration } from './used-assertion-store.ts'

/** What is given out in place of a promise: each kind has a purpose of its own, and is worth nothing for another. */
export type HandleKind = 'authorization_code' | 'device_code' | 'user_code' | 'refresh_token'

/** A handle as it is stored. Instants are milliseconds since the epoch. */
export type HandleRow = {
  /** base64url of the SHA-256 of what was given out. */
  readonly hash: string
  readonly kind: HandleKind
  /** JSON text. */
  readonly data: string
  readonly created_at_ms: number
  readonly expires_at_ms: number
  /** When it is removed: once it has expired, and later when it was used up. */
  readonly kept_until_ms: number
  /** Set once, by whoever uses it up. */
  readonly used_at_ms: number | null
  /** The person it stands for; null as long as that is open. */
  readonly object_id: string | null
  /** The sign-in that ends when it is used a second time. */
  readonly sign_in_id: string | null
}

/** A handle that is to be neither used up nor expired. */
type OpenHandle = Pick<HandleRow, 'kind' | 'hash'> & { readonly nowMs: number }

type HandleTables = { handle: HandleRow }

/** The tables of the provider. */
export const identityMigrations: readonly Migration[] = [
  {
    id: 'identity-0001-handles',
    up: async (schema, types) => {
      await schema
        .createTable('handle')
        .addColumn('hash', types.text, (column) => column.primaryKey())
        .addColumn('kind', types.text, (column) => column.notNull())
        .addColumn('data', types.text, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
        .addColumn('kept_until_ms', types.integer, (column) => column.notNull())
        .addColumn('used_at_ms', types.integer)
        .addColumn('object_id', types.text)
        .addColumn('sign_in_id', types.text)
        .execute()
      await schema.createIndex('handle_by_end').on('handle').columns(['kept_until_ms', 'hash']).execute()
      await schema
        .createIndex('handle_by_person')
        .on('handle')
        .columns(['object_id', 'kind', 'created_at_ms', 'hash'])
        .execute()
    },
  },
  usedAssertionMigration,
]

/** A handle that was used up is remembered for so long, so that a second use of it is recognised. */
const rememberedMs = 24 * 60 * 60 * 1000

/** Each new handle takes the place of up to so many that have ended. */
const prunedAtOnce = 20

/** The SQL of handles. */
export function createHandleStore(database: Database) {
  const byHash = database.prepare<HandleTables, { hash: string }, HandleRow>(['hash'], (tables, p) =>
    tables.selectFrom('handle').selectAll().where('hash', '=', p.hash),
  )
  const within = (transaction: Transaction) => transaction.tables<HandleTables>()
  return {
    find: async (kind: HandleKind, hash: string) => ofKind(kind, await byHash.first({ hash })),
    findWithin: async (transaction: Transaction, kind: HandleKind, hash: string) =>
      ofKind(
        kind,
        await within(transaction).selectFrom('handle').selectAll().where('hash', '=', hash).executeTakeFirst(),
      ),
    insert: async (transaction: Transaction, row: HandleRow) => {
      await within(transaction).insertInto('handle').values(row).execute()
    },
    /** Uses a handle up. Of all who try at once, one gets true. */
    use: (transaction: Transaction, which: OpenHandle): Promise<boolean> =>
      changeOpen(transaction, which, { used_at_ms: which.nowMs, kept_until_ms: which.nowMs + rememberedMs }),
    /** Changes a handle that is neither used up nor expired. */
    update: (
      transaction: Transaction,
      which: OpenHandle,
      columns: Partial<Pick<HandleRow, 'data' | 'expires_at_ms' | 'kept_until_ms' | 'object_id' | 'sign_in_id'>>,
    ): Promise<boolean> => changeOpen(transaction, which, columns),
    /**
     * Takes the oldest of somebody's handles away that are open, or that were used up, so that at most `limit` are left
     * beside the newest. That is told, since others may be of the same millisecond. Gives the sign-ins that they stood for.
     */
    removeOldest: async (
      transaction: Transaction,
      { kind, objectId, used }: { readonly kind: HandleKind; readonly objectId: string; readonly used: boolean },
      newest: string,
      limit: number,
    ): Promise<string[]> => {
      const oldest = await within(transaction)
        .selectFrom('handle')
        .select(['hash', 'sign_in_id'])
        .where('object_id', '=', objectId)
        .where('kind', '=', kind)
        .where('used_at_ms', used ? 'is not' : 'is', null)
        .where('hash', '!=', newest)
        .orderBy('created_at_ms', 'desc')
        .orderBy('hash')
        .offset(limit)
        .limit(prunedAtOnce)
        .execute()
      await remove(transaction, oldest)
      return oldest.flatMap(({ sign_in_id }) => (sign_in_id === null ? [] : [sign_in_id]))
    },
    prune: async (transaction: Transaction, nowMs: number) => {
      const ended = await within(transaction)
        .selectFrom('handle')
        .select('hash')
        .where('kept_until_ms', '<=', nowMs)
        .orderBy('kept_until_ms')
        .limit(prunedAtOnce)
        .execute()
      await remove(transaction, ended)
    },
  }

  async function changeOpen(
    transaction: Transaction,
    { kind, hash, nowMs }: OpenHandle,
    columns: Partial<HandleRow>,
  ): Promise<boolean> {
    const result = await within(transaction)
      .updateTable('handle')
      .set(columns)
      .where('hash', '=', hash)
      .where('kind', '=', kind)
      .where('used_at_ms', 'is', null)
      .where('expires_at_ms', '>', nowMs)
      .executeTakeFirst()
    return result.numUpdatedRows === 1n
  }

  async function remove(transaction: Transaction, rows: readonly Pick<HandleRow, 'hash'>[]): Promise<void> {
    if (rows.length === 0) return
    const hashes = rows.map(({ hash }) => hash)
    await within(transaction).deleteFrom('handle').where('hash', 'in', hashes).execute()
  }
}

function ofKind(kind: HandleKind, row: HandleRow | undefined): HandleRow | undefined {
  return row?.kind === kind ? row : undefined
}
