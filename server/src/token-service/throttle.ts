import type { IncomingMessage } from 'node:http'
import type { Clock } from '../platform/process/clock.ts'
import { RecentMap } from '../platform/memory/recent-map.ts'
import { type Bucket, fullBucket, refill } from '../platform/limits/token-bucket.ts'
import type { Registry, Sku } from '../resources/index.ts'

/** What is counted, as ACR does. [acr-protocol §1.11] */
type Counted = 'oauth' | 'read' | 'write' | 'delete' | 'referrers'

/** How many a minute a whole registry may have. One identity may have half of each, but for `oauth`. [acr-protocol §1.11] */
// prettier-ignore
const perMinute: Readonly<Record<Sku, Readonly<Record<Counted, number>>>> = {
  Basic:    { oauth: 10_000, read: 10_000, write: 2_000, delete: 1_000, referrers: 500 },
  Standard: { oauth: 10_000, read: 10_000, write: 2_000, delete: 1_000, referrers: 500 },
  Premium:  { oauth: 20_000, read: 20_000, write: 4_000, delete: 4_000, referrers: 2_000 },
}

/** How long a bucket that is empty stays closed, so that a client is told when it is worth to come again. */
const closedMs = 10_000

/**
 * How many of the latest identities are counted at least, and how many registries; twice as many at most. One that is
 * dropped has its whole limit again, and an identity is still held to what its registry may.
 */
const minBuckets = 25_000

type ClosableBucket = Bucket & { closedUntilMs: number }

/** What is known of a registry whose requests are counted. */
type Limited = Pick<Registry, 'rid' | 'sku' | 'compatibility'>

/** Limits the requests to each registry as ACR does. */
export interface Throttle {
  /** Counts a request to the token endpoints; gives how many seconds to wait where it is one too many. */
  spendOauth(registry: Limited): number | undefined
  /** Counts a request to the data plane of somebody who was let in, likewise. */
  spend(registry: Limited, callerKey: string, request: IncomingMessage): number | undefined
}

/** Makes the limits, with buckets that are full: of every registry, or of those alone that are compatible with ACR. */
export function createThrottle(clock: Clock, registriesLimited: 'all' | 'acr'): Throttle {
  const isLimited = ({ compatibility }: Limited) => registriesLimited === 'all' || compatibility === 'acr'
  const registries = new RecentMap<ClosableBucket>(minBuckets)
  const identities = new RecentMap<ClosableBucket>(minBuckets)

  function take(buckets: RecentMap<ClosableBucket>, key: string, limit: number): number | undefined {
    const nowMs = clock.now()
    const allowance = { burst: limit, perSecond: limit / 60 }
    const bucket = buckets.getOrMake(key, () => ({ ...fullBucket(allowance, nowMs), closedUntilMs: 0 }))
    refill(bucket, allowance, nowMs)
    const isOpen = nowMs >= bucket.closedUntilMs
    if (isOpen && bucket.tokens < 1) bucket.closedUntilMs = nowMs + closedMs
    if (nowMs < bucket.closedUntilMs) return Math.ceil((bucket.closedUntilMs - nowMs) / 1000)
    bucket.tokens -= 1
    return undefined
  }

  function count({ rid, sku }: Limited, caller: string, counted: Counted): number | undefined {
    const limit = perMinute[sku][counted]
    // What an identity may not do is not taken from what all may.
    return take(identities, `${rid} ${counted} ${caller}`, limit / 2) ?? take(registries, `${rid} ${counted}`, limit)
  }

  return {
    spendOauth: (registry) => {
      const { rid, sku } = registry
      return isLimited(registry) ? take(registries, `${rid} oauth`, perMinute[sku].oauth) : undefined
    },
    spend: (registry, callerKey, request) => {
      if (!isLimited(registry)) return undefined
      const counted = countedAs(request)
      if (counted !== 'referrers') return count(registry, callerKey, counted)
      return count(registry, callerKey, 'referrers') ?? count(registry, callerKey, 'read')
    },
  }
}

function countedAs({ method, url = '' }: IncomingMessage): Exclude<Counted, 'oauth'> {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return /^\/v2\/[^?]*\/referrers\//.test(url) ? 'referrers' : 'read'
    case 'DELETE':
      return 'delete'
    default:
      return 'write'
  }
}
