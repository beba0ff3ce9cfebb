import type { Database, Transaction } from '../../platform/sql/database.ts'

/** A person's consent that an application may act for them at one resource. */
export type ConsentRow = {
  readonly object_id: string
  readonly client_id: string
  readonly audience: string
  readonly given_at_ms: number
}

type Tables = { user_consent: ConsentRow }

export type Consents = ReturnType<typeof createConsents>

/** The consents of people to applications. A consent is deleted with its person or its application. */
export function createConsents(database: Database) {
  const within = (transaction: Transaction) => transaction.tables<Tables>()
  return {
    has: async (objectId: string, clientId: string, audience: string) =>
      (await database
        .tables<Tables>()
        .selectFrom('user_consent')
        .select('client_id')
        .where('object_id', '=', objectId)
        .where('client_id', '=', clientId)
        .where('audience', '=', audience)
        .executeTakeFirst()) !== undefined,
    put: (transaction: Transaction, row: ConsentRow) =>
      within(transaction)
        .insertInto('user_consent')
        .values(row)
        .onConflict((conflict) => conflict.columns(['object_id', 'client_id', 'audience']).doNothing())
        .execute(),
    /** Consents of a person, an application or both; at most `limit`, grouped by person and application. */
    find: (
      { objectId, clientId }: { readonly objectId?: string | undefined; readonly clientId?: string | undefined },
      limit: number,
    ): Promise<readonly ConsentRow[]> => {
      let query = database.tables<Tables>().selectFrom('user_consent').selectAll()
      if (objectId !== undefined) query = query.where('object_id', '=', objectId)
      if (clientId !== undefined) query = query.where('client_id', '=', clientId)
      return query.orderBy('object_id').orderBy('client_id').orderBy('audience').limit(limit).execute()
    },
    /** Withdraws one consent. Returns whether there was one. */
    withdraw: async (
      transaction: Transaction,
      { object_id, client_id, audience }: Pick<ConsentRow, 'object_id' | 'client_id' | 'audience'>,
    ): Promise<boolean> => {
      const { numDeletedRows } = await within(transaction)
        .deleteFrom('user_consent')
        .where('object_id', '=', object_id)
        .where('client_id', '=', client_id)
        .where('audience', '=', audience)
        .executeTakeFirst()
      return numDeletedRows > 0n
    },
    /** Withdraws all of a person's consents for an application. Returns whether there were any. */
    withdrawAll: async (transaction: Transaction, objectId: string, clientId: string): Promise<boolean> => {
      const { numDeletedRows } = await within(transaction)
        .deleteFrom('user_consent')
        .where('object_id', '=', objectId)
        .where('client_id', '=', clientId)
        .executeTakeFirst()
      return numDeletedRows > 0n
    },
    /** Called in the transaction that deletes the person. */
    forgetPerson: (transaction: Transaction, objectId: string) =>
      within(transaction).deleteFrom('user_consent').where('object_id', '=', objectId).execute(),
    /** Called in the transaction that deletes the application. */
    forgetClient: (transaction: Transaction, clientId: string) =>
      within(transaction).deleteFrom('user_consent').where('client_id', '=', clientId).execute(),
  }
}
