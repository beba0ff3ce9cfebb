import { randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { OnPrincipalDeleted, ManagedIdentity, ResourcePlace, ManagedIdentityKind } from '../model.ts'
import { managedResourceId, requireKind } from './managed-resource.ts'
import type { FoundManagedIdentityRow, ManagedIdentityStore } from './managed-identity-store.ts'
import { requireOwnerLeft } from '../owners.ts'
import type { DirectoryStore } from '../store.ts'
import type { ManagedIdentityRow, ServicePrincipalRow } from '../tables.ts'

/** The managed identities as resources. Who deletes one ends all that was got by it, and all that it was given. */
export interface ManagedIdentities {
  /** With a transaction, what that sees. */
  find(kind: ManagedIdentityKind, place: ResourcePlace, transaction?: Transaction): Promise<ManagedIdentity | undefined>
  list(
    subscriptionId: string,
    narrowed?: { readonly kind?: ManagedIdentityKind; readonly resourceGroup?: string | undefined },
  ): Promise<ManagedIdentity[]>
  /** Makes one, or replaces the tags of the one that is there. The caller sees to it that the group is there. */
  put(
    transaction: Transaction,
    identity: ResourcePlace & Pick<ManagedIdentity, 'kind' | 'location' | 'tags'>,
  ): Promise<{ readonly identity: ManagedIdentity; readonly created: boolean }>
  /** @throws DirectoryError for the last owner of the directory */
  delete(transaction: Transaction, identity: ManagedIdentity): Promise<void>
  deleteInGroup(transaction: Transaction, subscriptionId: string, resourceGroup: string): Promise<ManagedIdentity[]>
}

export type ManagedIdentityOptions = {
  readonly store: DirectoryStore
  readonly managedStore: ManagedIdentityStore
  readonly clock: Clock
  readonly onPrincipalDeleted: OnPrincipalDeleted
}

/** The service principals that are resources of ARM's: user-assigned identities, and the identities of machines. */
export function createManagedIdentities(options: ManagedIdentityOptions): ManagedIdentities {
  const { store, managedStore, clock, onPrincipalDeleted } = options

  async function insert(
    transaction: Transaction,
    identity: Pick<ManagedIdentity, 'kind' | 'location' | 'tags'>,
    place: ResourcePlace,
  ): Promise<FoundManagedIdentityRow> {
    const objectId = randomUUID()
    const principal: ServicePrincipalRow = {
      object_id: objectId,
      app_id: randomUUID(),
      application_id: objectId,
      enabled: 1,
      directory_role: null,
      created_at_ms: clock.now(),
    }
    const row: ManagedIdentityRow = {
      object_id: objectId,
      kind: identity.kind,
      subscription_id: place.subscriptionId.toLowerCase(),
      resource_group: place.resourceGroup,
      resource_group_key: place.resourceGroup.toLowerCase(),
      name: place.name,
      name_key: place.name.toLowerCase(),
      location: identity.location,
      tags: JSON.stringify(identity.tags),
      created_at_ms: principal.created_at_ms,
    }
    await store.insertServicePrincipal(transaction, principal)
    await managedStore.insert(transaction, row)
    if (identity.kind === 'machine') {
      const credential = { id: randomUUID(), machine_id: objectId, identity_id: objectId }
      await managedStore.insertCredential(transaction, credential)
    }
    return { ...row, app_id: principal.app_id, enabled: principal.enabled }
  }

  async function remove(transaction: Transaction, { objectId }: ManagedIdentity): Promise<void> {
    transaction.changesAuthority()
    const principal = await store.servicePrincipal(transaction, 'object_id', objectId)
    await onPrincipalDeleted(transaction, objectId)
    await managedStore.remove(transaction, objectId)
    await store.deleteServicePrincipal(transaction, objectId)
    if (principal?.directory_role === 'owner') await requireOwnerLeft(store, transaction)
  }

  return {
    find: async (kind, place, transaction) => {
      const row = await managedStore.find(transaction, kind, keysOf(place))
      return row === undefined ? undefined : toManagedIdentity(row)
    },
    list: async (subscriptionId, { kind, resourceGroup } = {}) => {
      const groupKey = resourceGroup?.toLowerCase()
      const narrowed = { ...(kind !== undefined && { kind }), ...(groupKey !== undefined && { groupKey }) }
      return (await managedStore.list(undefined, subscriptionId.toLowerCase(), narrowed)).map(toManagedIdentity)
    },
    put: async (transaction, identity) => {
      const present = await managedStore.find(transaction, identity.kind, keysOf(identity))
      if (present === undefined) {
        return { identity: toManagedIdentity(await insert(transaction, identity, identity)), created: true }
      }
      const tags = JSON.stringify(identity.tags)
      await managedStore.updateTags(transaction, present.object_id, tags)
      return { identity: toManagedIdentity({ ...present, tags }), created: false }
    },
    delete: remove,
    deleteInGroup: async (transaction, subscriptionId, resourceGroup) => {
      const groupKey = resourceGroup.toLowerCase()
      const rows = await managedStore.list(transaction, subscriptionId.toLowerCase(), { groupKey })
      const deleted = rows.map(toManagedIdentity)
      for (const identity of deleted) await remove(transaction, identity)
      return deleted
    },
  }
}

/** A managed identity, as other rooms know it. */
export function toManagedIdentity(row: FoundManagedIdentityRow): ManagedIdentity {
  const kind = requireKind(row.kind)
  const place = { subscriptionId: row.subscription_id, resourceGroup: row.resource_group, name: row.name }
  return {
    ...place,
    kind,
    id: managedResourceId(kind, place),
    objectId: row.object_id,
    appId: row.app_id,
    location: row.location,
    tags: JSON.parse(row.tags) as Record<string, string>,
    createdAtMs: row.created_at_ms,
  }
}

function keysOf({ subscriptionId, resourceGroup, name }: ResourcePlace) {
  return {
    subscriptionId: subscriptionId.toLowerCase(),
    groupKey: resourceGroup.toLowerCase(),
    nameKey: name.toLowerCase(),
  }
}
