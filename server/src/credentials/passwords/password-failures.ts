import { hash } from 'node:crypto'
import { neighbourhoodOf } from '../../platform/limits/sender-budget.ts'
import { type Clock, isWaiting } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { PasswordFailureStore } from './password-failure-store.ts'

/** Wrong passwords for one name within an hour after which unknown senders need a second factor. */
const maxFailures = 100

/** Beyond that, each neighbourhood of addresses still has a few guesses an hour, up to a limit for one name. */
const maxNeighbourhoodFailures = 2
const maxSpreadFailures = 1000

const windowMs = 60 * 60 * 1000

/** The number of counters, which bounds the memory. Names share a counter by their hash, which nobody can choose. */
const nameBuckets = 65_536
const neighbourhoodBuckets = 262_144

/**
 * Counts wrong passwords from unknown senders in the database, for all processes: by name, and by name and neighbourhood of
 * addresses. Unknown names are counted too.
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
    /** Whether the password alone is still enough for an unknown sender in this network. */
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

/** Resets the counter of a name, after a change of the password. */
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
