import type { Transaction } from '../platform/sql/database.ts'
import { DirectoryError, resourceNotFound } from './errors.ts'
import type { GroupMemberRow } from './people/people-rows.ts'
import type { DirectoryStore } from './store.ts'

/**
 * Whoever took the last owner away would lock everybody out of the directory. Asked within the change and after it, so
 * that two that run at once cannot each leave the other's owner.
 *
 * @throws DirectoryError, which undoes the change
 */
export async function requireOwnerLeft(store: DirectoryStore, transaction: Transaction): Promise<void> {
  if ((await store.countOwners(transaction)) > 0) return
  throw new DirectoryError('invalid', 'The last owner of the directory can be neither deleted, disabled nor demoted.')
}

/**
 * Makes sure that somebody may own `what`: a person or a program, and no group.
 *
 * @throws DirectoryError
 */
export async function requireOwnerToBe(
  store: DirectoryStore,
  transaction: Transaction,
  ownerId: string,
  what: 'a group' | 'an application',
): Promise<void> {
  if ((await kindOf(store, transaction, ownerId)) !== 'group') return
  throw new DirectoryError('invalid', `The owner of ${what} is a user or a service principal.`)
}

/** What an object id stands for. @throws DirectoryError 404 */
export async function kindOf(
  store: DirectoryStore,
  transaction: Transaction,
  objectId: string,
): Promise<GroupMemberRow['member_kind']> {
  if ((await store.user(transaction, objectId)) !== undefined) return 'user'
  if ((await store.servicePrincipal(transaction, 'object_id', objectId)) !== undefined) return 'service-principal'
  if ((await store.group(transaction, objectId)) !== undefined) return 'group'
  throw resourceNotFound(objectId)
}

/**
 * Whoever deleted the last owner of a subscription would leave nobody who can give a role there.
 *
 * @param ownerless the subscriptions that have no owner left by the deletion
 * @throws DirectoryError, which undoes the deletion
 */
export function requireSubscriptionOwnersLeft(ownerless: readonly string[]): void {
  const [scope] = ownerless
  if (scope === undefined) return
  const text = `The last owner of ${scope} cannot be deleted. Give the role Owner there to another first.`
  throw new DirectoryError('invalid', text)
}
