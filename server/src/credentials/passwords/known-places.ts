import type { Origin } from '../../platform/http/app.ts'
import { networkOf } from '../../platform/limits/sender-budget.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { SecurityEvents } from '../security-events/security-events.ts'
import type { KnownNetworkStore } from './known-network-store.ts'

/** The address and browser of an attempt to sign in. */
export type SignInPlace = {
  readonly remoteAddress: string
  readonly userAgent?: string | undefined
  /** The time at which this browser last completed a sign-in of the user. A sealed cookie contains the time. */
  readonly browserKnownSinceMs?: ((objectId: string) => number | undefined) | undefined
}

const dayMs = 24 * 60 * 60 * 1000

/** How long the server remembers a network or browser after the last complete sign-in, and the maximum number of networks of a user. */
export const knownPlaceMs = 90 * dayMs
const maxNetworks = 20

/** The networks and browsers from which users have signed in. A password reset removes these networks and browsers. */
export function createKnownPlaces({
  store,
  clock,
  securityEvents,
}: {
  readonly store: KnownNetworkStore
  readonly clock: Clock
  readonly securityEvents: SecurityEvents
}) {
  return {
    /** Whether the user has signed in from this network or browser since the last change of the password. */
    isKnown: async (
      person: { readonly objectId: string; readonly passwordChangedAtMs: number },
      { remoteAddress, browserKnownSinceMs }: SignInPlace,
    ): Promise<boolean> => {
      const seen = await store.knownNetwork(person.objectId, storedNetwork(remoteAddress))
      const nowMs = clock.now()
      if (seen !== undefined && nowMs < seen.seen_at_ms + knownPlaceMs) return true
      const sinceMs = browserKnownSinceMs?.(person.objectId)
      return sinceMs !== undefined && sinceMs >= person.passwordChangedAtMs && nowMs < sinceMs + knownPlaceMs
    },

    /** Stores the network of a complete sign-in, at most once a day. The server records a security event for a new network. */
    record: async (
      transaction: Transaction,
      objectId: string,
      origin: Pick<Origin, 'remoteAddress' | 'userAgent'>,
    ): Promise<void> => {
      const nowMs = clock.now()
      const network = storedNetwork(origin.remoteAddress)
      const seen = await store.knownNetworkWithin(transaction, objectId, network)
      if (seen !== undefined && nowMs < seen.seen_at_ms + dayMs) return
      await store.recordNetwork(transaction, { object_id: objectId, network, seen_at_ms: nowMs }, maxNetworks)
      if (seen === undefined) await securityEvents.record(transaction, objectId, { kind: 'new-network', origin })
    },
  }
}

export type KnownPlaces = ReturnType<typeof createKnownPlaces>

function storedNetwork(remoteAddress: string): string {
  return networkOf(remoteAddress).slice(0, 64)
}
