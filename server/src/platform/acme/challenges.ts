import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type SecureContext, createSecureContext } from 'node:tls'
import type { Clock } from '../process/clock.ts'
import type { DatabaseKind } from '../sql/database.ts'
import { issueChallengeCertificate } from '../tls/issue.ts'
import type { ChallengeKind, PublishChallenge } from './acme-client.ts'
import type { AcmeStore } from './acme-store.ts'

/** How often each process loads the challenges. A handshake cannot wait for the database. */
export const challengeSeconds = 1

/** The challenges that a provider may check now. Every process that shares the database answers them. */
export type Challenges = {
  readonly publish: PublishChallenge
  /** The certificate for a TLS-ALPN-01 challenge of a host. [RFC 8737 §3] */
  readonly contextOf: (host: string) => SecureContext | undefined
  /** The response to an HTTP-01 challenge. [RFC 8555 §8.3] */
  readonly responseTo: (token: string) => Promise<string | undefined>
  /** Loads the TLS-ALPN-01 challenges that other processes have published. */
  readonly load: () => Promise<void>
}

export type ChallengesOptions = {
  readonly kind: ChallengeKind
  readonly store: AcmeStore
  readonly clock: Clock
  /** Only this process uses a SQLite database. */
  readonly databaseKind: DatabaseKind
}

/** Opens the challenges of one kind. */
export function createChallenges({ kind, store, clock, databaseKind }: ChallengesOptions): Challenges {
  const contexts = new Map<string, { readonly token: string; readonly context: SecureContext }>()

  async function answer(host: string, token: string, keyAuthorization: string): Promise<void> {
    const digest = hash('sha256', keyAuthorization, 'buffer')
    const context = createSecureContext(await issueChallengeCertificate(host, digest, clock.now()))
    contexts.set(host, { token, context })
  }

  return {
    publish: async ({ host, token, keyAuthorization }) => {
      await store.putChallenge({ host, token, key_authorization: keyAuthorization })
      if (kind === 'tls-alpn-01') {
        await answer(host, token, keyAuthorization)
        // By then, the other processes have loaded it.
        if (databaseKind === 'postgres') await sleep(2 * challengeSeconds * 1000)
      }
      return async () => {
        contexts.delete(host)
        await store.removeChallenge(host)
      }
    },
    contextOf: (host) => contexts.get(host)?.context,
    responseTo: async (token) => (await store.findChallenge(token))?.key_authorization,
    load: async () => {
      if (databaseKind === 'sqlite' || kind !== 'tls-alpn-01') return
      const rows = await store.listChallenges()
      for (const { host, token, key_authorization } of rows) {
        if (contexts.get(host)?.token !== token) await answer(host, token, key_authorization)
      }
      for (const host of contexts.keys()) if (!rows.some((row) => row.host === host)) contexts.delete(host)
    },
  }
}
