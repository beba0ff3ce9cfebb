import type { Database, Transaction } from '../platform/sql/database.ts'
import { applicationOwnerStore } from './applications/application-owner-store.ts'
import { groupStore } from './groups/group-store.ts'
import { listReads } from './list-store.ts'
import { lookups, namedServicePrincipals } from './lookup-store.ts'
import { peopleStore } from './people/people-store.ts'
import { enrolmentCodeStore } from './people/enrolment-code-store.ts'
import { securityEventStore } from './people/security-event-store.ts'
import { secondFactorStore } from './people/second-factor-store.ts'
import { signInStore } from './people/sign-in-store.ts'
import type {
  ApplicationRow,
  ApplicationUriRow,
  CertificateRow,
  DirectoryTables,
  SecretRow,
  ServicePrincipalRow,
  TenantRow,
} from './tables.ts'

/** The SQL of the directory. Ids and keys are in lower case. */
export function createDirectoryStore(database: Database) {
  const read = () => database.tables<DirectoryTables>()
  const from = (source: Transaction | undefined) => source?.tables<DirectoryTables>() ?? read()
  return {
    ...lookups(database),
    ...listReads(read),
    ...peopleStore(database),
    ...signInStore(database),
    ...groupStore(database),
    ...applicationOwnerStore(database),
    ...secondFactorStore(database),
    ...securityEventStore(database),
    ...enrolmentCodeStore(database),

    tenant: () => read().selectFrom('tenant').selectAll().where('only', '=', 1).executeTakeFirst(),
    insertTenant: (transaction: Transaction, row: TenantRow) =>
      from(transaction).insertInto('tenant').values(row).execute(),

    application: (source: Transaction | undefined, key: 'object_id' | 'app_id', value: string) =>
      from(source).selectFrom('application').selectAll().where(key, '=', value).executeTakeFirst(),
    insertApplication: (transaction: Transaction, row: ApplicationRow) =>
      from(transaction).insertInto('application').values(row).execute(),
    renameApplication: (transaction: Transaction, objectId: string, name: string, nameKey: string) =>
      from(transaction)
        .updateTable('application')
        .set({ display_name: name, display_name_key: nameKey })
        .where('object_id', '=', objectId)
        .execute(),
    deleteApplication: async (transaction: Transaction, objectId: string) => {
      await from(transaction).deleteFrom('application_uri').where('application_id', '=', objectId).execute()
      await deleteCredentials(transaction, objectId)
      await from(transaction).deleteFrom('application').where('object_id', '=', objectId).execute()
    },
    uris: (source: Transaction | undefined, applicationId: string) =>
      from(source)
        .selectFrom('application_uri')
        .selectAll()
        .where('application_id', '=', applicationId)
        .orderBy('uri_key')
        .execute(),
    /** Gives false when another application has one of them. */
    replaceUris: async (transaction: Transaction, applicationId: string, rows: readonly ApplicationUriRow[]) => {
      await from(transaction).deleteFrom('application_uri').where('application_id', '=', applicationId).execute()
      if (rows.length === 0) return true
      const insert = from(transaction)
        .insertInto('application_uri')
        .values([...rows])
      const result = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst()
      return result.numInsertedOrUpdatedRows === BigInt(rows.length)
    },

    servicePrincipal: (source: Transaction | undefined, key: 'object_id' | 'app_id', value: string) =>
      namedServicePrincipals(from(source)).where(`principal.${key}`, '=', value).executeTakeFirst(),
    insertServicePrincipal: (transaction: Transaction, row: ServicePrincipalRow) =>
      from(transaction).insertInto('service_principal').values(row).execute(),
    enableServicePrincipal: (transaction: Transaction, objectId: string, enabled: number) =>
      from(transaction).updateTable('service_principal').set({ enabled }).where('object_id', '=', objectId).execute(),
    deleteServicePrincipal: async (transaction: Transaction, objectId: string) => {
      await deleteCredentials(transaction, objectId)
      await from(transaction).deleteFrom('service_principal').where('object_id', '=', objectId).execute()
    },

    secrets: (source: Transaction | undefined, holderId: string) =>
      from(source)
        .selectFrom('client_secret')
        .selectAll()
        .where('holder_id', '=', holderId)
        .orderBy('starts_at_ms')
        .orderBy('id')
        .execute(),
    insertSecret: (transaction: Transaction, row: SecretRow) =>
      from(transaction).insertInto('client_secret').values(row).execute(),
    /** Gives false when the holder has no such secret. */
    deleteSecret: async (transaction: Transaction, holderId: string, id: string) => {
      const secrets = from(transaction).deleteFrom('client_secret').where('holder_id', '=', holderId)
      return (await secrets.where('id', '=', id).executeTakeFirst()).numDeletedRows === 1n
    },
    certificates: (source: Transaction | undefined, holderId: string) =>
      from(source)
        .selectFrom('client_certificate')
        .selectAll()
        .where('holder_id', '=', holderId)
        .orderBy('starts_at_ms')
        .orderBy('id')
        .execute(),
    replaceCertificates: async (transaction: Transaction, holderId: string, rows: readonly CertificateRow[]) => {
      await from(transaction).deleteFrom('client_certificate').where('holder_id', '=', holderId).execute()
      if (rows.length === 0) return
      await from(transaction)
        .insertInto('client_certificate')
        .values([...rows])
        .execute()
    },
  }

  async function deleteCredentials(transaction: Transaction, holderId: string): Promise<void> {
    await from(transaction).deleteFrom('client_secret').where('holder_id', '=', holderId).execute()
    await from(transaction).deleteFrom('client_certificate').where('holder_id', '=', holderId).execute()
    await from(transaction).deleteFrom('federated_credential').where('holder_id', '=', holderId).execute()
  }
}

export type DirectoryStore = ReturnType<typeof createDirectoryStore>
