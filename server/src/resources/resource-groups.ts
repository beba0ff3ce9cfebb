import type { Transaction } from '../platform/sql/database.ts'
import type { Registry, ResourceGroup, Subscription } from './model.ts'
import type { Registries } from './registries.ts'
import type { ResourcesStore } from './resources-store.ts'
import type { ResourceGroupRow, SubscriptionRow } from './rows.ts'

/** The subscriptions and resource groups of the ARM tree. Names and ids are compared case-insensitively. */
export interface ResourceGroups {
  listSubscriptions(): Promise<Subscription[]>
  findSubscription(subscriptionId: string, transaction?: Transaction): Promise<Subscription | undefined>
  createSubscription(transaction: Transaction, subscription: Subscription): Promise<void>

  listResourceGroups(subscriptionId: string): Promise<ResourceGroup[]>
  /** Finds a group. With a transaction, the function reads the state inside the transaction. */
  findResourceGroup(subscriptionId: string, name: string, transaction?: Transaction): Promise<ResourceGroup | undefined>
  /** Creates a group, or replaces the tags and the manager of an existing group. The location of an existing group never changes. */
  putResourceGroup(
    transaction: Transaction,
    group: ResourceGroup,
  ): Promise<{ readonly group: ResourceGroup; readonly created: boolean }>
  /** Deletes a group and all its registries, and returns the deleted registries. */
  deleteResourceGroup(transaction: Transaction, subscriptionId: string, name: string): Promise<Registry[]>
}

/** Creates the subscriptions and resource groups. */
export function createResourceGroups(
  store: ResourcesStore,
  registries: Pick<Registries, 'listRegistries' | 'deleteRegistry'>,
): ResourceGroups {
  return {
    listSubscriptions: async () => (await store.subscriptions()).map(toSubscription),
    findSubscription: async (subscriptionId, transaction) => {
      const row = await store.subscription(transaction, subscriptionId.toLowerCase())
      return row === undefined ? undefined : toSubscription(row)
    },
    createSubscription: async (transaction, { subscriptionId, tenantId, displayName }) => {
      const row = { subscription_id: subscriptionId.toLowerCase(), tenant_id: tenantId, display_name: displayName }
      await store.insertSubscription(transaction, row)
    },

    listResourceGroups: async (subscriptionId) => (await store.groups(subscriptionId.toLowerCase())).map(toGroup),
    findResourceGroup: async (subscriptionId, name, transaction) => {
      const row = await store.group(transaction, subscriptionId.toLowerCase(), name.toLowerCase())
      return row === undefined ? undefined : toGroup(row)
    },
    putResourceGroup: async (transaction, group) => {
      const row = toGroupRow(group)
      const present = await store.group(transaction, row.subscription_id, row.name_key)
      if (present === undefined) await store.insertGroup(transaction, row)
      else await store.updateGroup(transaction, row)
      return {
        group: toGroup(present === undefined ? row : { ...present, tags: row.tags, managed_by: row.managed_by }),
        created: present === undefined,
      }
    },
    deleteResourceGroup: async (transaction, subscriptionId, name) => {
      const deleted = await registries.listRegistries(subscriptionId, name, transaction)
      for (const { rid } of deleted) await registries.deleteRegistry(transaction, rid)
      transaction.changesAuthority()
      await store.deleteGroup(transaction, subscriptionId.toLowerCase(), name.toLowerCase())
      return deleted
    },
  }
}

function toSubscription(row: SubscriptionRow): Subscription {
  return { subscriptionId: row.subscription_id, tenantId: row.tenant_id, displayName: row.display_name }
}

function toGroup(row: ResourceGroupRow): ResourceGroup {
  const tags = JSON.parse(row.tags) as Record<string, string>
  const managedBy = row.managed_by ?? undefined
  return {
    subscriptionId: row.subscription_id,
    name: row.name,
    location: row.location,
    ...(managedBy !== undefined && { managedBy }),
    tags,
  }
}

function toGroupRow({ subscriptionId, name, location, managedBy, tags }: ResourceGroup): ResourceGroupRow {
  return {
    subscription_id: subscriptionId.toLowerCase(),
    name_key: name.toLowerCase(),
    name,
    location,
    tags: JSON.stringify(tags),
    managed_by: managedBy ?? null,
  }
}
