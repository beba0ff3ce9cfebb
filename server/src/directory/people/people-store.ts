import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { DirectoryTables, UserRow } from '../tables.ts'

/** The SQL of users and of directory roles. */
export function peopleStore(database: Database) {
  const read = () => database.tables<DirectoryTables>()
  const within = (transaction: Transaction) => transaction.tables<DirectoryTables>()
  return {
    userByName: (userPrincipalNameKey: string) =>
      read()
        .selectFrom('directory_user')
        .selectAll()
        .where('user_principal_name_key', '=', userPrincipalNameKey)
        .executeTakeFirst(),
    user: (transaction: Transaction, objectId: string) =>
      within(transaction).selectFrom('directory_user').selectAll().where('object_id', '=', objectId).executeTakeFirst(),
    /** Gives false when the name is taken. */
    insertUser: async (transaction: Transaction, row: UserRow) => {
      const insert = within(transaction).insertInto('directory_user').values(row)
      const result = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst()
      return result.numInsertedOrUpdatedRows === 1n
    },
    updateUser: (transaction: Transaction, objectId: string, change: Partial<Omit<UserRow, 'object_id'>>) =>
      within(transaction).updateTable('directory_user').set(change).where('object_id', '=', objectId).execute(),
    deleteUser: (transaction: Transaction, objectId: string) =>
      within(transaction).deleteFrom('directory_user').where('object_id', '=', objectId).execute(),

    setServicePrincipalRole: (transaction: Transaction, objectId: string, role: string | null) =>
      within(transaction)
        .updateTable('service_principal')
        .set({ directory_role: role })
        .where('object_id', '=', objectId)
        .execute(),
    /** Enabled users and service principals that may change all of the directory. */
    countOwners: async (transaction: Transaction) => {
      const users = await within(transaction)
        .selectFrom('directory_user')
        .select('object_id')
        .where('directory_role', '=', 'owner')
        .where('enabled', '=', 1)
        .execute()
      const principals = await within(transaction)
        .selectFrom('service_principal')
        .select('object_id')
        .where('directory_role', '=', 'owner')
        .where('enabled', '=', 1)
        .execute()
      return users.length + principals.length
    },
    /** The people who own the directory and may sign in, `limit` at most. */
    ownersWithin: (transaction: Transaction, limit: number) =>
      within(transaction)
        .selectFrom('directory_user')
        .select('object_id')
        .where('directory_role', '=', 'owner')
        .where('enabled', '=', 1)
        .orderBy('object_id')
        .limit(limit)
        .execute(),
    /** Who has a directory role, users and service principals alike, in the order of their ids. */
    listRoleHolders: async () => {
      const users = await read()
        .selectFrom('directory_user')
        .select(['object_id', 'directory_role'])
        .where('directory_role', 'is not', null)
        .execute()
      const principals = await read()
        .selectFrom('service_principal')
        .select(['object_id', 'directory_role'])
        .where('directory_role', 'is not', null)
        .execute()
      return [...users, ...principals].toSorted((one, other) => (one.object_id < other.object_id ? -1 : 1))
    },
  }
}
