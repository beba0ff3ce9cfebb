import type { Clock } from '../../platform/process/clock.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import { openText, sealText } from '../../platform/keys/sealed-text.ts'

/** The people who completed a sign-in in a browser, by object id, each with the time of the latest. */
export type KnownPeople = ReadonlyMap<string, number>

/** How long a browser is known, in seconds: 90 days. */
const maxAgeSeconds = 90 * 24 * 60 * 60
const maxPeople = 10
const maxLength = 2048
const sealingContext = 'people known to a browser'

export type KnownBrowsers = ReturnType<typeof createKnownBrowsers>

/**
 * Stores in a sealed cookie who signed in with a browser. The cookie authenticates nobody; it only exempts a known
 * browser from the limits that guesses from unknown networks cause. [OWASP, device cookies]
 */
export function createKnownBrowsers(sealer: Sealer, clock: Clock) {
  return {
    maxAgeSeconds,
    /** Reads the cookie. A cookie that this server did not make is ignored. */
    read: (cookie: string | undefined): KnownPeople => {
      const entries =
        cookie === undefined ? undefined : openText(sealer, cookie, { context: sealingContext, maxLength })
      const nowMs = clock.now()
      return new Map(((entries ?? []) as [string, number][]).filter(([, atMs]) => nowMs - atMs < maxAgeSeconds * 1000))
    },
    /** The cookie with one more person. If it is full, the person with the oldest sign-in is removed. */
    write: (known: KnownPeople, objectId: string): string => {
      const others = [...known].filter(([id]) => id !== objectId)
      const entries = [[objectId, clock.now()], ...others.toSorted(([, one], [, other]) => other - one)]
      return sealText(sealer, entries.slice(0, maxPeople), sealingContext)
    },
  }
}
