import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Migration } from '../../platform/sql/migrations.ts'
import type { ServicePrincipalRow, FederatedCredentialRow } from '../tables.ts'

/** A federated credential with the service principal that it proves. */
export type FoundFederatedRow = FederatedCredentialRow &
  Pick<ServicePrincipalRow, 'object_id' | 'enabled'> & { readonly display_name: string | null }

type Tables = {
  federated_credential: FederatedCredentialRow
  service_principal: ServicePrincipalRow
  application: { readonly object_id: string; readonly display_name: string }
  managed_identity: { readonly object_id: string; readonly name: string }
}

/** The table of {@link FederatedCredentialRow}. */
export const federatedCredentialMigration: Migration = {
  id: 'directory-0004-federated-credentials',
  up: async (schema, types) => {
    await schema
      .createTable('federated_credential')
      .addColumn('id', types.text, (column) => column.primaryKey())
      .addColumn('credential_id', types.text, (column) => column.notNull().unique())
      .addColumn('holder_id', types.text, (column) => column.notNull())
      .addColumn('app_id', types.text, (column) => column.notNull())
      .addColumn('name', types.text, (column) => column.notNull())
      .addColumn('name_key', types.text, (column) => column.notNull())
      .addColumn('issuer', types.text, (column) => column.notNull())
      .addColumn('audience', types.text, (column) => column.notNull())
      .addColumn('subject', types.text)
      .addColumn('claims_expression', types.text)
      .addColumn('trust_key', types.text, (column) => column.notNull())
      .addColumn('trust_text', types.text, (column) => column.notNull())
      .addColumn('description', types.text)
      .addColumn('created_at_ms', types.integer, (column) => column.notNull())
      .addUniqueConstraint('federated_credential_by_name', ['holder_id', 'name_key'])
      .addUniqueConstraint('federated_credential_by_trust', ['holder_id', 'issuer', 'trust_text'])
      .execute()
    await schema
      .createIndex('federated_credential_by_issuer')
      .on('federated_credential')
      .columns(['issuer', 'trust_key'])
      .execute()
    await schema
      .createIndex('federated_credential_by_application')
      .on('federated_credential')
      .columns(['app_id', 'issuer'])
      .execute()
  },
}

/** What of a credential may be changed. */
export type FederatedCredentialUpdate = Omit<
  FederatedCredentialRow,
  'id' | 'holder_id' | 'app_id' | 'name' | 'name_key' | 'created_at_ms'
>

/** The SQL of federated credentials. */
export function createFederatedCredentialStore(database: Database) {
  const found = (tables: ReturnType<typeof database.tables<Tables>>) =>
    tables
      .selectFrom('federated_credential as credential')
      .innerJoin('service_principal as principal', 'principal.app_id', 'credential.app_id')
      .leftJoin('application', 'application.object_id', 'principal.application_id')
      .leftJoin('managed_identity as managed', 'managed.object_id', 'principal.object_id')
      .selectAll('credential')
      .select(['principal.object_id', 'principal.enabled'])
      .select((on) => on.fn.coalesce('application.display_name', 'managed.name').as('display_name'))
  const ofApplication = database.prepare<Tables, { appId: string; issuer: string }, FoundFederatedRow>(
    ['appId', 'issuer'],
    (tables, p) => found(tables).where('credential.app_id', '=', p.appId).where('credential.issuer', '=', p.issuer),
  )
  const byTrust = database.prepare<Tables, { issuer: string; key: string }, FoundFederatedRow>(
    ['issuer', 'key'],
    (tables, p) => found(tables).where('credential.issuer', '=', p.issuer).where('credential.trust_key', '=', p.key),
  )
  const ofIssuer = database.prepare<Tables, { issuer: string }, { id: string }>(['issuer'], (tables, p) =>
    tables.selectFrom('federated_credential').select('id').where('issuer', '=', p.issuer).limit(1),
  )
  const standing = database.prepare<Tables, { objectId: string; id: string }, { enabled: number }>(
    ['objectId', 'id'],
    (tables, p) =>
      tables
        .selectFrom('federated_credential as credential')
        .innerJoin('service_principal as principal', 'principal.app_id', 'credential.app_id')
        .select('principal.enabled')
        .where('credential.credential_id', '=', p.id)
        .where('principal.object_id', '=', p.objectId),
  )
  const from = (source: Transaction | undefined) => (source ?? database).tables<Tables>()
  return {
    ofApplication: (appId: string, issuer: string) => ofApplication.all({ appId, issuer }),
    byTrust: (issuer: string, key: string) => byTrust.all({ issuer, key }),
    hasIssuer: async (issuer: string) => (await ofIssuer.first({ issuer })) !== undefined,
    standing: (objectId: string, id: string) => standing.first({ objectId, id }),
    ofHolder: (source: Transaction | undefined, holderId: string) =>
      from(source)
        .selectFrom('federated_credential')
        .selectAll()
        .where('holder_id', '=', holderId)
        .orderBy('name_key')
        .execute(),
    /** Of other applications, so many at most: those for the issuer and the audience whose key claim has no other value. */
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
    /** Gives false when the holder has one of this name or trust already. */
    insert: async (transaction: Transaction, row: FederatedCredentialRow) => {
      const insert = from(transaction).insertInto('federated_credential').values(row)
      const result = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst()
      return result.numInsertedOrUpdatedRows === 1n
    },
    update: (transaction: Transaction, id: string, change: FederatedCredentialUpdate) =>
      from(transaction).updateTable('federated_credential').set(change).where('id', '=', id).execute(),
    delete: (transaction: Transaction, id: string) =>
      from(transaction).deleteFrom('federated_credential').where('id', '=', id).execute(),
  }
}

export type FederatedCredentialStore = ReturnType<typeof createFederatedCredentialStore>
