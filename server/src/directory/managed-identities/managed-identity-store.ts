import type { Database, Transaction } from '../../platform/sql/database.ts'
import type {
  DirectoryTables,
  EnrollmentCodeRow,
  MachineCredentialRow,
  MachineKeyRow,
  ManagedIdentityRow,
  ServicePrincipalRow,
} from '../tables.ts'

/** A managed identity with its service principal. */
export type FoundManagedIdentityRow = ManagedIdentityRow & Pick<ServicePrincipalRow, 'app_id' | 'enabled'>

/** A machine's key with the machine that proves itself by it. */
export type FoundMachineKeyRow = MachineKeyRow & Pick<FoundManagedIdentityRow, 'app_id' | 'enabled'>

/** An identity that a machine may speak as, and the credential by which it does. */
export type SpokenIdentityRow = FoundManagedIdentityRow & { readonly credential_id: string }

/** The SQL of managed identities and of machines. Ids and keys are in lower case. */
export function createManagedIdentityStore(database: Database) {
  const read = () => database.tables<DirectoryTables>()
  const from = (source: Transaction | undefined) => source?.tables<DirectoryTables>() ?? read()
  const identities = (source: Transaction | undefined) =>
    from(source)
      .selectFrom('managed_identity as identity')
      .innerJoin('service_principal as principal', 'principal.object_id', 'identity.object_id')
      .selectAll('identity')
      .select(['principal.app_id', 'principal.enabled'])
  const keyById = database.prepare<DirectoryTables, { keyId: string }, FoundMachineKeyRow>(['keyId'], (tables, p) =>
    tables
      .selectFrom('machine_key as key')
      .innerJoin('service_principal as principal', 'principal.object_id', 'key.machine_id')
      .selectAll('key')
      .select(['principal.app_id', 'principal.enabled'])
      .where('key.key_id', '=', p.keyId),
  )
  const spokenBy = database.prepare<DirectoryTables, { machineId: string }, SpokenIdentityRow>(
    ['machineId'],
    (tables, p) =>
      tables
        .selectFrom('machine_credential as credential')
        .innerJoin('managed_identity as identity', 'identity.object_id', 'credential.identity_id')
        .innerJoin('service_principal as principal', 'principal.object_id', 'credential.identity_id')
        .selectAll('identity')
        .select(['principal.app_id', 'principal.enabled', 'credential.id as credential_id'])
        .where('credential.machine_id', '=', p.machineId)
        .orderBy('identity.object_id'),
  )
  const codeByHash = database.prepare<DirectoryTables, { codeHash: string }, Pick<EnrollmentCodeRow, 'machine_id'>>(
    ['codeHash'],
    (tables, p) => tables.selectFrom('enrollment_code').select('machine_id').where('code_hash', '=', p.codeHash),
  )
  return {
    keyById: (keyId: string) => keyById.first({ keyId }),
    spokenBy: (machineId: string) => spokenBy.all({ machineId }),

    find: (
      source: Transaction | undefined,
      kind: string,
      { subscriptionId, groupKey, nameKey }: { subscriptionId: string; groupKey: string; nameKey: string },
    ) =>
      identities(source)
        .where('identity.kind', '=', kind)
        .where('identity.subscription_id', '=', subscriptionId)
        .where('identity.resource_group_key', '=', groupKey)
        .where('identity.name_key', '=', nameKey)
        .executeTakeFirst(),
    list: (
      source: Transaction | undefined,
      subscriptionId: string,
      { kind, groupKey }: { kind?: string; groupKey?: string | undefined },
    ) => {
      let query = identities(source).where('identity.subscription_id', '=', subscriptionId)
      if (kind !== undefined) query = query.where('identity.kind', '=', kind)
      if (groupKey !== undefined) query = query.where('identity.resource_group_key', '=', groupKey)
      return query.orderBy('identity.name_key').orderBy('identity.object_id').execute()
    },
    insert: (transaction: Transaction, row: ManagedIdentityRow) =>
      from(transaction).insertInto('managed_identity').values(row).execute(),
    updateTags: (transaction: Transaction, objectId: string, tags: string) =>
      from(transaction).updateTable('managed_identity').set({ tags }).where('object_id', '=', objectId).execute(),
    /** Deletes the row and all that a machine could prove by it, as itself or as an identity of others. */
    remove: async (transaction: Transaction, objectId: string) => {
      const tables = from(transaction)
      await tables.deleteFrom('enrollment_code').where('machine_id', '=', objectId).execute()
      await tables.deleteFrom('machine_key').where('machine_id', '=', objectId).execute()
      await tables
        .deleteFrom('machine_credential')
        .where((on) => on.or([on('machine_id', '=', objectId), on('identity_id', '=', objectId)]))
        .execute()
      await tables.deleteFrom('managed_identity').where('object_id', '=', objectId).execute()
    },

    keysOf: async (source: Transaction | undefined, machineIds: readonly string[]) => {
      if (machineIds.length === 0) return []
      const keys = from(source).selectFrom('machine_key').selectAll()
      return keys.where('machine_id', 'in', [...machineIds]).execute()
    },
    /** What is attached to machines, without what they are themselves. */
    attachedTo: async (source: Transaction | undefined, machineIds: readonly string[]) => {
      if (machineIds.length === 0) return []
      return identities(source)
        .innerJoin('machine_credential as credential', 'credential.identity_id', 'identity.object_id')
        .select('credential.machine_id')
        .where('credential.machine_id', 'in', [...machineIds])
        .where('identity.kind', '!=', 'machine')
        .orderBy('identity.object_id')
        .execute()
    },
    insertCredential: (transaction: Transaction, row: MachineCredentialRow) =>
      from(transaction).insertInto('machine_credential').values(row).execute(),
    removeCredential: (transaction: Transaction, machineId: string, identityId: string) =>
      from(transaction)
        .deleteFrom('machine_credential')
        .where('machine_id', '=', machineId)
        .where('identity_id', '=', identityId)
        .execute(),
    credentialsOf: (transaction: Transaction, machineId: string) =>
      from(transaction).selectFrom('machine_credential').selectAll().where('machine_id', '=', machineId).execute(),
    renameCredential: (transaction: Transaction, id: string, newId: string) =>
      from(transaction).updateTable('machine_credential').set({ id: newId }).where('id', '=', id).execute(),

    replaceKey: async (transaction: Transaction, row: MachineKeyRow) => {
      await from(transaction).deleteFrom('machine_key').where('machine_id', '=', row.machine_id).execute()
      await from(transaction).insertInto('machine_key').values(row).execute()
    },
    replaceCode: async (transaction: Transaction, row: EnrollmentCodeRow) => {
      await from(transaction).deleteFrom('enrollment_code').where('machine_id', '=', row.machine_id).execute()
      await from(transaction).insertInto('enrollment_code').values(row).execute()
    },
    deleteCode: (transaction: Transaction, machineId: string) =>
      from(transaction).deleteFrom('enrollment_code').where('machine_id', '=', machineId).execute(),
    hasCode: async (codeHash: string) => (await codeByHash.first({ codeHash })) !== undefined,
    /** Uses a code up: whoever gets its row is the only one. */
    takeCode: (transaction: Transaction, codeHash: string) =>
      from(transaction)
        .deleteFrom('enrollment_code')
        .where('code_hash', '=', codeHash)
        .returningAll()
        .executeTakeFirst(),
    machineById: (transaction: Transaction, objectId: string) =>
      identities(transaction)
        .where('identity.object_id', '=', objectId)
        .where('identity.kind', '=', 'machine')
        .executeTakeFirst(),
  }
}

export type ManagedIdentityStore = ReturnType<typeof createManagedIdentityStore>
