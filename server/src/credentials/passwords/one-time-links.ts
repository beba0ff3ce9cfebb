import { type AuthenticationRecords, type User, asUser } from '../../directory/index.ts'
import { hashId, newId, parseId } from '../../platform/keys/random-id.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { OneTimeCodes } from '../one-time-codes/one-time-code-store.ts'
import type { PasswordChange, PasswordReset } from './password-changes.ts'
import { type PreparedPassword, prepareGeneratedPassword } from './passwords.ts'

/** An unused one-time link of a user, without its code. The link may have expired. */
type PendingOneTimeLink = { readonly createdAtMs: number; readonly expiresAtMs: number }

/** One-time links. With a one-time link, one user can choose a password once within a limited time. */
export interface OneTimeLinks {
  /**
   * Sets a random password that nobody can read, and ends the sign-ins of the user. Returns the code of the link; no other function returns
   * this code. Earlier links of the user become invalid.
   *
   * @throws DirectoryError
   */
  create(
    transaction: Transaction,
    objectId: string,
    link: NewOneTimeLink,
  ): Promise<{ readonly code: string; readonly made: PendingOneTimeLink }>
  find(objectId: string): Promise<PendingOneTimeLink | undefined>
  /** The user whose valid link has this code. The link remains valid until the user has chosen a password. */
  holderOf(code: string): Promise<User | undefined>
  /** Removes the link, and ends the sign-ins that began with the link. Returns false if the user has no link. */
  remove(transaction: Transaction, objectId: string): Promise<boolean>
}

/** A one-time link to be created. `removesMethods` has the same meaning as in a password reset. */
export type NewOneTimeLink = PasswordChange & {
  readonly lifetimeMs: number
  /** The object id of the creator. The link becomes invalid when the creator is disabled or deleted. */
  readonly createdBy: string
}

export type OneTimeLinkOptions = {
  readonly store: OneTimeCodes
  readonly authentication: Pick<AuthenticationRecords, 'find'>
  readonly clock: Clock
  readonly resetPassword: (
    transaction: Transaction,
    objectId: string,
    password: PreparedPassword,
    reset: PasswordReset,
  ) => Promise<void>
  readonly endSignInsOf: (transaction: Transaction, objectId: string) => Promise<void>
}

/** Creates the one-time links. */
export function createOneTimeLinks(options: OneTimeLinkOptions): OneTimeLinks {
  const { store, authentication, clock, resetPassword, endSignInsOf } = options
  return {
    create: async (transaction, objectId, { lifetimeMs, createdBy, ...change }) => {
      await resetPassword(transaction, objectId, prepareGeneratedPassword(newId()), { ...change, mustChange: true })
      const code = newId()
      const nowMs = clock.now()
      const expiresAtMs = nowMs + lifetimeMs
      await store.replace(transaction, {
        holder_id: objectId,
        code_hash: hashId(code),
        created_at_ms: nowMs,
        expires_at_ms: expiresAtMs,
        created_by: createdBy,
      })
      return { code, made: { createdAtMs: nowMs, expiresAtMs } }
    },
    find: async (objectId) => {
      const row = await store.find(objectId)
      return row && { createdAtMs: row.created_at_ms, expiresAtMs: row.expires_at_ms }
    },
    holderOf: async (text) => {
      const code = parseId(text)
      if (code === undefined) return undefined
      const row = await store.findByHash(hashId(code))
      if (row === undefined || clock.now() >= row.expires_at_ms) return undefined
      const user = await authentication.find(row.holder_id)
      // The link may have been removed between the two reads. The user then already has the next revision, and a sign-in with this revision
      // would be valid.
      if ((await store.findByHash(hashId(code))) === undefined) return undefined
      return user?.enabled === true && !user.external ? asUser(user) : undefined
    },
    remove: async (transaction, objectId) => {
      if (!(await store.delete(transaction, objectId))) return false
      await endSignInsOf(transaction, objectId)
      return true
    },
  }
}
