import type { Transaction } from '../../platform/sql/database.ts'
import { isName, nameKey } from '@acrux/shared/standards/azure/object-name.ts'
import type { DirectoryRole, User } from '../principals/model.ts'
import type { PrincipalStore } from '../principals/principal-store.ts'
import { toUser } from '../principals/principals.ts'
import { roleOf } from '../principals/records.ts'
import type { UserRow } from '../principals/rows.ts'
import type { PeopleStore } from './people-store.ts'

/** A user with the columns that only the authentication of users reads. */
export type AuthenticationRecord = User & {
  /** The user principal name in the form of a key. */
  readonly nameKey: string
  readonly directoryRole: DirectoryRole | undefined
  /** The value is undefined if the user has no password. */
  readonly passwordHash: string | undefined
  readonly passwordChangedAtMs: number | undefined
}

/** The columns of users that belong to authentication. */
export interface AuthenticationRecords {
  /** Finds a user. With a transaction, the function reads the state inside the transaction. */
  find(objectId: string, transaction?: Transaction): Promise<AuthenticationRecord | undefined>
  /**
   * Finds a user by the name, in upper or lower case. For an invalid name, the function also reads the database, so that it takes the same
   * time.
   */
  findByName(userPrincipalName: string): Promise<AuthenticationRecord | undefined>
  setPassword(
    transaction: Transaction,
    objectId: string,
    password: { readonly passwordHash: string; readonly mustChange: boolean; readonly atMs: number },
  ): Promise<void>
  /** Invalidates every earlier authentication of the user for which no sign-in exists yet. */
  advanceRevision(transaction: Transaction, objectId: string): Promise<void>
  /** The users that own the directory, in the order of their ids. */
  owners(transaction: Transaction): Promise<readonly { readonly objectId: string; readonly enabled: boolean }[]>
}

/** Creates the access to the columns of users that belong to authentication. */
export function createAuthenticationRecords(store: PeopleStore & PrincipalStore): AuthenticationRecords {
  return {
    find: async (objectId, transaction) => {
      const row = await (transaction === undefined ? store.userById(objectId) : store.user(transaction, objectId))
      return row && toAuthenticationRecord(row)
    },
    findByName: async (userPrincipalName) => {
      const row = await store.userByName(isName(userPrincipalName) ? nameKey(userPrincipalName) : '')
      return row && toAuthenticationRecord(row)
    },
    setPassword: async (transaction, objectId, { passwordHash, mustChange, atMs }) => {
      await store.updateUser(transaction, objectId, {
        password_hash: passwordHash,
        must_change_password: mustChange ? 1 : 0,
        password_changed_at_ms: atMs,
      })
    },
    advanceRevision: async (transaction, objectId) => {
      await store.advanceAuthenticationRevision(transaction, objectId)
    },
    owners: async (transaction) =>
      (await store.owners(transaction)).map((row) => ({ objectId: row.object_id, enabled: row.enabled === 1 })),
  }
}

function toAuthenticationRecord(row: UserRow): AuthenticationRecord {
  return {
    ...toUser(row),
    nameKey: row.user_principal_name_key,
    directoryRole: roleOf(row.directory_role),
    passwordHash: row.password_hash === '' ? undefined : row.password_hash,
    passwordChangedAtMs: row.password_changed_at_ms ?? undefined,
  }
}
