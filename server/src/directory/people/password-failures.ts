import { createHash } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import { neighbourhoodOf } from '../../platform/limits/sender-budget.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { DirectoryStore } from '../store.ts'

/** Wrong passwords for one name within an hour after which strangers have to show more than a password. */
const maxFailures = 100

/** Beyond that, each neighbourhood of addresses still has so many guesses an hour, up to so many for one name. */
const maxNeighbourhoodFailures = 2
const maxSpreadFailures = 1000

const windowMs = 60 * 60 * 1000

/** As many counters there are, whatever names and addresses are invented; one is shared with a few that nobody can choose. */
const nameBuckets = 65_536
const neighbourhoodBuckets = 262_144

/**
 * Counts wrong passwords of strangers in the database, for all processes: for each name, and for each name and
 * neighbourhood of addresses. An unknown name is counted like any other.
 */
export function createPasswordFailures({ store, clock }: { readonly store: DirectoryStore; readonly clock: Clock }) {
  async function recent(bucket: number): Promise<number> {
    const row = await store.passwordFailures(bucket)
    return row !== undefined && clock.now() < row.since_ms + windowMs ? row.failures : 0
  }
  return {
    /** Whether the password alone is still enough for a stranger of this network. */
    isPasswordEnough: async (key: string, network: string): Promise<boolean> => {
      const ofName = await recent(bucketOf(key))
      const ofNeighbourhood = await recent(bucketOf(key, network))
      return ofName < maxFailures || (ofName < maxSpreadFailures && ofNeighbourhood < maxNeighbourhoodFailures)
    },
    count: async (transaction: Transaction, key: string, network: string): Promise<void> => {
      const nowMs = clock.now()
      for (const bucket of [bucketOf(key), bucketOf(key, network)]) {
        await store.countPasswordFailure(transaction, bucket, nowMs, nowMs - windowMs)
      }
    },
  }
}

/** Lets strangers guess again for a name, after an administrator set another password. */
export async function forgetFailures(store: DirectoryStore, transaction: Transaction, key: string): Promise<void> {
  await store.forgetPasswordFailures(transaction, bucketOf(key))
}

function bucketOf(key: string, network?: string): number {
  const text = network === undefined ? key : `${key} ${neighbourhoodOf(network)}`
  const number = createHash('sha256').update(text).digest().readUInt32BE(0)
  return network === undefined ? number % nameBuckets : nameBuckets + (number % neighbourhoodBuckets)
}
