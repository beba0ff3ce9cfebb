import type { Transaction } from '../../platform/sql/database.ts'
import { DirectoryError, resourceNotFound } from './errors.ts'
import type { PrincipalStore } from './principal-store.ts'
import type { GroupMemberRow } from './rows.ts'

/**
 * Requires that the directory still has an owner. The caller calls this function within the change and again after it. Of two concurrent
 * changes, at least one then finds that no owner remains.
 *
 * @throws DirectoryError, which undoes the change
 */
export async function requireOwnerLeft(
  store: PrincipalStore,
  transaction: Transaction,
  deletedId?: string,
): Promise<void> {
  if ((await store.countOwners(transaction, deletedId)) > 0) return
  throw new DirectoryError('invalid', 'The last owner of the directory cannot be deleted, disabled or demoted.')
}

/**
 * Requires that the new owner is a user or a service principal.
 *
 * @throws DirectoryError
 */
export async function requireOwnerToBe(
  store: PrincipalStore,
  transaction: Transaction,
  ownerId: string,
  what: 'a group' | 'an application',
): Promise<void> {
  if ((await kindOf(store, transaction, ownerId)) !== 'group') return
  throw new DirectoryError('invalid', `An owner of ${what} must be a user or a service principal.`)
}

/** The kind of the principal with this object id. @throws DirectoryError 404 */
export async function kindOf(
  store: PrincipalStore,
  transaction: Transaction,
  objectId: string,
): Promise<GroupMemberRow['member_kind']> {
  if ((await store.user(transaction, objectId)) !== undefined) return 'user'
  if ((await store.servicePrincipal(transaction, 'object_id', objectId)) !== undefined) return 'service-principal'
  if ((await store.group(transaction, objectId)) !== undefined) return 'group'
  throw resourceNotFound(objectId)
}

/** The principals that own each subscription, by the scope of the subscription. */
export type SubscriptionOwners = (transaction: Transaction) => Promise<ReadonlyMap<string, readonly string[]>>

/** The dependencies of the check for owners of subscriptions. */
type OwnerReads = Pick<PrincipalStore, 'user' | 'servicePrincipal' | 'group'> & {
  /** The groups that contain an object, and the members of a group, including the members of nested groups. */
  readonly groupIdsAbove: (transaction: Transaction, objectId: string) => Promise<readonly string[]>
  readonly memberIdsBelow: (transaction: Transaction, groupId: string) => Promise<readonly string[]>
}

/** Ensures that every subscription has an owner who can act, because only an owner can assign roles there. */
export function createSubscriptionGuard(store: OwnerReads, owners: SubscriptionOwners) {
  async function isAble(transaction: Transaction, objectId: string): Promise<boolean> {
    const principal =
      (await store.user(transaction, objectId)) ?? (await store.servicePrincipal(transaction, 'object_id', objectId))
    if (principal !== undefined) return principal.enabled === 1
    // The tables of users do not contain the principals of trusted tenants.
    if ((await store.group(transaction, objectId)) === undefined) return true
    return some(transaction, await store.memberIdsBelow(transaction, objectId))
  }

  async function some(transaction: Transaction, objectIds: readonly string[]): Promise<boolean> {
    for (const objectId of objectIds) if (await isAble(transaction, objectId)) return true
    return false
  }

  return {
    /** The subscriptions that a principal owns, directly or through a group. */
    ownedBy: async (transaction: Transaction, objectId: string): Promise<readonly string[]> => {
      const own = new Set([objectId, ...(await store.groupIdsAbove(transaction, objectId))])
      return [...(await owners(transaction))].filter(([, ids]) => ids.some((id) => own.has(id))).map(([scope]) => scope)
    },
    /**
     * Requires that each of these subscriptions still has an owner that is enabled. The caller calls this function within the change and
     * again after it.
     *
     * @throws DirectoryError, which undoes the change
     */
    requireOwners: async (transaction: Transaction, scopes: readonly string[]): Promise<void> => {
      if (scopes.length === 0) return
      const left = await owners(transaction)
      for (const scope of scopes) {
        if (await some(transaction, left.get(scope) ?? [])) continue
        const text = `The last owner of ${scope} cannot be deleted or disabled. First assign the role Owner at this scope to another principal.`
        throw new DirectoryError('invalid', text)
      }
    },
  }
}

/** Ensures that every subscription has an owner. */
export type SubscriptionGuard = ReturnType<typeof createSubscriptionGuard>
