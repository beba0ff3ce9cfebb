import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { KnownNetworkRow, SignInRow } from './people-rows.ts'
import type { DirectoryTables, UserRow } from '../tables.ts'

type StandingSignInRow = Pick<SignInRow, 'expires_at_ms' | 'created_at_ms' | 'authenticated_at_ms'> &
  Pick<UserRow, 'enabled'>

/** How many sign-ins of a person are listed: those that last longest. */
const listedSignIns = 200

/** Each says that more than a password was shown. [RFC 8176 §2] */
const strongMethods = ['mfa', 'otp', 'hwk']

/** The SQL of sign-ins, and of what is remembered about where people sign in from. */
export function signInStore(database: Database) {
  const read = () => database.tables<DirectoryTables>()
  const within = (transaction: Transaction) => transaction.tables<DirectoryTables>()
  const standing = database.prepare<DirectoryTables, { objectId: string; id: string }, StandingSignInRow>(
    ['objectId', 'id'],
    (tables, p) =>
      tables
        .selectFrom('sign_in')
        .innerJoin('directory_user', 'directory_user.object_id', 'sign_in.object_id')
        .select([
          'sign_in.expires_at_ms',
          'sign_in.created_at_ms',
          'sign_in.authenticated_at_ms',
          'directory_user.enabled',
        ])
        .where('sign_in.id', '=', p.id)
        .where('sign_in.object_id', '=', p.objectId),
  )
  const outdateProofsOf = (transaction: Transaction, objectId: string) =>
    within(transaction)
      .updateTable('directory_user')
      .set((user) => ({ proof_revision: user('proof_revision', '+', 1) }))
      .where('object_id', '=', objectId)
      .execute()
  const weakSignIns = (transaction: Transaction) =>
    within(transaction)
      .deleteFrom('sign_in')
      .where((row) => row.not(row.or(strongMethods.map((method) => row('methods', 'like', `%${method}%`)))))
  return {
    signInOf: (objectId: string, id: string) => standing.first({ objectId, id }),
    signIn: (id: string) => read().selectFrom('sign_in').selectAll().where('id', '=', id).executeTakeFirst(),
    signInsOf: (objectId: string, nowMs: number) =>
      read()
        .selectFrom('sign_in')
        .selectAll()
        .where('object_id', '=', objectId)
        .where('expires_at_ms', '>', nowMs)
        .orderBy('expires_at_ms', 'desc')
        .orderBy('id')
        .limit(listedSignIns)
        .execute(),
    signInWithin: (transaction: Transaction, id: string) =>
      within(transaction).selectFrom('sign_in').selectAll().where('id', '=', id).executeTakeFirst(),
    insertSignIn: (transaction: Transaction, row: SignInRow) =>
      within(transaction).insertInto('sign_in').values(row).execute(),
    /** Sets a later end of a sign-in that has not ended. */
    extendSignIn: (transaction: Transaction, id: string, { nowMs, untilMs }: { nowMs: number; untilMs: number }) =>
      within(transaction)
        .updateTable('sign_in')
        .set({ expires_at_ms: untilMs })
        .where('id', '=', id)
        .where('expires_at_ms', '>', nowMs)
        .where('expires_at_ms', '<', untilMs)
        .execute(),
    noteSignInUse: (
      transaction: Transaction,
      id: string,
      use: Pick<SignInRow, 'last_used_at_ms' | 'remote_address' | 'user_agent'>,
    ) => within(transaction).updateTable('sign_in').set(use).where('id', '=', id).execute(),
    deleteSignIn: async (transaction: Transaction, id: string) =>
      (await within(transaction).deleteFrom('sign_in').where('id', '=', id).executeTakeFirst()).numDeletedRows === 1n,
    /** Ends them all, those too that were proved and are not written down yet. */
    endSignInsOf: async (transaction: Transaction, objectId: string) => {
      await outdateProofsOf(transaction, objectId)
      await within(transaction).deleteFrom('sign_in').where('object_id', '=', objectId).execute()
    },
    /** Ends those that neither a second factor nor a passkey of this directory proved. */
    endWeakSignInsOf: (transaction: Transaction, objectId: string) =>
      weakSignIns(transaction).where('object_id', '=', objectId).execute(),
    /** The same of everybody, or of the owners of the directory. */
    endWeakSignIns: (transaction: Transaction, whose: 'owners' | 'all') => {
      const owners = within(transaction)
        .selectFrom('directory_user')
        .select('object_id')
        .where('directory_role', '=', 'owner')
      const weak = weakSignIns(transaction)
      return (whose === 'all' ? weak : weak.where('object_id', 'in', owners)).execute()
    },
    endSignInsOfTo: (transaction: Transaction, objectId: string, clientId: string) =>
      within(transaction)
        .deleteFrom('sign_in')
        .where('object_id', '=', objectId)
        .where('client_id', '=', clientId)
        .execute(),
    /** Ends everybody's sign-ins to one application. */
    endSignInsTo: (transaction: Transaction, clientId: string) =>
      within(transaction).deleteFrom('sign_in').where('client_id', '=', clientId).execute(),
    outdateProofsOf,
    deleteEndedSignInsOf: (transaction: Transaction, objectId: string, nowMs: number) =>
      within(transaction)
        .deleteFrom('sign_in')
        .where('object_id', '=', objectId)
        .where('expires_at_ms', '<=', nowMs)
        .execute(),

    passwordFailures: (bucket: number) =>
      read().selectFrom('password_failure').selectAll().where('bucket', '=', bucket).executeTakeFirst(),
    /** Counts one more; from one where what was counted began before `countedSinceMs`. */
    countPasswordFailure: (transaction: Transaction, bucket: number, nowMs: number, countedSinceMs: number) =>
      within(transaction)
        .insertInto('password_failure')
        .values({ bucket, failures: 1, since_ms: nowMs })
        .onConflict((conflict) =>
          conflict.column('bucket').doUpdateSet((on) => ({
            failures: on
              .case()
              .when('password_failure.since_ms', '<=', countedSinceMs)
              .then(1)
              .else(on('password_failure.failures', '+', 1))
              .end(),
            since_ms: on
              .case()
              .when('password_failure.since_ms', '<=', countedSinceMs)
              .then(nowMs)
              .else(on.ref('password_failure.since_ms'))
              .end(),
          })),
        )
        .execute(),
    forgetPasswordFailures: (transaction: Transaction, bucket: number) =>
      within(transaction).deleteFrom('password_failure').where('bucket', '=', bucket).execute(),

    knownNetwork: (objectId: string, network: string) =>
      read()
        .selectFrom('known_network')
        .selectAll()
        .where('object_id', '=', objectId)
        .where('network', '=', network)
        .executeTakeFirst(),
    knownNetworkWithin: (transaction: Transaction, objectId: string, network: string) =>
      within(transaction)
        .selectFrom('known_network')
        .selectAll()
        .where('object_id', '=', objectId)
        .where('network', '=', network)
        .executeTakeFirst(),
    /** Remembers one, and of all that somebody has the `limit` latest. */
    rememberNetwork: async (transaction: Transaction, row: KnownNetworkRow, limit: number) => {
      await within(transaction)
        .insertInto('known_network')
        .values(row)
        .onConflict((conflict) =>
          conflict.columns(['object_id', 'network']).doUpdateSet({ seen_at_ms: row.seen_at_ms }),
        )
        .execute()
      const older = await within(transaction)
        .selectFrom('known_network')
        .select('network')
        .where('object_id', '=', row.object_id)
        .orderBy('seen_at_ms', 'desc')
        .orderBy('network')
        .offset(limit)
        .limit(limit)
        .execute()
      if (older.length === 0) return
      const networks = older.map(({ network }) => network)
      await within(transaction)
        .deleteFrom('known_network')
        .where('object_id', '=', row.object_id)
        .where('network', 'in', networks)
        .execute()
    },
    forgetNetworks: (transaction: Transaction, objectId: string) =>
      within(transaction).deleteFrom('known_network').where('object_id', '=', objectId).execute(),
  }
}
