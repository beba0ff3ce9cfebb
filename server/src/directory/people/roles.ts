import type { Transaction } from '../../platform/sql/database.ts'
import { DirectoryError, resourceNotFound } from '../principals/errors.ts'
import type { DirectoryListener } from '../principals/events.ts'
import type { DirectoryRole } from '../principals/model.ts'
import { requireOwnerLeft } from '../principals/owners.ts'
import type { PrincipalStore } from '../principals/principal-store.ts'
import { roleOf } from '../principals/records.ts'

/**
 * Assigns and removes the roles on the directory itself. A user or service principal has at most one of these roles.
 *
 */
export function createDirectoryRoles({
  store,
  events,
}: {
  readonly store: PrincipalStore
  readonly events: Pick<DirectoryListener, 'onOwnerAdded'>
}) {
  async function requireHolder(transaction: Transaction, objectId: string) {
    const user = await store.user(transaction, objectId)
    if (user !== undefined) return { table: 'directory_user', role: user.directory_role } as const
    const principal = await store.servicePrincipal(transaction, 'object_id', objectId)
    if (principal !== undefined) return { table: 'service_principal', role: principal.directory_role } as const
    if ((await store.group(transaction, objectId)) === undefined) throw resourceNotFound(objectId)
    throw new DirectoryError('invalid', 'A group cannot have a role on the directory.')
  }

  return {
    /** The principals with a role, in the order of their ids. */
    holders: async (): Promise<{ objectId: string; role: DirectoryRole }[]> =>
      (await store.listRoleHolders()).flatMap(({ object_id: objectId, directory_role }) => {
        const role = roleOf(directory_role)
        return role === undefined ? [] : [{ objectId, role }]
      }),
    /** An owner is also a reader. Therefore a reader may become an owner, but an owner may not become a reader. */
    assign: async (transaction: Transaction, objectId: string, role: DirectoryRole): Promise<void> => {
      const { table, role: present } = await requireHolder(transaction, objectId)
      if (present === 'owner' || present === role) {
        throw new DirectoryError(
          'invalid',
          'A conflicting object with one or more of the specified property values is present in the directory.',
        )
      }
      await store.setRole(transaction, table, objectId, role)
      // The policy may require a second factor of an owner.
      if (role === 'owner') await events.onOwnerAdded(transaction, objectId)
    },
    remove: async (transaction: Transaction, objectId: string, role: DirectoryRole): Promise<void> => {
      transaction.changesAuthority()
      const { table, role: present } = await requireHolder(transaction, objectId)
      if (present !== role) throw resourceNotFound(objectId)
      await store.setRole(transaction, table, objectId, null)
      if (role === 'owner') await requireOwnerLeft(store, transaction)
    },
  }
}

export type DirectoryRoles = ReturnType<typeof createDirectoryRoles>
