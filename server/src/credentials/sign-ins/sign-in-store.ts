import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { CredentialTables, SignInRow } from '../records/rows.ts'
import { type EndWeakSignIns, strongMethods } from '../second-factors/second-factor-policy.ts'

/** The maximum number of listed sign-ins of a user. The list contains the sign-ins that end last. */
const maxListedSignIns = 200

/** The SQL of sign-ins. */
export function signInStore(database: Database) {
  const read = () => database.tables<CredentialTables>()
  const within = (transaction: Transaction) => transaction.tables<CredentialTables>()
  const byId = database.prepare<CredentialTables, { id: string }, SignInRow>(['id'], (tables, p) =>
    tables.selectFrom('sign_in').selectAll().where('id', '=', p.id),
  )
  const endWeakSignIns: EndWeakSignIns = async (transaction, whose) => {
    if (whose !== 'all' && whose.length === 0) return
    const weak = within(transaction)
      .deleteFrom('sign_in')
      .where((row) => row.not(row.or(strongMethods.map((method) => row('methods', 'like', `%${method}%`)))))
    await (whose === 'all' ? weak : weak.where('object_id', 'in', [...whose])).execute()
  }
  return {
    byId: (id: string) => byId.first({ id }),
    signIn: (id: string) => read().selectFrom('sign_in').selectAll().where('id', '=', id).executeTakeFirst(),
    signInWithin: (transaction: Transaction, id: string) =>
      within(transaction).selectFrom('sign_in').selectAll().where('id', '=', id).executeTakeFirst(),
    signInsOf: (objectId: string, nowMs: number) =>
      read()
        .selectFrom('sign_in')
        .selectAll()
        .where('object_id', '=', objectId)
        .where('expires_at_ms', '>', nowMs)
        .orderBy('expires_at_ms', 'desc')
        .orderBy('id')
        .limit(maxListedSignIns)
        .execute(),
    insertSignIn: (transaction: Transaction, row: SignInRow) =>
      within(transaction).insertInto('sign_in').values(row).execute(),
    /** Moves the end of a sign-in that has not ended to a later time. */
    extendSignIn: (transaction: Transaction, id: string, { nowMs, untilMs }: { nowMs: number; untilMs: number }) =>
      within(transaction)
        .updateTable('sign_in')
        .set({ expires_at_ms: untilMs })
        .where('id', '=', id)
        .where('expires_at_ms', '>', nowMs)
        .where('expires_at_ms', '<', untilMs)
        .execute(),
    recordSignInUse: (
      transaction: Transaction,
      id: string,
      use: Pick<SignInRow, 'last_used_at_ms' | 'remote_address' | 'user_agent'>,
    ) => within(transaction).updateTable('sign_in').set(use).where('id', '=', id).execute(),
    deleteSignIn: async (transaction: Transaction, id: string) =>
      (await within(transaction).deleteFrom('sign_in').where('id', '=', id).executeTakeFirst()).numDeletedRows === 1n,
    deleteSignInsOf: (transaction: Transaction, objectId: string) =>
      within(transaction).deleteFrom('sign_in').where('object_id', '=', objectId).execute(),
    /** Ends the sign-ins for which the user did not use a second factor or passkey of this directory. */
    endWeakSignIns,
    endSignInsOfTo: (transaction: Transaction, objectId: string, clientId: string) =>
      within(transaction)
        .deleteFrom('sign_in')
        .where('object_id', '=', objectId)
        .where('client_id', '=', clientId)
        .execute(),
    /** Ends the sign-ins of all users to one application. */
    endSignInsTo: (transaction: Transaction, clientId: string) =>
      within(transaction).deleteFrom('sign_in').where('client_id', '=', clientId).execute(),
    deleteEndedSignInsOf: (transaction: Transaction, objectId: string, nowMs: number) =>
      within(transaction)
        .deleteFrom('sign_in')
        .where('object_id', '=', objectId)
        .where('expires_at_ms', '<=', nowMs)
        .execute(),
  }
}

export type SignInStore = ReturnType<typeof signInStore>
