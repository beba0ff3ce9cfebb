import { isIPv6 } from 'node:net'
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../memory/max-entries.ts'
import { type AuthorizedWork, currentWork } from '../process/authorized-work.ts'
import { type Clock, machineClockOf } from '../process/clock.ts'
import { type Allowance, type Bucket, fullBucket, refill } from './token-bucket.ts'

/** The maximum number of senders, and of neighbourhoods, with their own bucket. */
const maxSenders = 10_000

/** The size of the overflow bucket that unauthenticated senders share, as a multiple of the allowance of one sender. */
const senderShare = 10

/**
 * The ordinary use of a person who signs in occasionally. This allowance is separate from the overflow bucket, which a
 * flood can empty.
 */
const ordinary: Allowance = { burst: 6, perSecond: 0.02 }

/**
 * The number of unknown senders that may use their ordinary allowance at the same time, in total and per neighbourhood.
 */
const unknownAtATime = 2000
const neighboursAtATime = 20

/** How long a sender is known after an authentication. */
const knownMs = 7 * 24 * 60 * 60 * 1000

type Sender = { readonly own: Bucket; readonly ordinary: Bucket }

/** The senders that authenticated recently. Unknown senders cannot use up the allowance of known senders. */
export type KnownSenders = {
  /** Records an authentication from this address. */
  readonly note: (address: string) => void
  /** Whether a sender is known. The argument is a result of {@link networkOf}. */
  readonly has: (network: string) => boolean
}

/** Creates the list of the senders that authenticated recently. */
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

/**
 * A limit on the requests of senders, by address. `spend` returns whether the sender may still send a request, and
 * counts the request.
 */
export type SenderBudget = { readonly spend: (address: string) => boolean }

/**
 * Creates a budget that counts each request once, even if the handler is repeated because the authority revision
 * changed, or if the handler spends several times.
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
 * Limits the requests of senders by address, regardless of the claimed identity. For an IPv6 address, the sender is the
 * /64 network, because a sender can choose any address in its /64 network.
 *
 * All unknown senders share two buckets. The first bucket is for ordinary use, with a small allowance for each sender.
 * The bucket is large enough for 2,000 senders at a time, and for 20 senders at a time in an IPv4 /24 or IPv6 /48
 * network. The second bucket is for all other requests, and a flood can empty it. A sender that authenticated recently
 * has an allowance that no other sender can use up.
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

  /**
   * Takes a token from each of the ordinary allowances of an unknown sender, of its neighbourhood and of all senders,
   * if each allowance has a token.
   */
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
    /**
     * Takes one token of this address. For an unknown sender, also takes one token of a shared bucket. Returns whether
     * there were enough tokens.
     */
    spend: (address) => {
      const nowMs = machine.now()
      const network = networkOf(address)
      // An evicted sender gets a new full bucket, but the shared buckets still limit this sender.
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

/** A bucket that all senders share, and that is refilled when it is read. */
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

/**
 * The first 24 bits of an IPv4 address, or the first 48 bits of an IPv6 network, which often belong to one
 * organisation. The argument is a result of {@link networkOf}.
 */
export function neighbourhoodOf(network: string): string {
  if (network.startsWith('::ffff:')) {
    const [high = '', low = ''] = network.slice('::ffff:'.length).split(':')
    return `${high}:${low.padStart(4, '0').slice(0, 2)}`
  }
  const separator = network.includes(':') ? ':' : '.'
  return network.split(separator).slice(0, 3).join(separator)
}

/**
 * The first 16 bits of an IPv4 address, or the first 32 bits of an IPv6 network, which often belong to one provider.
 * The argument is a result of {@link networkOf}.
 */
export function blockOf(network: string): string {
  if (network.startsWith('::ffff:')) return network.slice('::ffff:'.length).split(':')[0] ?? ''
  const separator = network.includes(':') ? ':' : '.'
  return network.split(separator).slice(0, 2).join(separator)
}

/** The part of an address that a sender cannot choose: an IPv4 address, or the first 64 bits of an IPv6 address. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const canonical = URL.parse(`http://[${address.replace(/%.*$/, '')}]/`)?.hostname.slice(1, -1) ?? address
  // IPv4-mapped addresses all begin with the same 64 zero bits, so the whole address is returned.
  if (canonical.startsWith('::ffff:')) return canonical
  const [head = '', tail] = canonical.split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - groups.length - after.length
  return [...groups, ...Array<string>(zeros).fill('0'), ...after].slice(0, 4).join(':')
}
