import { hash } from 'node:crypto'
import { neighbourhoodOf } from '../../platform/limits/sender-budget.ts'
import { type Clock, isWaiting } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { PasswordFailureStore } from './password-failure-store.ts'

/** The number of wrong passwords for one name within an hour after which unknown senders need a second factor. */
const maxFailures = 100

/** Above the limit of a name, each group of neighbouring addresses may still make a few guesses an hour, up to a total for the name. */
const maxNeighbourhoodFailures = 2
const maxSpreadFailures = 1000

const windowMs = 60 * 60 * 1000

/**
 * The number of counters, which limits the use of memory. Several names share a counter if their hashes are equal. Nobody can choose these
 * hashes.
 */
const nameBuckets = 65_536
const neighbourhoodBuckets = 262_144

/**
 * Counts wrong passwords from unknown senders in the database, for all processes. One counter is for each name, and one for each name and
 * group of neighbouring addresses. Unknown names are also counted.
 */
export function createPasswordFailures({
  store,
  clock,
}: {
  readonly store: PasswordFailureStore
  readonly clock: Clock
}) {
  async function recent(bucket: number): Promise<number> {
    const row = await store.passwordFailures(bucket)
    return row !== undefined && isWaiting(row.since_ms + windowMs, clock.now(), windowMs) ? row.failures : 0
  }
  return {
    /** Whether an unknown sender in this network can still sign in with the password alone. */
    isPasswordEnough: async (key: string, network: string): Promise<boolean> => {
      const ofName = await recent(bucketOf(key))
      const ofNeighbourhood = await recent(bucketOf(key, network))
      return ofName < maxFailures || (ofName < maxSpreadFailures && ofNeighbourhood < maxNeighbourhoodFailures)
    },
    count: async (transaction: Transaction, key: string, network: string): Promise<void> => {
      const nowMs = clock.now()
      for (const bucket of [bucketOf(key), bucketOf(key, network)]) {
        await store.countPasswordFailure(transaction, bucket, nowMs, windowMs)
      }
    },
  }
}

/** Resets the counter of a user name after the password was changed. */
export async function deleteFailures(
  store: PasswordFailureStore,
  transaction: Transaction,
  key: string,
): Promise<void> {
  await store.deletePasswordFailures(transaction, bucketOf(key))
}

function bucketOf(key: string, network?: string): number {
  const text = network === undefined ? key : `${key} ${neighbourhoodOf(network)}`
  const number = hash('sha256', text, 'buffer').readUInt32BE(0)
  return network === undefined ? number % nameBuckets : nameBuckets + (number % neighbourhoodBuckets)
}
