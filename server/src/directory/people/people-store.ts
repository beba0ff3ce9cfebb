import type { ExpressionBuilder } from 'kysely'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import { type Condition, type Page, lastCharacter } from '../principals/list-page.ts'
import type { DirectoryTables, UserRow } from '../principals/rows.ts'

/** The conditions of a list of users. */
export type UserCondition = Condition<'user-principal-name' | 'display-name' | 'display-name-prefix'>

/** The SQL of users. */
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
    usersByIds: async (objectIds: readonly string[]): Promise<UserRow[]> => {
      if (objectIds.length === 0) return []
      const users = read().selectFrom('directory_user').selectAll()
      return users.where('object_id', 'in', [...objectIds]).execute()
    },
    listUsers: ({ conditions, visibleTo, after, limit }: Page<UserCondition>): Promise<UserRow[]> => {
      let query = read().selectFrom('directory_user').selectAll().where('object_id', '>', after)
      if (visibleTo !== undefined) query = query.where('object_id', '=', visibleTo.objectId)
      for (const condition of conditions) query = query.where((on) => userMeets(on, condition))
      return query.orderBy('object_id').limit(limit).execute()
    },
    /** Returns false if the name is taken. */
    insertUser: async (transaction: Transaction, row: UserRow) => {
      const insert = within(transaction).insertInto('directory_user').values(row)
      const result = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst()
      return result.numInsertedOrUpdatedRows === 1n
    },
    updateUser: (transaction: Transaction, objectId: string, change: Partial<Omit<UserRow, 'object_id'>>) =>
      within(transaction).updateTable('directory_user').set(change).where('object_id', '=', objectId).execute(),
    deleteUser: (transaction: Transaction, objectId: string) =>
      within(transaction).deleteFrom('directory_user').where('object_id', '=', objectId).execute(),
    advanceAuthenticationRevision: (transaction: Transaction, objectId: string) =>
      within(transaction)
        .updateTable('directory_user')
        .set((user) => ({ proof_revision: user('proof_revision', '+', 1) }))
        .where('object_id', '=', objectId)
        .execute(),
    /** The users that own the directory, in the order of their ids. */
    owners: (transaction: Transaction) =>
      within(transaction)
        .selectFrom('directory_user')
        .select(['object_id', 'enabled'])
        .where('directory_role', '=', 'owner')
        .orderBy('object_id')
        .execute(),
  }
}

export type PeopleStore = ReturnType<typeof peopleStore>

function userMeets(on: ExpressionBuilder<DirectoryTables, 'directory_user'>, condition: UserCondition) {
  switch (condition.by) {
    case 'user-principal-name':
      return on('user_principal_name_key', '=', condition.value)
    case 'display-name':
      return on('display_name_key', '=', condition.value)
    case 'display-name-prefix':
      return on.and([
        on('display_name_key', '>=', condition.value),
        on('display_name_key', '<', `${condition.value}${lastCharacter}`),
      ])
  }
}
