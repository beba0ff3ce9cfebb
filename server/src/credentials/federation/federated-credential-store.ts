import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { CredentialTables, FederatedCredentialRow } from '../records/rows.ts'

/** The columns that an update may change. */
export type FederatedCredentialUpdate = Omit<
  FederatedCredentialRow,
  'id' | 'holder_id' | 'app_id' | 'name' | 'name_key' | 'created_at_ms'
>

/** The SQL of federated credentials. */
export function federatedCredentialStore(database: Database) {
  const ofApplication = database.prepare<CredentialTables, { appId: string; issuer: string }, FederatedCredentialRow>(
    ['appId', 'issuer'],
    (tables, p) =>
      tables
        .selectFrom('federated_credential')
        .selectAll()
        .where('app_id', '=', p.appId)
        .where('issuer', '=', p.issuer),
  )
  const byTrust = database.prepare<CredentialTables, { issuer: string; key: string }, FederatedCredentialRow>(
    ['issuer', 'key'],
    (tables, p) =>
      tables
        .selectFrom('federated_credential')
        .selectAll()
        .where('issuer', '=', p.issuer)
        .where('trust_key', '=', p.key),
  )
  const ofIssuer = database.prepare<CredentialTables, { issuer: string }, { id: string }>(['issuer'], (tables, p) =>
    tables.selectFrom('federated_credential').select('id').where('issuer', '=', p.issuer).limit(1),
  )
  const byCredentialId = database.prepare<CredentialTables, { id: string }, FederatedCredentialRow>(
    ['id'],
    (tables, p) => tables.selectFrom('federated_credential').selectAll().where('credential_id', '=', p.id),
  )
  const from = (source: Transaction | undefined) => (source ?? database).tables<CredentialTables>()
  return {
    ofApplication: (appId: string, issuer: string) => ofApplication.all({ appId, issuer }),
    byTrust: (issuer: string, key: string) => byTrust.all({ issuer, key }),
    hasIssuer: async (issuer: string) => (await ofIssuer.first({ issuer })) !== undefined,
    byCredentialId: (id: string) => byCredentialId.first({ id }),
    ofHolder: (source: Transaction | undefined, holderId: string) =>
      from(source)
        .selectFrom('federated_credential')
        .selectAll()
        .where('holder_id', '=', holderId)
        .orderBy('name_key')
        .execute(),
    /**
     * At most `limit` credentials of other applications for the issuer and audience. The credentials that the key claim excludes are not in
     * the result.
     */
    ofOthers: (transaction: Transaction, row: FederatedCredentialRow, limit: number) =>
      from(transaction)
        .selectFrom('federated_credential')
        .selectAll()
        .where('app_id', '!=', row.app_id)
        .where('issuer', '=', row.issuer)
        .where('audience', '=', row.audience)
        .where((on) =>
          on.or([
            on('trust_key', '=', row.trust_key),
            on('trust_key', 'not like', `${row.trust_key.slice(0, row.trust_key.indexOf('='))}=%`),
          ]),
        )
        .limit(limit)
        .execute(),
    /** Returns false if the holder already has a credential with this name or trust. */
    insert: async (transaction: Transaction, row: FederatedCredentialRow) => {
      const insert = from(transaction).insertInto('federated_credential').values(row)
      const result = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst()
      return result.numInsertedOrUpdatedRows === 1n
    },
    update: (transaction: Transaction, id: string, change: FederatedCredentialUpdate) =>
      from(transaction).updateTable('federated_credential').set(change).where('id', '=', id).execute(),
    delete: (transaction: Transaction, id: string) =>
      from(transaction).deleteFrom('federated_credential').where('id', '=', id).execute(),
    deleteOf: (transaction: Transaction, holderId: string) =>
      from(transaction).deleteFrom('federated_credential').where('holder_id', '=', holderId).execute(),
  }
}

export type FederatedCredentialStore = ReturnType<typeof federatedCredentialStore>
