import type { Transaction } from '../platform/sql/database.ts'
import { DirectoryError, resourceNotFound } from './errors.ts'
import { requireOwnerLeft } from './owners.ts'
import type { SecondFactorRules } from './people/second-factor-policy.ts'
import type { DirectoryRole } from './model.ts'
import { roleOf } from './records.ts'
import type { DirectoryStore } from './store.ts'

/** Gives and takes the roles on the directory itself. A user or service principal has one of them at most. */
export function createDirectoryRoles({
  store,
  rules,
}: {
  readonly store: DirectoryStore
  readonly rules: Pick<SecondFactorRules, 'endInsufficientOf'>
}) {
  async function requireHolder(transaction: Transaction, objectId: string) {
    const user = await store.user(transaction, objectId)
    if (user !== undefined) return { kind: 'user', role: user.directory_role } as const
    const principal = await store.servicePrincipal(transaction, 'object_id', objectId)
    if (principal !== undefined) return { kind: 'service-principal', role: principal.directory_role } as const
    if ((await store.group(transaction, objectId)) === undefined) throw resourceNotFound(objectId)
    throw new DirectoryError('invalid', 'A group cannot have a role on the directory.')
  }

  async function setRole(
    transaction: Transaction,
    objectId: string,
    kind: 'user' | 'service-principal',
    role: DirectoryRole | null,
  ): Promise<void> {
    if (kind === 'user') await store.updateUser(transaction, objectId, { directory_role: role })
    else await store.setServicePrincipalRole(transaction, objectId, role)
  }

  return {
    /** Who has a role, in the order of their ids. */
    holders: async (): Promise<{ objectId: string; role: DirectoryRole }[]> =>
      (await store.listRoleHolders()).flatMap(({ object_id: objectId, directory_role }) => {
        const role = roleOf(directory_role)
        return role === undefined ? [] : [{ objectId, role }]
      }),
    /** The greater role holds the lesser: who is a reader may become an owner, and an owner is a reader already. */
    assign: async (transaction: Transaction, objectId: string, role: DirectoryRole): Promise<void> => {
      const { kind, role: present } = await requireHolder(transaction, objectId)
      if (present === 'owner' || present === role) {
        throw new DirectoryError(
          'invalid',
          'A conflicting object with one or more of the specified property values is present in the directory.',
        )
      }
      await setRole(transaction, objectId, kind, role)
      // More may be required of an owner than of the person who signed in.
      if (role === 'owner') await rules.endInsufficientOf(transaction, objectId)
    },
    remove: async (transaction: Transaction, objectId: string, role: DirectoryRole): Promise<void> => {
      transaction.changesAuthority()
      const { kind, role: present } = await requireHolder(transaction, objectId)
      if (present !== role) throw resourceNotFound(objectId)
      await setRole(transaction, objectId, kind, null)
      if (role === 'owner') await requireOwnerLeft(store, transaction)
    },
  }
}

export type DirectoryRoles = ReturnType<typeof createDirectoryRoles>
