import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { CredentialTables } from '../records/rows.ts'

/** The SQL of the counters of wrong passwords. */
export function passwordFailureStore(database: Database) {
  const within = (transaction: Transaction) => transaction.tables<CredentialTables>()
  return {
    passwordFailures: (bucket: number) =>
      database
        .tables<CredentialTables>()
        .selectFrom('password_failure')
        .selectAll()
        .where('bucket', '=', bucket)
        .executeTakeFirst(),
    /** Adds one to the counter; a counter that started before `countedSinceMs` starts over. */
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
    deletePasswordFailures: (transaction: Transaction, bucket: number) =>
      within(transaction).deleteFrom('password_failure').where('bucket', '=', bucket).execute(),
  }
}

export type PasswordFailureStore = ReturnType<typeof passwordFailureStore>
