import { isIPv6 } from 'node:net'
import type { Clock } from '../process/clock.ts'
import { RecentMap } from '../memory/recent-map.ts'
import { type Allowance, type Bucket, fullBucket, refill } from './token-bucket.ts'

/** How many senders, and how many neighbourhoods of them, are told apart at least; twice as many at most. */
const senderLimit = 10_000

/** What strangers spend beyond what is ordinary, all together: so many times what one may. */
const senderShare = 10

/** What a person who begins something now and then causes: so much a sender has beside what strangers flood. */
const ordinary: Allowance = { burst: 6, perSecond: 0.02 }

/** For so many strangers at a time there is what is ordinary, and for so many of one neighbourhood. */
const strangersAtATime = 2000
const neighboursAtATime = 20

/** Who proved something is known for so long. */
const knownMs = 7 * 24 * 60 * 60 * 1000

type Sender = { readonly own: Bucket; readonly ordinary: Bucket }

/** The senders that proved who they are lately. What strangers cause does not stop them. */
export type KnownSenders = {
  /** Notes that somebody proved who they are from this address. */
  readonly note: (address: string) => void
  /** Asked by the network, as {@link networkOf} gives it. */
  readonly has: (network: string) => boolean
}

/** Remembers the latest senders that proved something, in bounded memory. */
export function createKnownSenders(clock: Clock): KnownSenders {
  const seen = new RecentMap<number>(senderLimit)
  return {
    note: (address) => {
      seen.set(networkOf(address), clock.now())
    },
    has: (network) => clock.now() < (seen.get(network) ?? Number.NEGATIVE_INFINITY) + knownMs,
  }
}

/**
 * Counts what senders cause, by the address they come from, so that a client in a loop costs little whatever it says of
 * itself. A sender with IPv6 is the network of 64 bits that it can choose its addresses from.
 *
 * A stranger spends from two purses that all strangers share. One is for what is ordinary: a little for each, enough for
 * 2,000 at a time, and of 24 bits of IPv4 or 48 of IPv6 no more than 20 of them have. The other is for the rest, and is
 * what a flood empties. Who proved something lately has an allowance that nobody else spends.
 */
export function createSenderBudget(
  clock: Clock,
  allowance: Allowance,
  known: Pick<KnownSenders, 'has'> = createKnownSenders(clock),
): { readonly spend: (address: string) => boolean } {
  const shared = purse(times(allowance, senderShare), clock)
  const reserve = purse(times(ordinary, strangersAtATime), clock)
  const ofNeighbours = times(ordinary, neighboursAtATime)
  const senders = new RecentMap<Sender>(senderLimit)
  const neighbourhoods = new RecentMap<Bucket>(senderLimit)

  /** Whether what a stranger does is ordinary: within its own, its neighbours' and all strangers' part. */
  function isOrdinary(sender: Sender, network: string, nowMs: number): boolean {
    const where = neighbourhoodOf(network)
    const neighbours = neighbourhoods.getOrMake(where, () => fullBucket(ofNeighbours, nowMs))
    refill(sender.ordinary, ordinary, nowMs)
    refill(neighbours, ofNeighbours, nowMs)
    const buckets = [sender.ordinary, neighbours, reserve.at(nowMs)]
    if (buckets.some(({ tokens }) => tokens < 1)) return false
    for (const bucket of buckets) bucket.tokens -= 1
    return true
  }

  return {
    /** Whether one more is within what this address, and where it is a stranger's all of them together, may still spend. */
    spend: (address) => {
      const nowMs = clock.now()
      const network = networkOf(address)
      // Whoever is forgotten may spend anew; what all strangers may spend together bounds that.
      const sender = senders.getOrMake(network, () => newSender(allowance, nowMs))
      refill(sender.own, allowance, nowMs)
      if (sender.own.tokens < 1) return false
      if (!known.has(network) && !isOrdinary(sender, network, nowMs)) {
        const rest = shared.at(nowMs)
        if (rest.tokens < 1) return false
        rest.tokens -= 1
      }
      sender.own.tokens -= 1
      return true
    },
  }
}

function times({ burst, perSecond }: Allowance, count: number): Allowance {
  return { burst: burst * count, perSecond: perSecond * count }
}

/** A bucket of everybody's, as full as it is at an instant. */
function purse(allowance: Allowance, clock: Clock) {
  const bucket = fullBucket(allowance, clock.now())
  return {
    at: (nowMs: number): Bucket => {
      refill(bucket, allowance, nowMs)
      return bucket
    },
  }
}

function newSender(allowance: Allowance, nowMs: number): Sender {
  return { own: fullBucket(allowance, nowMs), ordinary: fullBucket(ordinary, nowMs) }
}

/** 24 bits of an IPv4 address, 48 of a network of IPv6: what one holder of addresses often has. Takes a {@link networkOf}. */
export function neighbourhoodOf(network: string): string {
  if (network.startsWith('::ffff:')) {
    const [high = '', low = ''] = network.slice('::ffff:'.length).split(':')
    return `${high}:${low.padStart(4, '0').slice(0, 2)}`
  }
  const separator = network.includes(':') ? ':' : '.'
  return network.split(separator).slice(0, 3).join(separator)
}

/** 16 bits of an IPv4 address, 32 of a network of IPv6: what one provider often has. Takes a {@link networkOf}. */
export function blockOf(network: string): string {
  if (network.startsWith('::ffff:')) return network.slice('::ffff:'.length).split(':')[0] ?? ''
  const separator = network.includes(':') ? ':' : '.'
  return network.split(separator).slice(0, 2).join(separator)
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
