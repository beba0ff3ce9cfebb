import { isIPv6 } from 'node:net'
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../memory/max-entries.ts'
import { type AuthorizedWork, currentWork } from '../process/authorized-work.ts'
import { type Clock, machineClockOf } from '../process/clock.ts'
import { type Allowance, type Bucket, fullBucket, refill } from './token-bucket.ts'

/** The maximum number of senders, and of neighbourhoods, with a bucket of their own. */
const maxSenders = 10_000

/** The shared overflow bucket of unauthenticated senders: this many times the allowance of one sender. */
const senderShare = 10

/** The ordinary use of a person who signs in now and then. It is separate from the overflow bucket, which a flood empties. */
const ordinary: Allowance = { burst: 6, perSecond: 0.02 }

/** How many unknown senders may use their ordinary allowance at a time, in total and of one neighbourhood. */
const unknownAtATime = 2000
const neighboursAtATime = 20

/** How long a sender is known after an authentication. */
const knownMs = 7 * 24 * 60 * 60 * 1000

type Sender = { readonly own: Bucket; readonly ordinary: Bucket }

/** The senders that authenticated recently. Unknown senders cannot use up their allowance. */
export type KnownSenders = {
  /** Records an authentication from this address. */
  readonly note: (address: string) => void
  /** Takes a {@link networkOf}. */
  readonly has: (network: string) => boolean
}

/** Creates the memory of senders that authenticated recently. */
export function createKnownSenders(clock: Clock): KnownSenders {
  const machine = machineClockOf(clock)
  const seen = new LRUCache<string, number>(maxEntries(maxSenders))
  return {
    note: (address) => {
      seen.set(networkOf(address), machine.now())
    },
    has: (network) => machine.now() < (seen.get(network) ?? Number.NEGATIVE_INFINITY) + knownMs,
  }
}

/** What senders may cause, by address. `spend` returns whether the sender may still do it, and counts that. */
export type SenderBudget = { readonly spend: (address: string) => boolean }

/**
 * A budget that counts a request once, even if its handler is repeated because the authority revision moved, or spends several
 * times.
 */
export function oncePerRequest(budget: SenderBudget): SenderBudget {
  const counted = new WeakMap<AuthorizedWork, boolean>()
  return {
    spend: (address) => {
      const work = currentWork()
      const isAllowed = (work && counted.get(work)) ?? budget.spend(address)
      if (work !== undefined) counted.set(work, isAllowed)
      return isAllowed
    },
  }
}

/**
 * Limits what senders may cause, by address, regardless of the identity that they claim. The sender of an IPv6 address is
 * its network of 64 bits, in which it can choose its addresses.
 *
 * All unknown senders share two buckets. The first bucket is for ordinary use: a little for each sender, enough for
 * 2,000 at a time,
 * and for 20 at a time in 24 bits of IPv4 or 48 bits of IPv6. The second bucket is for everything beyond that, and a
 * flood empties it.
 * A sender that authenticated recently has an allowance that no other sender can use up.
 */
export function createSenderBudget(
  clock: Clock,
  allowance: Allowance,
  known: Pick<KnownSenders, 'has'> = createKnownSenders(clock),
): SenderBudget {
  const machine = machineClockOf(clock)
  const shared = sharedBucket(times(allowance, senderShare), machine)
  const reserve = sharedBucket(times(ordinary, unknownAtATime), machine)
  const ofNeighbours = times(ordinary, neighboursAtATime)
  const senders = new LRUCache<string, Sender>({
    ...maxEntries(maxSenders),
    memoMethod: () => newSender(allowance, machine.now()),
  })
  const neighbourhoods = new LRUCache<string, Bucket>({
    ...maxEntries(maxSenders),
    memoMethod: () => fullBucket(ofNeighbours, machine.now()),
  })

  /** Takes from the ordinary allowances of an unknown sender, its neighbourhood and all senders, if each has a token. */
  function spendOrdinary(sender: Sender, network: string, nowMs: number): boolean {
    const neighbours = neighbourhoods.memo(neighbourhoodOf(network))
    refill(sender.ordinary, ordinary, nowMs)
    refill(neighbours, ofNeighbours, nowMs)
    const buckets = [sender.ordinary, neighbours, reserve.at(nowMs)]
    if (buckets.some(({ tokens }) => tokens < 1)) return false
    for (const bucket of buckets) bucket.tokens -= 1
    return true
  }

  return {
    /** Takes one token of this address, and for an unknown sender one of a shared bucket; returns whether there was one. */
    spend: (address) => {
      const nowMs = machine.now()
      const network = networkOf(address)
      // An evicted sender gets a full bucket again; the shared buckets limit that.
      const sender = senders.memo(network)
      refill(sender.own, allowance, nowMs)
      if (sender.own.tokens < 1) return false
      if (!known.has(network) && !spendOrdinary(sender, network, nowMs)) {
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

/** A bucket of all senders, refilled when it is read. */
function sharedBucket(allowance: Allowance, clock: Clock) {
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

/** 24 bits of an IPv4 address, or 48 bits of an IPv6 network: often assigned to one organisation. Takes a {@link networkOf}. */
export function neighbourhoodOf(network: string): string {
  if (network.startsWith('::ffff:')) {
    const [high = '', low = ''] = network.slice('::ffff:'.length).split(':')
    return `${high}:${low.padStart(4, '0').slice(0, 2)}`
  }
  const separator = network.includes(':') ? ':' : '.'
  return network.split(separator).slice(0, 3).join(separator)
}

/** 16 bits of an IPv4 address, or 32 bits of an IPv6 network: often assigned to one provider. Takes a {@link networkOf}. */
export function blockOf(network: string): string {
  if (network.startsWith('::ffff:')) return network.slice('::ffff:'.length).split(':')[0] ?? ''
  const separator = network.includes(':') ? ':' : '.'
  return network.split(separator).slice(0, 2).join(separator)
}

/** The part of an address that a sender cannot choose: an IPv4 address, or the first 64 bits of an IPv6 address. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const canonical = URL.parse(`http://[${address.replace(/%.*$/, '')}]/`)?.hostname.slice(1, -1) ?? address
  // IPv4-mapped addresses are all in one network of 64 zero bits, so they are kept whole.
  if (canonical.startsWith('::ffff:')) return canonical
  const [head = '', tail] = canonical.split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - groups.length - after.length
  return [...groups, ...Array<string>(zeros).fill('0'), ...after].slice(0, 4).join(':')
}
