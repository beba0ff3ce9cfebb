import { type AuthenticationRecords, type User, asUser } from '../../directory/index.ts'
import { hashId, newId, parseId } from '../../platform/keys/random-id.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { OneTimeCodes } from '../one-time-codes/one-time-code-store.ts'
import type { PasswordChange, PasswordReset } from './password-changes.ts'
import { type PreparedPassword, prepareGeneratedPassword } from './passwords.ts'

/** A one-time link of a user that was not used, without its code. It may have expired. */
type PendingOneTimeLink = { readonly createdAtMs: number; readonly expiresAtMs: number }

/** One-time links, each with which one user chooses a password, once and for a limited time. */
export interface OneTimeLinks {
  /**
   * Resets the password of a user to one that nobody knows, and ends the sign-ins. Returns the code of the link, which is
   * returned only here. An earlier link becomes invalid, as it does with every new password.
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
  /** Also ends the sign-ins that began with it. False if there is none. */
  remove(transaction: Transaction, objectId: string): Promise<boolean>
}

/** A one-time link to be created. `removesMethods` is that of a reset. */
export type NewOneTimeLink = PasswordChange & {
  readonly lifetimeMs: number
  /** The object id of the creator. The link ends when they are disabled or deleted. */
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
      // If the link was removed between the two reads, the user already has the next revision, with which a sign-in would be valid.
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
