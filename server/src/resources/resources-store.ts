import type { Database, Transaction } from '../platform/sql/database.ts'
import type { SubscriptionRow, ResourceGroupRow, RegistryRow, AdminPasswordRow } from './rows.ts'

type ResourcesTables = {
  subscription: SubscriptionRow
  resource_group: ResourceGroupRow
  registry: RegistryRow
  admin_password: AdminPasswordRow
}

/** The SQL of the ARM tree. Keys are in lower case. */
export function createResourcesStore(database: Database) {
  return { ...createGroupStore(database), ...createRegistryStore(database), ...createAdminPasswordStore(database) }
}

function createGroupStore(database: Database) {
  const read = () => database.tables<ResourcesTables>()
  const within = (transaction: Transaction) => transaction.tables<ResourcesTables>()

  return {
    subscriptions: () => read().selectFrom('subscription').selectAll().orderBy('subscription_id').execute(),
    subscription: (source: Transaction | undefined, id: string) =>
      (source === undefined ? read() : within(source))
        .selectFrom('subscription')
        .selectAll()
        .where('subscription_id', '=', id)
        .executeTakeFirst(),
    insertSubscription: (transaction: Transaction, row: SubscriptionRow) =>
      within(transaction).insertInto('subscription').values(row).execute(),

    groups: (subscriptionId: string) =>
      read()
        .selectFrom('resource_group')
        .selectAll()
        .where('subscription_id', '=', subscriptionId)
        .orderBy('name_key')
        .execute(),
    group: (source: Transaction | undefined, subscriptionId: string, nameKey: string) =>
      (source === undefined ? read() : within(source))
        .selectFrom('resource_group')
        .selectAll()
        .where('subscription_id', '=', subscriptionId)
        .where('name_key', '=', nameKey)
        .executeTakeFirst(),
    insertGroup: (transaction: Transaction, row: ResourceGroupRow) =>
      within(transaction).insertInto('resource_group').values(row).execute(),
    updateGroup: (transaction: Transaction, row: ResourceGroupRow) =>
      within(transaction)
        .updateTable('resource_group')
        .set({ tags: row.tags, managed_by: row.managed_by })
        .where('subscription_id', '=', row.subscription_id)
        .where('name_key', '=', row.name_key)
        .execute(),
    deleteGroup: (transaction: Transaction, subscriptionId: string, nameKey: string) =>
      within(transaction)
        .deleteFrom('resource_group')
        .where('subscription_id', '=', subscriptionId)
        .where('name_key', '=', nameKey)
        .execute(),
  }
}

function createRegistryStore(database: Database) {
  const read = () => database.tables<ResourcesTables>()
  const within = (transaction: Transaction) => transaction.tables<ResourcesTables>()
  const byLoginServer = database.prepare<ResourcesTables, { loginServer: string }, RegistryRow>(
    ['loginServer'],
    (tables, p) => tables.selectFrom('registry').selectAll().where('login_server', '=', p.loginServer),
  )
  const byRid = database.prepare<ResourcesTables, { rid: string }, RegistryRow>(['rid'], (tables, p) =>
    tables.selectFrom('registry').selectAll().where('rid', '=', p.rid),
  )

  return {
    registries: (source: Transaction | undefined, subscriptionId: string, groupKey: string | undefined) => {
      const tables = source === undefined ? read() : within(source)
      const all = tables.selectFrom('registry').selectAll().where('subscription_id', '=', subscriptionId)
      return (groupKey === undefined ? all : all.where('resource_group_key', '=', groupKey))
        .orderBy('name_key')
        .execute()
    },
    allRegistries: (transaction: Transaction) =>
      within(transaction).selectFrom('registry').selectAll().orderBy('name_key').execute(),
    registryByName: (source: Transaction | undefined, nameKey: string) =>
      (source === undefined ? read() : within(source))
        .selectFrom('registry')
        .selectAll()
        .where('name_key', '=', nameKey)
        .executeTakeFirst(),
    registryByLoginServer: byLoginServer.first,
    registryByRid: byRid.first,
    registryToChange: (transaction: Transaction, rid: string) =>
      within(transaction).selectFrom('registry').selectAll().where('rid', '=', rid).executeTakeFirst(),
    /** Returns false if another registry has the name or the login server. */
    insertRegistry: async (transaction: Transaction, row: RegistryRow) => {
      const result = await within(transaction)
        .insertInto('registry')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst()
      return result.numInsertedOrUpdatedRows === 1n
    },
    updateRegistry: (transaction: Transaction, rid: string, properties: string) =>
      within(transaction).updateTable('registry').set({ properties }).where('rid', '=', rid).execute(),
    /** Returns false if another registry has the login server. */
    moveRegistry: async (transaction: Transaction, rid: string, loginServer: string) => {
      const isTaken = within(transaction).selectFrom('registry').select('rid').where('login_server', '=', loginServer)
      if ((await isTaken.executeTakeFirst()) !== undefined) return false
      const moved = within(transaction).updateTable('registry').set({ login_server: loginServer })
      await moved.where('rid', '=', rid).execute()
      return true
    },
    deleteRegistry: async (transaction: Transaction, rid: string) => {
      await within(transaction).deleteFrom('admin_password').where('rid', '=', rid).execute()
      await within(transaction).deleteFrom('registry').where('rid', '=', rid).execute()
    },
  }
}

function createAdminPasswordStore(database: Database) {
  const within = (transaction: Transaction) => transaction.tables<ResourcesTables>()
  const passwordsByRid = database.prepare<ResourcesTables, { rid: string }, AdminPasswordRow>(['rid'], (tables, p) =>
    tables.selectFrom('admin_password').selectAll().where('rid', '=', p.rid).orderBy('name'),
  )

  return {
    adminPasswords: (rid: string) => passwordsByRid.all({ rid }),
    insertAdminPasswords: (transaction: Transaction, rows: readonly AdminPasswordRow[]) =>
      within(transaction)
        .insertInto('admin_password')
        .values([...rows])
        .execute(),
    renewAdminPassword: (transaction: Transaction, row: Omit<AdminPasswordRow, 'generation'>) =>
      within(transaction)
        .updateTable('admin_password')
        .set((expression) => ({ hash: row.hash, sealed: row.sealed, generation: expression('generation', '+', 1) }))
        .where('rid', '=', row.rid)
        .where('name', '=', row.name)
        .execute(),
  }
}

export type ResourcesStore = ReturnType<typeof createResourcesStore>
