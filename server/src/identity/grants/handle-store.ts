import type { Database, Transaction } from '../../platform/sql/database.ts'

/** The kinds of handles. A handle of one kind is not accepted as another. */
export type HandleKind = 'authorization_code' | 'device_code' | 'user_code' | 'refresh_token'

/** A handle as it is stored. Instants are milliseconds since the epoch. */
export type HandleRow = {
  /** base64url of the SHA-256 of the handle. */
  readonly hash: string
  readonly kind: HandleKind
  /** JSON text. */
  readonly data: string
  readonly created_at_ms: number
  readonly expires_at_ms: number
  /** When the row may be deleted: at its expiry, or later if it was used up. */
  readonly kept_until_ms: number
  /** Set once, by the request that uses it up. */
  readonly used_at_ms: number | null
  /** The person; null until a person approved it. */
  readonly object_id: string | null
  /** The sign-in that is revoked when it is used a second time. */
  readonly sign_in_id: string | null
}

/** A handle that must be neither used up nor expired. */
type OpenHandle = Pick<HandleRow, 'kind' | 'hash'> & { readonly nowMs: number }

type HandleTables = { handle: HandleRow }

/** How long a used handle is stored, so that a second use is recognised. */
const usedMs = 24 * 60 * 60 * 1000

/** How many rows are deleted at once. */
const maxPruned = 20

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
    /** Uses a handle up. Of concurrent callers, one gets true. */
    use: (transaction: Transaction, which: OpenHandle): Promise<boolean> =>
      changeOpen(transaction, which, { used_at_ms: which.nowMs, kept_until_ms: which.nowMs + usedMs }),
    /** Changes a handle. False if it is used up or expired. */
    update: (
      transaction: Transaction,
      which: OpenHandle,
      columns: Partial<Pick<HandleRow, 'data' | 'expires_at_ms' | 'kept_until_ms' | 'object_id' | 'sign_in_id'>>,
    ): Promise<boolean> => changeOpen(transaction, which, columns),
    /**
     * Deletes the oldest open or used handles of a person, so that at most `limit` remain in addition to `newest`. The newest is a
     * parameter because others may be of the same millisecond. Returns the sign-ins of the deleted handles.
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
        .limit(maxPruned)
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
        .limit(maxPruned)
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
