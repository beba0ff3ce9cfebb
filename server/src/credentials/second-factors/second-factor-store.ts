import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { CredentialTables, PasskeyRow, RecoveryCodeRow, TotpRow } from '../records/rows.ts'

/** The SQL of second factors. */
export function secondFactorStore(database: Database) {
  const read = () => database.tables<CredentialTables>()
  const from = (source: Transaction | undefined) => source?.tables<CredentialTables>() ?? read()
  const within = (transaction: Transaction) => transaction.tables<CredentialTables>()
  return {
    totp: (source: Transaction | undefined, objectId: string) =>
      from(source).selectFrom('totp').selectAll().where('object_id', '=', objectId).executeTakeFirst(),
    insertTotp: (transaction: Transaction, row: TotpRow) =>
      within(transaction).insertInto('totp').values(row).execute(),
    confirmTotp: (transaction: Transaction, objectId: string) =>
      within(transaction).updateTable('totp').set({ confirmed: 1 }).where('object_id', '=', objectId).execute(),
    /** Returns false if a code of this step, or of a later step, was already used. */
    useTotpStep: async (transaction: Transaction, objectId: string, step: number) => {
      const update = within(transaction).updateTable('totp').set({ last_step: step, failures: 0, failures_in_row: 0 })
      const result = await update.where('object_id', '=', objectId).where('last_step', '<', step).executeTakeFirst()
      return result.numUpdatedRows === 1n
    },
    setTotpFailures: (
      transaction: Transaction,
      objectId: string,
      counts: Pick<TotpRow, 'failures' | 'failures_since_ms' | 'failures_in_row'>,
    ) => within(transaction).updateTable('totp').set(counts).where('object_id', '=', objectId).execute(),
    deleteTotp: async (transaction: Transaction, objectId: string) =>
      (await within(transaction).deleteFrom('totp').where('object_id', '=', objectId).executeTakeFirst())
        .numDeletedRows === 1n,

    passkeysOf: (source: Transaction | undefined, objectId: string) =>
      from(source)
        .selectFrom('passkey')
        .selectAll()
        .where('object_id', '=', objectId)
        .orderBy('created_at_ms')
        .orderBy('id')
        .execute(),
    passkeyByCredential: (credentialId: string) =>
      read().selectFrom('passkey').selectAll().where('credential_id', '=', credentialId).executeTakeFirst(),
    /** Returns false if the credential of the authenticator is already registered. */
    insertPasskey: async (transaction: Transaction, row: PasskeyRow) => {
      const insert = within(transaction).insertInto('passkey').values(row)
      const result = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst()
      return result.numInsertedOrUpdatedRows === 1n
    },
    /** Returns false if the counter did not increase, unless the authenticator has no counter. */
    advancePasskey: async (transaction: Transaction, id: string, counter: number) => {
      const update = within(transaction).updateTable('passkey').set({ counter }).where('id', '=', id)
      const result = await (
        counter === 0 ? update.where('counter', '=', 0) : update.where('counter', '<', counter)
      ).executeTakeFirst()
      return result.numUpdatedRows === 1n
    },
    deletePasskey: async (transaction: Transaction, objectId: string, id: string) => {
      const passkeys = within(transaction).deleteFrom('passkey').where('object_id', '=', objectId)
      return (await passkeys.where('id', '=', id).executeTakeFirst()).numDeletedRows === 1n
    },

    countRecoveryCodes: async (objectId: string) => {
      const codes = await read()
        .selectFrom('recovery_code')
        .select('code_hash')
        .where('object_id', '=', objectId)
        .execute()
      return codes.length
    },
    replaceRecoveryCodes: async (transaction: Transaction, objectId: string, rows: readonly RecoveryCodeRow[]) => {
      await within(transaction).deleteFrom('recovery_code').where('object_id', '=', objectId).execute()
      if (rows.length === 0) return
      await within(transaction)
        .insertInto('recovery_code')
        .values([...rows])
        .execute()
    },
    /** Returns false if the code does not exist or was already used. */
    useRecoveryCode: async (transaction: Transaction, { object_id, code_hash }: RecoveryCodeRow) => {
      const codes = within(transaction).deleteFrom('recovery_code').where('object_id', '=', object_id)
      return (await codes.where('code_hash', '=', code_hash).executeTakeFirst()).numDeletedRows === 1n
    },
    /** Returns false if the user had no recovery codes. */
    deleteSecondFactorsOf: async (transaction: Transaction, objectId: string) => {
      let deleted = 0n
      for (const table of ['totp', 'passkey', 'recovery_code'] as const) {
        const rows = within(transaction).deleteFrom(table).where('object_id', '=', objectId)
        deleted += (await rows.executeTakeFirst()).numDeletedRows
      }
      return deleted > 0n
    },
  }
}

export type SecondFactorStore = ReturnType<typeof secondFactorStore>
