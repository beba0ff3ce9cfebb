import { hashSecret } from '../../platform/keys/sealing.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { OneTimeCodes } from '../one-time-codes/one-time-code-store.ts'
import { newReadableCode } from './readable-code.ts'

/** An access pass of a user, without its text. */
export type PendingAccessPass = { readonly createdAtMs: number; readonly expiresAtMs: number }

/** An access pass to be created. */
export type NewAccessPass = {
  readonly lifetimeMs: number
  /** The object id of the creator; null for an operator. The code becomes invalid when the creator is disabled or deleted. */
  readonly createdBy: string | null
}

/** Codes from an owner. Each code is for one user and one use, and is valid for a limited time. */
export interface AccessPasses {
  /** Creates a code and invalidates an earlier code of the user. No other function returns the code. */
  create(transaction: Transaction, objectId: string, code: NewAccessPass): Promise<string>
  find(objectId: string): Promise<PendingAccessPass | undefined>
  isValid(objectId: string, code: string): Promise<boolean>
  /** Invalidates the code after its use. Returns false if the code does not exist or has expired. */
  use(transaction: Transaction, objectId: string, code: string): Promise<boolean>
  /** Returns false if the user has no access pass. */
  remove(transaction: Transaction, objectId: string): Promise<boolean>
}

/** Creates the store of access passes. */
export function createAccessPasses({
  store,
  clock,
}: {
  readonly store: OneTimeCodes
  readonly clock: Clock
}): AccessPasses {
  const find = async (objectId: string) => {
    const row = await store.find(objectId)
    return row === undefined || clock.now() >= row.expires_at_ms ? undefined : row
  }
  return {
    create: async (transaction, objectId, { lifetimeMs, createdBy }) => {
      const code = newReadableCode()
      const nowMs = clock.now()
      await store.replace(transaction, {
        holder_id: objectId,
        code_hash: hashOf(objectId, code),
        created_at_ms: nowMs,
        expires_at_ms: nowMs + lifetimeMs,
        created_by: createdBy,
      })
      return code
    },
    find: async (objectId) => {
      const row = await find(objectId)
      return row && { createdAtMs: row.created_at_ms, expiresAtMs: row.expires_at_ms }
    },
    isValid: async (objectId, code) => (await find(objectId))?.code_hash === hashOf(objectId, code),
    use: async (transaction, objectId, code) =>
      (await store.use(transaction, hashOf(objectId, code), clock.now())) !== undefined,
    remove: (transaction, objectId) => store.delete(transaction, objectId),
  }
}

/** The hash is different for each user, so that a code is valid for one user only. */
function hashOf(objectId: string, code: string): string {
  const written = code
    .slice(0, 64)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
  return hashSecret(`access pass ${objectId} ${written}`).toString('base64url')
}
