import type { Database, Transaction } from './database.ts'
import type { Migration } from './migrations.ts'

type InstallationTables = { installation: { id: string } }

/** The table with the id of the installation. */
export const installationMigrations: readonly Migration[] = [
  {
    id: 'installation-0001-baseline',
    up: async (schema, types) => {
      await schema
        .createTable('installation')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .execute()
    },
  },
]

/** The id of the installation, which is the same for all servers on one database. Undefined until the id is stored. */
export async function findInstallationId(source: Pick<Transaction, 'tables'>): Promise<string | undefined> {
  const row = await source.tables<InstallationTables>().selectFrom('installation').select('id').executeTakeFirst()
  return row?.id
}

/** Stores the id of the installation if no id is stored yet, and returns the stored id. */
export function ensureInstallationId(database: Database, id: string): Promise<string> {
  return database.exclusiveTransaction(async (transaction) => {
    const found = await findInstallationId(transaction)
    if (found !== undefined) return found
    await transaction.tables<InstallationTables>().insertInto('installation').values({ id }).execute()
    return id
  })
}
