import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { DirectoryListener } from '../principals/events.ts'
import type { ExternalGroups } from './external-groups.ts'
import type { ExternalUserStore } from './external-user-store.ts'

/** The number of users that one transaction changes. */
const sweepSize = 200

/** Ends sign-ins of removed providers, and deletes memberships of expired sign-ins. */
export function createProviderExpiry(options: {
  readonly database: Database
  readonly clock: Clock
  readonly store: ExternalUserStore
  readonly groups: ExternalGroups
  readonly events: Pick<DirectoryListener, 'onUserSuspended'>
}) {
  const { database, clock, store, groups, events } = options
  return {
    /**
     * Ends the sign-ins of users of removed issuers, and deletes their memberships. The server calls this at its start, because the
     * settings may have changed.
     */
    endSignInsOfRemovedProviders: async (isConfigured: (issuer: string) => boolean): Promise<void> => {
      const nowMs = clock.now()
      const issuers = (await store.issuersInForce(nowMs)).filter((issuer) => !isConfigured(issuer))
      if (issuers.length === 0) return
      await database.transaction(async (transaction) => {
        transaction.changesAuthority()
        for (const issuer of issuers) {
          for (const objectId of await store.peopleInForce(transaction, issuer, nowMs)) {
            await events.onUserSuspended(transaction, objectId)
            await groups.leave(transaction, objectId, issuer)
          }
          await store.endIssuer(transaction, issuer, nowMs)
        }
      })
    },

    /** Removes the group memberships of expired sign-ins. A job calls this every minute. */
    endStaleMemberships: async (): Promise<void> => {
      while (await store.hasStaleIdentities(clock.now())) {
        await database.transaction(async (transaction) => {
          for (const { object_id, issuer } of await store.staleIdentities(transaction, clock.now(), sweepSize)) {
            await groups.leave(transaction, object_id, issuer)
          }
        })
      }
    },
  }
}
