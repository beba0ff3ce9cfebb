import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { DirectoryTables, ManagedIdentityRow, ServicePrincipalRow } from '../principals/rows.ts'

/** A managed identity with its service principal. */
export type FoundManagedIdentityRow = ManagedIdentityRow & Pick<ServicePrincipalRow, 'app_id' | 'enabled'>

/** The SQL of managed identities. Ids and keys are in lower case. */
export function createManagedIdentityStore(database: Database) {
  const read = () => database.tables<DirectoryTables>()
  const from = (source: Transaction | undefined) => source?.tables<DirectoryTables>() ?? read()
  const identities = (source: Transaction | undefined) =>
    from(source)
      .selectFrom('managed_identity as identity')
      .innerJoin('service_principal as principal', 'principal.object_id', 'identity.object_id')
      .selectAll('identity')
      .select(['principal.app_id', 'principal.enabled'])
  return {
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
    /** The identities are sorted by their ids. */
    byIds: async (source: Transaction | undefined, objectIds: readonly string[]) => {
      if (objectIds.length === 0) return []
      return identities(source)
        .where('identity.object_id', 'in', [...objectIds])
        .orderBy('identity.object_id')
        .execute()
    },
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
    remove: (transaction: Transaction, objectId: string) =>
      from(transaction).deleteFrom('managed_identity').where('object_id', '=', objectId).execute(),
  }
}

export type ManagedIdentityStore = ReturnType<typeof createManagedIdentityStore>
