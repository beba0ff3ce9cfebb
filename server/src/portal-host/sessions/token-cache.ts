import { decodeJwt } from 'jose'
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../../platform/memory/max-entries.ts'
import type { Clock } from '../../platform/process/clock.ts'

/** The time before its expiry at which a token is replaced. */
const renewBeforeMs = 5 * 60 * 1000
/** The maximum number of tokens of one session in memory, so that one session does not remove the tokens of other sessions. */
export const maxTokensPerSession = 16
/** The maximum number of sessions with tokens in memory. */
const maxSessions = 1000

type CachedToken = { readonly token: string; readonly renewAtMs: number; readonly generation: number }

/** The tokens of one session, and the requests for tokens that are running. */
type TokensOfSession = {
  readonly tokens: LRUCache<string, CachedToken>
  readonly pending: Map<string, Promise<string>>
}

/** Identifies a token of a session, and its time of use. A token of an earlier generation is no longer used. */
export type TokenKey = {
  readonly idHash: string
  readonly name: string
  readonly maxAgeMs?: number
  readonly generation?: number | undefined
}

/** Creates the cache of the tokens of sessions. */
export function createTokenCache(clock: Clock) {
  const sessions = new LRUCache<string, TokensOfSession>(maxEntries(maxSessions))

  function tokensOf(idHash: string): TokensOfSession {
    const known = sessions.get(idHash)
    if (known !== undefined) return known
    const created = { tokens: new LRUCache<string, CachedToken>(maxEntries(maxTokensPerSession)), pending: new Map() }
    sessions.set(idHash, created)
    return created
  }

  return {
    /** Returns the cached token or a new token. Concurrent requests wait for the same token. */
    get: async (key: TokenKey, make: () => Promise<string>): Promise<string> => {
      const { idHash, name, maxAgeMs = Infinity, generation = 0 } = key
      const { tokens, pending } = tokensOf(idHash)
      const known = tokens.get(name)
      if (known?.generation === generation && clock.now() < known.renewAtMs) return known.token
      const running = pending.get(name)
      if (running !== undefined) return running
      const isCurrent = () => pending.get(name) === made
      const made: Promise<string> = make()
        .then((token) => {
          const renewAtMs = Math.min((decodeJwt(token).exp ?? 0) * 1000 - renewBeforeMs, clock.now() + maxAgeMs)
          // A token that was deleted while it was requested is not cached, because the request may have begun before the reason for the
          // deletion.
          if (isCurrent()) tokens.set(name, { token, renewAtMs, generation })
          return token
        })
        .finally(() => {
          if (isCurrent()) pending.delete(name)
        })
      pending.set(name, made)
      return made
    },
    /** Deletes all tokens of a session. */
    deleteAll: (idHash: string): void => {
      sessions.get(idHash)?.pending.clear()
      sessions.delete(idHash)
    },
    /** Deletes some tokens of a session. */
    delete: (idHash: string, names: readonly string[]): void => {
      const own = sessions.get(idHash)
      for (const name of names) {
        own?.pending.delete(name)
        own?.tokens.delete(name)
      }
    },
  }
}
