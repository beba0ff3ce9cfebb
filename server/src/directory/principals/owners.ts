import type { Transaction } from '../../platform/sql/database.ts'
import { DirectoryError, resourceNotFound } from './errors.ts'
import type { PrincipalStore } from './principal-store.ts'
import type { GroupMemberRow } from './rows.ts'

/**
 * Requires that the directory still has an owner. Called within the change and after it, so that of two concurrent changes
 * at least one sees that no owner is left.
 *
 * @throws DirectoryError, which undoes the change
 */
export async function requireOwnerLeft(store: PrincipalStore, transaction: Transaction): Promise<void> {
  if ((await store.countOwners(transaction)) > 0) return
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

/**
 * Requires that a deletion leaves every subscription an owner, since only an owner can assign roles there.
 *
 * @param ownerless the subscriptions that the deletion leaves without an owner
 * @throws DirectoryError, which undoes the deletion
 */
export function requireSubscriptionOwnersLeft(ownerless: readonly string[]): void {
  const [scope] = ownerless
  if (scope === undefined) return
  const text = `The last owner of ${scope} cannot be deleted. Assign the role Owner there to another principal first.`
  throw new DirectoryError('invalid', text)
}
