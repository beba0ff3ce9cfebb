import type { Database, Transaction } from '../../platform/sql/database.ts'

export type BrowserSessionRow = { readonly id_hash: string; readonly last_seen_at_ms: number }

export type BrowserAccountRow = {
  readonly id_hash: string
  readonly object_id: string
  /** The remaining steps before the sign-in is complete, separated by spaces; empty if it is complete. */
  readonly remaining: string
  readonly sign_in_id: string
  /** Separated by spaces. */
  readonly methods: string
  readonly authenticated_at_ms: number
}

type SessionTables = {
  browser_session: BrowserSessionRow
  browser_account: BrowserAccountRow
}

export type SessionStore = ReturnType<typeof createSessionStore>

/** The SQL of browser sessions. */
export function createSessionStore(database: Database) {
  const within = (transaction: Transaction) => transaction.tables<SessionTables>()
  const sessionById = database.prepare<SessionTables, { idHash: string }, BrowserSessionRow>(['idHash'], (tables, p) =>
    tables.selectFrom('browser_session').selectAll().where('id_hash', '=', p.idHash),
  )
  const accountsById = database.prepare<SessionTables, { idHash: string }, BrowserAccountRow>(['idHash'], (tables, p) =>
    tables
      .selectFrom('browser_account')
      .selectAll()
      .where('id_hash', '=', p.idHash)
      .orderBy('authenticated_at_ms', 'desc')
      .orderBy('sign_in_id'),
  )

  return {
    session: (idHash: string) => sessionById.first({ idHash }),
    accounts: (idHash: string) => accountsById.all({ idHash }),
    /** The accounts of a session, if the session was used after `usedSinceMs`. */
    accountsWithin: (transaction: Transaction, idHash: string, usedSinceMs: number) =>
      within(transaction)
        .selectFrom('browser_account')
        .innerJoin('browser_session', 'browser_session.id_hash', 'browser_account.id_hash')
        .selectAll('browser_account')
        .where('browser_session.id_hash', '=', idHash)
        .where('browser_session.last_seen_at_ms', '>', usedSinceMs)
        .orderBy('browser_account.authenticated_at_ms', 'desc')
        .orderBy('browser_account.sign_in_id')
        .execute(),
    insertSession: async (transaction: Transaction, row: BrowserSessionRow, accounts: readonly BrowserAccountRow[]) => {
      await within(transaction).insertInto('browser_session').values(row).execute()
      for (const account of accounts) await within(transaction).insertInto('browser_account').values(account).execute()
    },
    deleteSession: async (transaction: Transaction, idHash: string) => {
      await within(transaction).deleteFrom('browser_account').where('id_hash', '=', idHash).execute()
      await within(transaction).deleteFrom('browser_session').where('id_hash', '=', idHash).execute()
    },
    touchSession: (transaction: Transaction, idHash: string, nowMs: number) =>
      within(transaction)
        .updateTable('browser_session')
        .set({ last_seen_at_ms: nowMs })
        .where('id_hash', '=', idHash)
        .where('last_seen_at_ms', '<', nowMs)
        .execute(),
    /** Deletes the sessions that were last used before `beforeMs`. */
    deleteIdleSessions: async (transaction: Transaction, beforeMs: number) => {
      const idle = within(transaction)
        .selectFrom('browser_session')
        .select('id_hash')
        .where('last_seen_at_ms', '<', beforeMs)
      await within(transaction).deleteFrom('browser_account').where('id_hash', 'in', idle).execute()
      await within(transaction).deleteFrom('browser_session').where('last_seen_at_ms', '<', beforeMs).execute()
    },
  }
}
