import type { Transaction } from '../../platform/sql/database.ts'

type UsedChallengeRow = { readonly challenge_hash: string; readonly expires_at_ms: number }

type ChallengeTables = { used_challenge: UsedChallengeRow }

/** Marks a passkey challenge as used. Returns false if it was already used. */
export async function useChallenge(transaction: Transaction, row: UsedChallengeRow, nowMs: number): Promise<boolean> {
  const tables = transaction.tables<ChallengeTables>()
  await tables.deleteFrom('used_challenge').where('expires_at_ms', '<=', nowMs).execute()
  const { numInsertedOrUpdatedRows } = await tables
    .insertInto('used_challenge')
    .values(row)
    .onConflict((conflict) => conflict.column('challenge_hash').doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}
