import { randomUUID } from 'node:crypto'
import { hashPassword } from '../../platform/keys/password-hash.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { isUserPrincipalName, nameKey } from '@acrux/shared/standards/azure/object-name.ts'
import { type ExternalUsers, IdentityTakenError } from '../external/external-users.ts'
import { DirectoryError, NameTakenError, resourceNotFound } from '../principals/errors.ts'
import type { DirectoryListener } from '../principals/events.ts'
import type { DirectoryRole, ExternalIdentity, OnPrincipalDeleted } from '../principals/model.ts'
import { type SubscriptionGuard, requireOwnerLeft } from '../principals/owners.ts'
import type { PrincipalStore } from '../principals/principal-store.ts'
import { type UserRecord, toUserRecord } from '../principals/records.ts'
import type { UserRow } from '../principals/rows.ts'
import type { PeopleStore } from './people-store.ts'

/** A user to create. */
export type NewUser = {
  readonly userPrincipalName: string
  readonly displayName: string
  /**
   * The password of the user. The server hashes a text without a check of its strength. Undefined for users that another provider
   * authenticates.
   */
  readonly password: string | { readonly passwordHash: string } | undefined
  readonly directoryRole?: DirectoryRole
  readonly mail?: string | undefined
  readonly mailNickname?: string | undefined
  readonly enabled?: boolean | undefined
  readonly mustChangePassword?: boolean | undefined
  readonly external?: boolean | undefined
}

/** The properties of a user to change. */
export type UserChange = {
  readonly displayName?: string | undefined
  readonly mail?: string | null | undefined
  readonly mailNickname?: string | undefined
  readonly enabled?: boolean | undefined
  readonly mustChangePassword?: boolean | undefined
}

export type PeopleOptions = {
  readonly store: PeopleStore & PrincipalStore
  readonly clock: Clock
  readonly identities: Pick<ExternalUsers, 'setIdentities' | 'identitiesOf'>
  readonly events: Pick<DirectoryListener, 'onPrincipalDisabled' | 'onUserSuspended'>
  readonly guard: SubscriptionGuard
  readonly onPrincipalDeleted: OnPrincipalDeleted
}

/** The functions that change users. Each throws `DirectoryError` if the change is denied. */
export function createPeople({ store, clock, identities, events, guard, onPrincipalDeleted }: PeopleOptions) {
  async function requireUser(transaction: Transaction, objectId: string): Promise<UserRow> {
    const row = await store.user(transaction, objectId)
    if (row === undefined) throw resourceNotFound(objectId)
    return row
  }

  return {
    /** @throws RangeError for an invalid user principal name; NameTakenError */
    createUser: async (transaction: Transaction, user: NewUser, objectId?: string): Promise<UserRecord> => {
      if (!isUserPrincipalName(user.userPrincipalName)) {
        throw new RangeError('a user principal name consists of a name, an @ and a domain')
      }
      const row = await newUserRow(user, objectId ?? randomUUID(), clock.now())
      if (!(await store.insertUser(transaction, row))) throw new NameTakenError(user.userPrincipalName)
      return toUserRecord(row)
    },

    updateUser: async (transaction: Transaction, objectId: string, change: UserChange): Promise<void> => {
      // Caches contain the name of a user and whether the user is enabled.
      transaction.changesAuthority()
      const row = await requireUser(transaction, objectId)
      if (change.mustChangePassword === true && row.password_hash === '') throw noPasswordHere()
      const set = changedColumns(change)
      if (Object.keys(set).length > 0) await store.updateUser(transaction, objectId, set)
      // The sign-ins remain ended when the user is enabled again or has chosen a password.
      const { enabled, mustChangePassword } = change
      if (enabled === false) await events.onPrincipalDisabled(transaction, objectId)
      if (enabled === false || mustChangePassword === true) await events.onUserSuspended(transaction, objectId)
      if (enabled === false) {
        if (row.directory_role === 'owner') await requireOwnerLeft(store, transaction)
        await guard.requireOwners(transaction, await guard.ownedBy(transaction, objectId))
      }
    },

    /** Deletes a user with everything that belongs to the user in every module. */
    deleteUser: async (transaction: Transaction, objectId: string): Promise<UserRecord> => {
      transaction.changesAuthority()
      const row = await requireUser(transaction, objectId)
      await onPrincipalDeleted(transaction, { kind: 'user', objectId })
      await store.deleteUser(transaction, objectId)
      if (row.directory_role === 'owner') await requireOwnerLeft(store, transaction)
      return toUserRecord(row)
    },

    /** Replaces the identities of a user. If the user lost an identity, the function ends the sign-ins of the user. */
    setIdentities: async (
      transaction: Transaction,
      objectId: string,
      wanted: readonly ExternalIdentity[],
    ): Promise<void> => {
      try {
        if (!(await identities.setIdentities(transaction, objectId, wanted))) return
      } catch (error) {
        if (!(error instanceof IdentityTakenError)) throw error
        throw new DirectoryError('conflict', `Property identities cannot be set: ${error.message}.`, { cause: error })
      }
      transaction.changesAuthority()
      await events.onUserSuspended(transaction, objectId)
    },
    identitiesOf: identities.identitiesOf,
  }
}

async function newUserRow(user: NewUser, objectId: string, nowMs: number): Promise<UserRow> {
  const hasPassword = user.password !== undefined
  return {
    object_id: objectId,
    user_principal_name: user.userPrincipalName,
    user_principal_name_key: nameKey(user.userPrincipalName),
    display_name: user.displayName,
    display_name_key: nameKey(user.displayName),
    password_hash: await storedPassword(user.password),
    enabled: user.enabled === false ? 0 : 1,
    directory_role: user.directoryRole ?? null,
    created_at_ms: nowMs,
    mail: user.mail ?? null,
    mail_nickname: user.mailNickname ?? null,
    must_change_password: hasPassword && user.mustChangePassword === true ? 1 : 0,
    password_changed_at_ms: hasPassword ? nowMs : null,
    proof_revision: 0,
    external: user.external === true ? 1 : 0,
  }
}

function changedColumns({ displayName, mail, mailNickname, enabled, mustChangePassword }: UserChange) {
  return {
    ...(displayName === undefined ? {} : { display_name: displayName, display_name_key: nameKey(displayName) }),
    ...(mail === undefined ? {} : { mail }),
    ...(mailNickname === undefined ? {} : { mail_nickname: mailNickname }),
    ...(enabled === undefined ? {} : { enabled: enabled ? 1 : 0 }),
    ...(mustChangePassword === undefined ? {} : { must_change_password: mustChangePassword ? 1 : 0 }),
  }
}

async function storedPassword(password: NewUser['password']): Promise<string> {
  if (password === undefined) return ''
  return typeof password === 'string' ? hashPassword(password) : password.passwordHash
}

/** The error for a user without a password in this directory. */
export function noPasswordHere(): DirectoryError {
  return new DirectoryError('invalid', 'The user signs in at an external provider, and has no password on this server.')
}
