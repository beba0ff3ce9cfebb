import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { CredentialTables, OneTimeCodeKind, OneTimeCodeRow } from '../records/rows.ts'

/** The one-time codes of one kind. A holder has at most one code. */
export interface OneTimeCodes {
  /** Returns the code of a holder, even if the code has expired. */
  find(holderId: string): Promise<OneTimeCodeRow | undefined>
  /** Returns the code with this hash, even if the code has expired. */
  findByHash(codeHash: string): Promise<OneTimeCodeRow | undefined>
  /** Stores a code, and replaces an earlier code of the holder. */
  replace(transaction: Transaction, row: Omit<OneTimeCodeRow, 'kind'>): Promise<void>
  /**
   * Deletes the code with this hash. Of concurrent callers, only one receives the id of the holder. The result is undefined if the code
   * does not exist or has expired.
   */
  use(transaction: Transaction, codeHash: string, nowMs: number): Promise<string | undefined>
  /** Returns false if the holder has no code. */
  delete(transaction: Transaction, holderId: string): Promise<boolean>
}

/** The one-time codes of all kinds. */
export interface OneTimeCodeStore {
  ofKind(kind: OneTimeCodeKind): OneTimeCodes
  /** Deletes the codes of a holder. */
  deleteOf(transaction: Transaction, holderId: string): Promise<void>
  /** Deletes the codes that a principal created, and returns the deleted codes. */
  deleteCreatedBy(
    transaction: Transaction,
    creatorId: string,
  ): Promise<readonly Pick<OneTimeCodeRow, 'kind' | 'holder_id'>[]>
}

/** Creates the store of one-time codes: access passes and links for users, and enrollment codes for machines. */
export function oneTimeCodeStore(database: Database): OneTimeCodeStore {
  const within = (transaction: Transaction) => transaction.tables<CredentialTables>()
  const byHash = database.prepare<CredentialTables, { kind: OneTimeCodeKind; codeHash: string }, OneTimeCodeRow>(
    ['kind', 'codeHash'],
    (tables, p) =>
      tables.selectFrom('one_time_code').selectAll().where('code_hash', '=', p.codeHash).where('kind', '=', p.kind),
  )
  const remove = async (transaction: Transaction, kind: OneTimeCodeKind, holderId: string) => {
    const { numDeletedRows } = await within(transaction)
      .deleteFrom('one_time_code')
      .where('holder_id', '=', holderId)
      .where('kind', '=', kind)
      .executeTakeFirst()
    return numDeletedRows === 1n
  }
  return {
    ofKind: (kind) => ({
      find: (holderId) =>
        database
          .tables<CredentialTables>()
          .selectFrom('one_time_code')
          .selectAll()
          .where('holder_id', '=', holderId)
          .where('kind', '=', kind)
          .executeTakeFirst(),
      findByHash: (codeHash) => byHash.first({ kind, codeHash }),
      replace: async (transaction, row) => {
        await remove(transaction, kind, row.holder_id)
        await within(transaction)
          .insertInto('one_time_code')
          .values({ kind, ...row })
          .execute()
      },
      use: async (transaction, codeHash, nowMs) => {
        const used = await within(transaction)
          .deleteFrom('one_time_code')
          .where('code_hash', '=', codeHash)
          .where('kind', '=', kind)
          .where('expires_at_ms', '>', nowMs)
          .returning('holder_id')
          .executeTakeFirst()
        return used?.holder_id
      },
      delete: (transaction, holderId) => remove(transaction, kind, holderId),
    }),
    deleteOf: async (transaction, holderId) => {
      await within(transaction).deleteFrom('one_time_code').where('holder_id', '=', holderId).execute()
    },
    deleteCreatedBy: (transaction, creatorId) =>
      within(transaction)
        .deleteFrom('one_time_code')
        .where('created_by', '=', creatorId)
        .returning(['kind', 'holder_id'])
        .execute(),
  }
}
