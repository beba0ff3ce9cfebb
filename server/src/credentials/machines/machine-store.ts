import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { CredentialTables, MachineCredentialRow, MachineKeyRow } from '../records/rows.ts'

/** The SQL of the keys of machines, and of the identities as which machines may act. */
export function machineStore(database: Database) {
  const read = () => database.tables<CredentialTables>()
  const from = (source: Transaction | undefined) => source?.tables<CredentialTables>() ?? read()
  const keyById = database.prepare<CredentialTables, { keyId: string }, MachineKeyRow>(['keyId'], (tables, p) =>
    tables.selectFrom('machine_key').selectAll().where('key_id', '=', p.keyId),
  )
  const byMachine = database.prepare<CredentialTables, { machineId: string }, MachineCredentialRow>(
    ['machineId'],
    (tables, p) =>
      tables.selectFrom('machine_credential').selectAll().where('machine_id', '=', p.machineId).orderBy('identity_id'),
  )
  const credentialById = database.prepare<CredentialTables, { id: string }, MachineCredentialRow>(['id'], (tables, p) =>
    tables.selectFrom('machine_credential').selectAll().where('id', '=', p.id),
  )
  return {
    keyById: (keyId: string) => keyById.first({ keyId }),
    keysOf: async (source: Transaction | undefined, machineIds: readonly string[]): Promise<MachineKeyRow[]> => {
      if (machineIds.length === 0) return []
      const keys = from(source).selectFrom('machine_key').selectAll()
      return keys.where('machine_id', 'in', [...machineIds]).execute()
    },
    replaceKey: async (transaction: Transaction, row: MachineKeyRow) => {
      await from(transaction).deleteFrom('machine_key').where('machine_id', '=', row.machine_id).execute()
      await from(transaction).insertInto('machine_key').values(row).execute()
    },

    credentialById: (id: string) => credentialById.first({ id }),
    credentialsOfMachine: (machineId: string) => byMachine.all({ machineId }),
    /** The rows are sorted by the ids of the identities. */
    credentialsOf: async (
      source: Transaction | undefined,
      machineIds: readonly string[],
    ): Promise<MachineCredentialRow[]> => {
      if (machineIds.length === 0) return []
      const credentials = from(source).selectFrom('machine_credential').selectAll()
      return credentials
        .where('machine_id', 'in', [...machineIds])
        .orderBy('identity_id')
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
    renameCredential: (transaction: Transaction, id: string, newId: string) =>
      from(transaction).updateTable('machine_credential').set({ id: newId }).where('id', '=', id).execute(),

    /** Deletes the key of a machine, and every permission to act as this machine or identity. */
    deleteOf: async (transaction: Transaction, objectId: string) => {
      const tables = from(transaction)
      await tables.deleteFrom('machine_key').where('machine_id', '=', objectId).execute()
      await tables
        .deleteFrom('machine_credential')
        .where((on) => on.or([on('machine_id', '=', objectId), on('identity_id', '=', objectId)]))
        .execute()
    },
  }
}

export type MachineStore = ReturnType<typeof machineStore>
