import type { ExpressionBuilder } from 'kysely'
import { latestPossibleMs } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { CredentialTables } from '../records/rows.ts'

/** An allowance of guesses: how long it takes to regain a guess, and the maximum time until it is full again. */
export type SharedGuess = { readonly key: string; readonly guessMs: number; readonly maxWaitMs: number }

/** How many rows are deleted at once. */
const maxPruned = 20

/** The SQL of the counters of wrong passwords. */
export function passwordFailureStore(database: Database) {
  const within = (transaction: Transaction) => transaction.tables<CredentialTables>()
  return {
    /** When these allowances of guesses are full again. Those without a row are. */
    passwordGuesses: async (keys: readonly string[]): Promise<ReadonlyMap<string, number>> => {
      const tables = database.tables<CredentialTables>()
      const rows = await tables.selectFrom('password_guess').selectAll().where('key', 'in', keys).execute()
      return new Map(rows.map(({ key, whole_at_ms }) => [key, whole_at_ms]))
    },
    /** Takes a guess from an allowance. A time that a wrong clock has stored is replaced. */
    takePasswordGuess: (transaction: Transaction, { key, guessMs, maxWaitMs }: SharedGuess, nowMs: number) => {
      const lastMs = nowMs + maxWaitMs
      return within(transaction)
        .insertInto('password_guess')
        .values({ key, whole_at_ms: nowMs + guessMs })
        .onConflict((conflict) =>
          conflict.column('key').doUpdateSet((on) => ({
            whole_at_ms: on
              .case()
              .when('password_guess.whole_at_ms', '<=', nowMs)
              .then(nowMs + guessMs)
              .when('password_guess.whole_at_ms', '>', latestPossibleMs(nowMs, maxWaitMs))
              .then(nowMs + guessMs)
              .when('password_guess.whole_at_ms', '>', lastMs - guessMs)
              .then(lastMs)
              .else(on('password_guess.whole_at_ms', '+', guessMs))
              .end(),
          })),
        )
        .execute()
    },
    /** Deletes rows of allowances that are full, and the row with this key. */
    prunePasswordGuesses: async (transaction: Transaction, nowMs: number, key = '') => {
      const whole = within(transaction)
        .selectFrom('password_guess')
        .select('key')
        .where('whole_at_ms', '<=', nowMs)
        .limit(maxPruned)
      await within(transaction)
        .deleteFrom('password_guess')
        .where((row) => row.or([row('key', 'in', whole), row('key', '=', key)]))
        .execute()
    },
    passwordFailures: (bucket: number) =>
      database
        .tables<CredentialTables>()
        .selectFrom('password_failure')
        .selectAll()
        .where('bucket', '=', bucket)
        .executeTakeFirst(),
    /** Adds one to the counter. A counter starts over `windowMs` after its start, and if a wrong clock has stored its start. */
    countPasswordFailure: (transaction: Transaction, bucket: number, nowMs: number, windowMs: number) => {
      const startsOver = (row: ExpressionBuilder<CredentialTables, 'password_failure'>) =>
        row.or([
          row('password_failure.since_ms', '<=', nowMs - windowMs),
          row('password_failure.since_ms', '>', latestPossibleMs(nowMs, 0)),
        ])
      return within(transaction)
        .insertInto('password_failure')
        .values({ bucket, failures: 1, since_ms: nowMs })
        .onConflict((conflict) =>
          conflict.column('bucket').doUpdateSet((on) => ({
            failures: on
              .case()
              .when(startsOver(on))
              .then(1)
              .else(on('password_failure.failures', '+', 1))
              .end(),
            since_ms: on.case().when(startsOver(on)).then(nowMs).else(on.ref('password_failure.since_ms')).end(),
          })),
        )
        .execute()
    },
    deletePasswordFailures: (transaction: Transaction, bucket: number) =>
      within(transaction).deleteFrom('password_failure').where('bucket', '=', bucket).execute(),
  }
}

export type PasswordFailureStore = ReturnType<typeof passwordFailureStore>
