import type { Transaction } from '../platform/sql/database.ts'
import { GraphError } from './errors.ts'
import type { DirectoryStore } from './store.ts'

/**
 * Whoever took the last owner away would lock everybody out of the directory. Asked within the change and after it, so
 * that two that run at once cannot each leave the other's owner.
 *
 * @throws GraphError, which undoes the change
 */
export async function requireOwnerLeft(store: DirectoryStore, transaction: Transaction): Promise<void> {
  if ((await store.countOwners(transaction)) > 0) return
  throw new GraphError('badRequest', 'The last owner of the directory can be neither deleted, disabled nor demoted.')
}
