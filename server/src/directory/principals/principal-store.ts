import type { Kysely } from 'kysely'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { ApplicationRow, DirectoryTables, GroupRow, ServicePrincipalRow, TenantRow, UserRow } from './rows.ts'

/** A service principal with the columns of its application or managed identity. */
export type NamedServicePrincipalRow = ServicePrincipalRow &
  Pick<ApplicationRow, 'display_name'> & {
    /** This and the next two columns are null for the service principal of an application. */
    readonly managed_kind: string | null
    readonly subscription_id: string | null
    readonly resource_group: string | null
  }

/** The SQL of the tenant, and of principals by id. Ids are in lower case. */
export function principalStore(database: Database) {
  const read = () => database.tables<DirectoryTables>()
  const from = (source: Transaction | undefined) => source?.tables<DirectoryTables>() ?? read()
  return {
    ...lookups(database),
    ...directoryRoles(database),

    tenant: (source?: Transaction) =>
      from(source).selectFrom('tenant').selectAll().where('only', '=', 1).executeTakeFirst(),
    insertTenant: (transaction: Transaction, row: TenantRow) =>
      from(transaction).insertInto('tenant').values(row).execute(),

    user: (transaction: Transaction, objectId: string) =>
      from(transaction).selectFrom('directory_user').selectAll().where('object_id', '=', objectId).executeTakeFirst(),
    group: (source: Transaction | undefined, objectId: string) =>
      from(source).selectFrom('directory_group').selectAll().where('object_id', '=', objectId).executeTakeFirst(),

    servicePrincipal: (source: Transaction | undefined, key: 'object_id' | 'app_id', value: string) =>
      namedServicePrincipals(from(source)).where(`principal.${key}`, '=', value).executeTakeFirst(),
    servicePrincipalsBy: async (
      key: 'object_id' | 'app_id',
      values: readonly string[],
    ): Promise<NamedServicePrincipalRow[]> => {
      if (values.length === 0) return []
      return namedServicePrincipals(read())
        .where(`principal.${key}`, 'in', [...values])
        .execute()
    },
    insertServicePrincipal: (transaction: Transaction, row: ServicePrincipalRow) =>
      from(transaction).insertInto('service_principal').values(row).execute(),
    enableServicePrincipal: (transaction: Transaction, objectId: string, enabled: number) =>
      from(transaction).updateTable('service_principal').set({ enabled }).where('object_id', '=', objectId).execute(),
    requireAssignment: (transaction: Transaction, objectId: string, assignment_required: number) =>
      from(transaction)
        .updateTable('service_principal')
        .set({ assignment_required })
        .where('object_id', '=', objectId)
        .execute(),
    deleteServicePrincipal: (transaction: Transaction, objectId: string) =>
      from(transaction).deleteFrom('service_principal').where('object_id', '=', objectId).execute(),
  }
}

export type PrincipalStore = ReturnType<typeof principalStore>

/** Reads by one key, compiled once: every token and every request needs them. */
function lookups(database: Database) {
  const principalByAppId = database.prepare<DirectoryTables, { appId: string }, NamedServicePrincipalRow>(
    ['appId'],
    (tables, p) => namedServicePrincipals(tables).where('principal.app_id', '=', p.appId),
  )
  const principalById = database.prepare<DirectoryTables, { objectId: string }, NamedServicePrincipalRow>(
    ['objectId'],
    (tables, p) => namedServicePrincipals(tables).where('principal.object_id', '=', p.objectId),
  )
  const userById = database.prepare<DirectoryTables, { objectId: string }, UserRow>(['objectId'], (tables, p) =>
    tables.selectFrom('directory_user').selectAll().where('object_id', '=', p.objectId),
  )
  const groupById = database.prepare<DirectoryTables, { objectId: string }, GroupRow>(['objectId'], (tables, p) =>
    tables.selectFrom('directory_group').selectAll().where('object_id', '=', p.objectId),
  )
  return {
    servicePrincipalByAppId: (appId: string) => principalByAppId.first({ appId }),
    servicePrincipalById: (objectId: string) => principalById.first({ objectId }),
    userById: (objectId: string) => userById.first({ objectId }),
    groupById: (objectId: string) => groupById.first({ objectId }),
  }
}

function directoryRoles(database: Database) {
  const within = (transaction: Transaction) => transaction.tables<DirectoryTables>()
  return {
    setRole: (
      transaction: Transaction,
      table: 'directory_user' | 'service_principal',
      objectId: string,
      role: string | null,
    ) =>
      within(transaction).updateTable(table).set({ directory_role: role }).where('object_id', '=', objectId).execute(),
    /** Counts the enabled users and service principals that own the directory, except one that is being deleted. */
    countOwners: async (transaction: Transaction, deletedId = '') => {
      let count = 0
      for (const table of ['directory_user', 'service_principal'] as const) {
        const owners = within(transaction).selectFrom(table).select('object_id').where('directory_role', '=', 'owner')
        count += (await owners.where('enabled', '=', 1).where('object_id', '!=', deletedId).execute()).length
      }
      return count
    },
    /** The users and service principals with a directory role, in the order of their ids. */
    listRoleHolders: async () => {
      const holders: { readonly object_id: string; readonly directory_role: string | null }[] = []
      for (const table of ['directory_user', 'service_principal'] as const) {
        const found = database.tables<DirectoryTables>().selectFrom(table).select(['object_id', 'directory_role'])
        holders.push(...(await found.where('directory_role', 'is not', null).execute()))
      }
      return holders.toSorted((one, other) => (one.object_id < other.object_id ? -1 : 1))
    },
  }
}

/** Service principals, each with the columns of its application or managed identity. */
export function namedServicePrincipals(tables: Kysely<DirectoryTables>) {
  return tables
    .selectFrom('service_principal as principal')
    .leftJoin('application', 'application.object_id', 'principal.application_id')
    .leftJoin('managed_identity as managed', 'managed.object_id', 'principal.object_id')
    .selectAll('principal')
    .select('managed.kind as managed_kind')
    .select(['managed.subscription_id', 'managed.resource_group'])
    .select((on) => on.fn.coalesce('application.display_name', 'managed.name').as('display_name'))
    .$narrowType<{ display_name: string }>()
}
