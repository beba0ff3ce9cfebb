import { randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { managedResourceId, requireKind } from '../principals/managed-resource.ts'
import type { ManagedIdentity, ManagedIdentityKind, OnPrincipalDeleted, ResourcePlace } from '../principals/model.ts'
import { requireOwnerLeft } from '../principals/owners.ts'
import type { PrincipalStore } from '../principals/principal-store.ts'
import type { ManagedIdentityRow, ServicePrincipalRow } from '../principals/rows.ts'
import type { FoundManagedIdentityRow, ManagedIdentityStore } from './managed-identity-store.ts'

/** The managed identities as ARM resources. A deletion also deletes all data of the identity in other modules. */
export interface ManagedIdentities {
  /** Finds a managed identity. With a transaction, the function reads the state inside the transaction. */
  find(kind: ManagedIdentityKind, place: ResourcePlace, transaction?: Transaction): Promise<ManagedIdentity | undefined>
  list(
    subscriptionId: string,
    narrowed?: { readonly kind?: ManagedIdentityKind; readonly resourceGroup?: string | undefined },
  ): Promise<ManagedIdentity[]>
  /** Finds a managed identity by its object id. With a transaction, the function reads the state inside the transaction. */
  findById(objectId: string, transaction?: Transaction): Promise<ManagedIdentity | undefined>
  named(objectIds: readonly string[], transaction?: Transaction): Promise<ManagedIdentity[]>
  /** Creates a managed identity, or replaces the tags of an existing one. The resource group must exist. */
  put(
    transaction: Transaction,
    identity: ResourcePlace & Pick<ManagedIdentity, 'kind' | 'location' | 'tags'>,
  ): Promise<{ readonly identity: ManagedIdentity; readonly created: boolean }>
  /** @throws DirectoryError if the identity is the last owner of the directory */
  delete(transaction: Transaction, identity: ManagedIdentity): Promise<void>
  deleteInGroup(transaction: Transaction, subscriptionId: string, resourceGroup: string): Promise<ManagedIdentity[]>
}

export type ManagedIdentityOptions = {
  readonly store: PrincipalStore
  readonly managedStore: ManagedIdentityStore
  readonly clock: Clock
  readonly onPrincipalDeleted: OnPrincipalDeleted
}

/** Creates the service principals that are ARM resources: user-assigned identities and the identities of machines. */
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
      assignment_required: 0,
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
    return { ...row, app_id: principal.app_id, enabled: principal.enabled }
  }

  async function remove(transaction: Transaction, { objectId, appId }: ManagedIdentity): Promise<void> {
    transaction.changesAuthority()
    const principal = await store.servicePrincipal(transaction, 'object_id', objectId)
    await onPrincipalDeleted(transaction, { kind: 'service-principal', objectId, appId })
    await managedStore.remove(transaction, objectId)
    await store.deleteServicePrincipal(transaction, objectId)
    if (principal?.directory_role === 'owner') await requireOwnerLeft(store, transaction)
  }

  return {
    find: async (kind, place, transaction) => {
      const row = await managedStore.find(transaction, kind, keysOf(place))
      return row === undefined ? undefined : toManagedIdentity(row)
    },
    findById: async (objectId, transaction) => {
      const [row] = await managedStore.byIds(transaction, [objectId])
      return row && toManagedIdentity(row)
    },
    named: async (objectIds, transaction) => (await managedStore.byIds(transaction, objectIds)).map(toManagedIdentity),
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

function toManagedIdentity(row: FoundManagedIdentityRow): ManagedIdentity {
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
