import { hash } from 'node:crypto'
import { type SecureContext, createSecureContext } from 'node:tls'
import type { Clock } from '../process/clock.ts'
import { issueChallengeCertificate } from '../tls/issue.ts'
import type { ChallengeKind, PublishChallenge } from './acme-client.ts'

/** The challenges that a provider may check now. */
export type Challenges = {
  readonly publish: PublishChallenge
  /** The certificate for a TLS-ALPN-01 challenge of a host. [RFC 8737 §3] */
  readonly contextOf: (host: string) => SecureContext | undefined
  /** The response to an HTTP-01 challenge. [RFC 8555 §8.3] */
  readonly responseTo: (token: string) => string | undefined
}

/** Creates an empty list of challenges of one kind. */
export function createChallenges(kind: ChallengeKind, clock: Clock): Challenges {
  const contexts = new Map<string, SecureContext>()
  const responses = new Map<string, string>()
  return {
    publish: async ({ host, token, keyAuthorization }) => {
      if (kind === 'http-01') {
        responses.set(token, keyAuthorization)
        return () => void responses.delete(token)
      }
      const digest = hash('sha256', keyAuthorization, 'buffer')
      contexts.set(host, createSecureContext(await issueChallengeCertificate(host, digest, clock.now())))
      return () => void contexts.delete(host)
    },
    contextOf: (host) => contexts.get(host),
    responseTo: (token) => responses.get(token),
  }
}
