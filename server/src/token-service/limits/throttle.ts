import { LRUCache } from 'lru-cache'
import { maxEntries } from '../../platform/memory/max-entries.ts'
import { mainThreadOnly } from '../../platform/process/main-thread-only.ts'
import { type Clock, machineClockOf } from '../../platform/process/clock.ts'
import { type Bucket, fullBucket, refill } from '../../platform/limits/token-bucket.ts'
import type { RateClass } from '../../registry/index.ts'
import type { Registry, Sku } from '../../resources/index.ts'

/** ACR's classes of requests. [acr-protocol §1.11] */
type RequestClass = 'oauth' | RateClass

/**
 * The requests per minute of a registry. One identity may send half of each limit, except `oauth`. [acr-protocol
 * §1.11]
 */
// prettier-ignore
const perMinute: Readonly<Record<Sku, Readonly<Record<RequestClass, number>>>> = {
  Basic:    { oauth: 10_000, read: 10_000, write: 2_000, delete: 1_000, referrers: 500 },
  Standard: { oauth: 10_000, read: 10_000, write: 2_000, delete: 1_000, referrers: 500 },
  Premium:  { oauth: 20_000, read: 20_000, write: 4_000, delete: 4_000, referrers: 2_000 },
}

/** How long an empty bucket stays closed, so that retrying after that time succeeds. */
const closedMs = 10_000

/**
 * How many identities, and how many registries, have a bucket. An evicted identity gets its full limit again, within that of
 * its registry.
 */
const maxBuckets = 50_000

type ClosableBucket = Bucket & { closedUntilMs: number }

/** The properties of a registry that its limits depend on. */
type Limited = Pick<Registry, 'rid' | 'sku' | 'compatibility'>

/** ACR's rate limits of each registry. */
export interface Throttle {
  /** Counts a request to the token endpoints. Returns the seconds to wait if it exceeds the limit. */
  spendOauth(registry: Limited): number | undefined
  /** Counts a request of an admitted caller to the data plane, in the same way. */
  spend(registry: Limited, callerKey: string, rate: RateClass): number | undefined
}

/** The limits of a thread that only reads: requests to a limited registry are for the main thread, which counts them. */
export function throttleOfMainThread(registriesLimited: 'all' | 'acr'): Throttle {
  const spend = ({ compatibility }: Limited) =>
    registriesLimited === 'all' || compatibility === 'acr' ? mainThreadOnly() : undefined
  return { spendOauth: spend, spend }
}

/** Creates the limits, with full buckets, for every registry or only for those that are compatible with ACR. */
export function createThrottle(clock: Clock, registriesLimited: 'all' | 'acr'): Throttle {
  const isLimited = ({ compatibility }: Limited) => registriesLimited === 'all' || compatibility === 'acr'
  const machine = machineClockOf(clock)
  const registries = new LRUCache<string, ClosableBucket>(maxEntries(maxBuckets))
  const identities = new LRUCache<string, ClosableBucket>(maxEntries(maxBuckets))

  function take(buckets: LRUCache<string, ClosableBucket>, key: string, limit: number): number | undefined {
    const nowMs = machine.now()
    const allowance = { burst: limit, perSecond: limit / 60 }
    let bucket = buckets.get(key)
    if (bucket === undefined) {
      bucket = { ...fullBucket(allowance, nowMs), closedUntilMs: 0 }
      buckets.set(key, bucket)
    }
    refill(bucket, allowance, nowMs)
    const isOpen = nowMs >= bucket.closedUntilMs
    if (isOpen && bucket.tokens < 1) bucket.closedUntilMs = nowMs + closedMs
    if (nowMs < bucket.closedUntilMs) return Math.ceil((bucket.closedUntilMs - nowMs) / 1000)
    bucket.tokens -= 1
    return undefined
  }

  function count({ rid, sku }: Limited, caller: string, requestClass: RequestClass): number | undefined {
    const limit = perMinute[sku][requestClass]
    // A request over the limit of the identity does not count against the registry.
    return (
      take(identities, `${rid} ${requestClass} ${caller}`, limit / 2) ??
      take(registries, `${rid} ${requestClass}`, limit)
    )
  }

  return {
    spendOauth: (registry) => {
      const { rid, sku } = registry
      return isLimited(registry) ? take(registries, `${rid} oauth`, perMinute[sku].oauth) : undefined
    },
    spend: (registry, callerKey, rate) => {
      if (!isLimited(registry)) return undefined
      if (rate !== 'referrers') return count(registry, callerKey, rate)
      return count(registry, callerKey, 'referrers') ?? count(registry, callerKey, 'read')
    },
  }
}
