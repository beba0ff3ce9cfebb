import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SecureContext } from 'node:tls'
import type { Clock } from '../process/clock.ts'
import type { DatabaseKind } from '../sql/database.ts'
import { issueChallengeCertificate } from '../tls/issue.ts'
import { type NamedPair, NamedPairs } from '../tls/named-pairs.ts'
import type { ChallengeKind, PublishChallenge } from './acme-client.ts'
import type { AcmeStore } from './acme-store.ts'

/** How often each process loads the challenges from the database. A TLS handshake cannot wait for the database. */
export const challengeSeconds = 1

/** The challenges that a provider may check now. Every process that shares the database answers the challenges. */
export type Challenges = {
  readonly publish: PublishChallenge
  /** The certificate for a TLS-ALPN-01 challenge of a host. [RFC 8737 §3] */
  readonly contextOf: (host: string) => SecureContext | undefined
  /** The response to an HTTP-01 challenge. [RFC 8555 §8.3] */
  readonly responseTo: (token: string) => Promise<string | undefined>
  /** Loads the TLS-ALPN-01 challenges that other processes have published. */
  readonly load: () => Promise<void>
  /** The certificates for TLS-ALPN-01 challenges. */
  readonly list: () => readonly NamedPair[]
}

export type ChallengesOptions = {
  readonly kind: ChallengeKind
  readonly store: AcmeStore
  readonly clock: Clock
  /** If the database is SQLite, no other process uses the database. */
  readonly databaseKind: DatabaseKind
  /** The returned promise is awaited before the provider may check a new certificate. */
  readonly changed: () => Promise<void>
}

/** Opens the challenges of one kind. */
export function createChallenges({ kind, store, clock, databaseKind, changed }: ChallengesOptions): Challenges {
  const pairs = new NamedPairs(clock)
  const tokens = new Map<string, string>()

  async function answer(host: string, token: string, keyAuthorization: string): Promise<void> {
    const digest = hash('sha256', keyAuthorization, 'buffer')
    const pair = await issueChallengeCertificate(host, digest, clock.now())
    pairs.set({ ...pair, host, expiresAtMs: Infinity })
    tokens.set(host, token)
    await changed()
  }

  async function withdraw(host: string): Promise<void> {
    pairs.delete(host)
    if (tokens.delete(host)) await changed()
  }

  return {
    publish: async ({ host, token, keyAuthorization }) => {
      await store.putChallenge({ host, token, key_authorization: keyAuthorization })
      if (kind === 'tls-alpn-01') {
        await answer(host, token, keyAuthorization)
        // After this time, the other processes have loaded the challenge.
        if (databaseKind === 'postgres') await sleep(2 * challengeSeconds * 1000)
      }
      return async () => {
        await withdraw(host)
        await store.removeChallenge(host)
      }
    },
    contextOf: pairs.contextOf,
    list: () => pairs.list(),
    responseTo: async (token) => (await store.findChallenge(token))?.key_authorization,
    load: async () => {
      if (databaseKind === 'sqlite' || kind !== 'tls-alpn-01') return
      const rows = await store.listChallenges()
      for (const { host, token, key_authorization } of rows) {
        if (tokens.get(host) !== token) await answer(host, token, key_authorization)
      }
      for (const host of tokens.keys()) if (!rows.some((row) => row.host === host)) await withdraw(host)
    },
  }
}
