import { isIPv6 } from 'node:net'
import type { Clock } from './clock.ts'

/** What a sender may spend at once, and what it gets back a second in the long run. */
export type Allowance = { readonly burst: number; readonly perSecond: number }

/** How many senders are told apart. */
const senderLimit = 10_000

/** All senders together may spend so many times what one may. */
const senderShare = 10

type Bucket = { tokens: number; atMs: number }

/**
 * Counts what strangers cause, by the address they come from and all together, so that a client in a loop costs little
 * whatever it says of itself. A sender with IPv6 is the network of 64 bits that it can choose its addresses from.
 */
export function createSenderBudget(
  clock: Clock,
  allowance: Allowance,
): { readonly spend: (address: string) => boolean } {
  const { burst, perSecond } = allowance
  const together = { burst: burst * senderShare, perSecond: perSecond * senderShare }
  const all: Bucket = { tokens: together.burst, atMs: clock.now() }
  const buckets = new Map<string, Bucket>()

  function bucketOf(sender: string, nowMs: number): Bucket {
    const known = buckets.get(sender)
    if (known !== undefined) return known
    // Whoever is forgotten may spend again; what all may spend together bounds that.
    if (buckets.size >= senderLimit) buckets.clear()
    const made = { tokens: burst, atMs: nowMs }
    buckets.set(sender, made)
    return made
  }

  return {
    /** Whether one more is within what this address, and all of them together, may still spend. */
    spend: (address) => {
      const nowMs = clock.now()
      const own = bucketOf(networkOf(address), nowMs)
      refill(own, allowance, nowMs)
      refill(all, together, nowMs)
      if (own.tokens < 1 || all.tokens < 1) return false
      own.tokens -= 1
      all.tokens -= 1
      return true
    },
  }
}

function refill(bucket: Bucket, { burst, perSecond }: Allowance, nowMs: number): void {
  bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * perSecond)
  bucket.atMs = nowMs
}

/** What a sender cannot change at will: an IPv4 address, or the first 64 bits of an IPv6 address. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const canonical = URL.parse(`http://[${address.replace(/%.*$/, '')}]/`)?.hostname.slice(1, -1) ?? address
  // An IPv4 address in IPv6 clothes is one machine's, and lies in the one network of 64 zeros.
  if (canonical.startsWith('::ffff:')) return canonical
  const [head = '', tail] = canonical.split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - groups.length - after.length
  return [...groups, ...Array<string>(zeros).fill('0'), ...after].slice(0, 4).join(':')
}
