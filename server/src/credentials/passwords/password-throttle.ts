import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../../platform/memory/max-entries.ts'
import { type Clock, isWaiting, machineClockOf } from '../../platform/process/clock.ts'
import type { Place } from '../../platform/limits/fair-queue.ts'
import { blockOf, neighbourhoodOf } from '../../platform/limits/sender-budget.ts'
import { type Allowance, type Bucket, refill } from '../../platform/limits/token-bucket.ts'
import type { SharedGuess } from './password-failure-store.ts'

/** The limit of guesses for one name from one network. */
const guessesPerPair: Allowance = { burst: 10, perSecond: 1 / 60 }

/** The limits of guesses for any name by unknown senders: from one network, and from its IPv4 /24 or IPv6 /48. */
const guessesPerNetwork: Allowance = { burst: 60, perSecond: 0.1 }
const guessesPerNeighbourhood: Allowance = { burst: 120, perSecond: 0.2 }

/**
 * Additional guesses of a neighbourhood (an IPv4 /24 or an IPv6 /48) for addresses without recent guesses. Each address of a /24 gets one
 * guess, so that one address cannot lock out the others. A /48 gets fewer guesses, because it often belongs to one customer.
 */
const reserveOfIPv4: Allowance = { burst: 256, perSecond: 1 / 30 }
const reserveOfIPv6: Allowance = { burst: 20, perSecond: 1 / 30 }

/** If a neighbourhood has made this many recent guesses, its guesses wait until the guesses of ordinary neighbourhoods are done. */
const ordinaryGuesses = 3

/** The limits of correct passwords, which need a hash too: of a user from one network, of a user from all networks, and of one network. */
const successesPerPair: Allowance = { burst: 60, perSecond: 1 }
const successesPerPerson: Allowance = { burst: 120, perSecond: 2 }
const successesPerNetwork: Allowance = { burst: 600, perSecond: 10 }

/** The maximum number of hashes that run or wait: for one name from one network, for one network, and for one neighbourhood. */
const maxInFlight = { pair: 8, network: 16, neighbourhood: 32 } as const

/**
 * The maximum number of keys of each kind that have a bucket. The least recently used bucket is deleted, so its allowance is full again.
 */
const maxBuckets = 10_000

/** An admitted attempt. `end` is called once with its result. */
export type Attempt = {
  readonly place: Place
  /** The allowances from which the database takes a guess if the attempt is denied. */
  readonly guesses: readonly SharedGuess[]
  /** The allowance that a correct password refills. */
  readonly pairKey: string
  readonly end: (how: 'verified' | 'rejected' | 'dropped') => void
}

/** A sender who guesses the password of a name. */
export type Guess = {
  readonly network: string
  readonly name: string
  /** Whether the user has signed in from this network or browser. */
  readonly known: boolean
}

/** Why the server does not admit an attempt: the sender made too many guesses, or has too many concurrent attempts. */
export type NotAdmitted = 'guesses' | { readonly retryAfterSeconds: number }

export type PasswordThrottle = {
  /**
   * Admits or denies an attempt. Unknown senders cannot use up the allowance of a known sender. `shared` contains the times at which the
   * allowances of {@link keysOf} are full again, by the guesses at all processes.
   */
  readonly begin: (guess: Guess, shared?: ReadonlyMap<string, number>) => Attempt | NotAdmitted
  /** The keys in the database for the allowances of a sender. */
  readonly keysOf: (guess: Guess) => readonly string[]
  /** The number of buckets and counters. A test compares this number with the maximum. */
  readonly size: () => number
}

/**
 * Counts attempts in this process, in a limited amount of memory: concurrent attempts and correct passwords, which cost processor time in
 * this process. Wrong passwords are also counted in the database for all processes.
 */
export function createPasswordThrottle(clock: Clock): PasswordThrottle {
  // Wrong guesses are also stored in the database. Correct passwords cost processor time.
  const guesses = createGuessBuckets(clock)
  const machine = machineClockOf(clock)
  const successes = {
    pairs: createBuckets(machine, successesPerPair),
    people: createBuckets(machine, successesPerPerson),
    networks: createBuckets(machine, successesPerNetwork),
  }
  const inFlight = createInFlight()
  const all = [...Object.values(guesses), ...Object.values(successes)]

  /** The buckets from which a guess takes. */
  function bucketsOfGuess({ network, pair, neighbourhood, known }: Sender, left: Left): readonly BucketOf[] {
    if (known) return [[guesses.pairs, pair]]
    const hasGuessed = guesses.networks.burst - left(guesses.networks, network) >= 1
    const isFull = left(guesses.neighbourhoods, neighbourhood) < 1
    const ofNeighbourhood = isFull && !hasGuessed ? reserveOf(guesses, network) : guesses.neighbourhoods
    return [
      [guesses.pairs, pair],
      [guesses.networks, network],
      [ofNeighbourhood, neighbourhood],
    ]
  }

  return {
    keysOf: (guess) => allBucketsOf(guesses, guess).map(([buckets, key]) => buckets.sharedKey(key)),
    begin: (guess, shared = new Map()) => {
      const { network, name, known } = guess
      const left: Left = (buckets, key) => buckets.left(key, shared.get(buckets.sharedKey(key)))
      const pair = `${network} ${name}`
      const neighbourhood = neighbourhoodOf(network)
      const successBuckets = [
        [successes.pairs, pair],
        [successes.people, name],
        [successes.networks, network],
      ] as const
      const waitMs = Math.max(...successBuckets.map(([buckets, key]) => buckets.waitMs(key)))
      if (waitMs > 0) return { retryAfterSeconds: Math.ceil(waitMs / 1000) }
      const flights = [
        ['pair', pair],
        ...(known
          ? []
          : ([
              ['network', network],
              ['neighbourhood', neighbourhood],
            ] as const)),
      ] as const
      if (flights.some(([kind, key]) => inFlight.of(kind, key) >= maxInFlight[kind])) return { retryAfterSeconds: 1 }
      const guessBuckets = bucketsOfGuess({ network, pair, neighbourhood, known }, left)
      if (guessBuckets.some(([buckets, key]) => left(buckets, key) < 1)) return 'guesses'
      const isOrdinary = guesses.neighbourhoods.burst - left(guesses.neighbourhoods, neighbourhood) < ordinaryGuesses
      const lane = known ? 'known' : isOrdinary ? 'ordinary' : 'other'
      for (const [buckets, key] of guessBuckets) buckets.take(key)
      for (const [kind, key] of flights) inFlight.add(kind, key, 1)
      let ended = false
      return {
        place: { lane, group: neighbourhood, block: blockOf(network) },
        guesses: guessBuckets.map(([buckets, key]) => buckets.sharedGuess(key)),
        pairKey: guesses.pairs.sharedKey(pair),
        end: (how) => {
          if (ended) return
          ended = true
          for (const [kind, key] of flights) inFlight.add(kind, key, -1)
          if (how === 'rejected') return
          for (const [buckets, key] of guessBuckets) buckets.refund(key)
          if (how !== 'verified') return
          guesses.pairs.refill(pair)
          for (const [buckets, key] of successBuckets) buckets.take(key)
        },
      }
    },
    size: () => all.reduce((sum, buckets) => sum + buckets.size(), inFlight.size()),
  }
}

function createGuessBuckets(clock: Clock) {
  return {
    pairs: createBuckets(clock, guessesPerPair, 'pair'),
    networks: createBuckets(clock, guessesPerNetwork, 'network'),
    neighbourhoods: createBuckets(clock, guessesPerNeighbourhood, 'neighbourhood'),
    reserveOfIPv4: createBuckets(clock, reserveOfIPv4, 'reserve'),
    reserveOfIPv6: createBuckets(clock, reserveOfIPv6, 'reserve'),
  }
}

type GuessBuckets = ReturnType<typeof createGuessBuckets>

function reserveOf(guesses: GuessBuckets, network: string): Buckets {
  return network.includes('.') || network.startsWith('::ffff:') ? guesses.reserveOfIPv4 : guesses.reserveOfIPv6
}

/** The buckets from which a guess may take. */
function allBucketsOf(guesses: GuessBuckets, { network, name, known }: Guess): readonly BucketOf[] {
  const ofPair = [guesses.pairs, `${network} ${name}`] as const
  if (known) return [ofPair]
  const neighbourhood = neighbourhoodOf(network)
  return [
    ofPair,
    [guesses.networks, network],
    [guesses.neighbourhoods, neighbourhood],
    [reserveOf(guesses, network), neighbourhood],
  ]
}

/** Counts the concurrent attempts by kind and key. */
function createInFlight() {
  const counts = new Map<string, number>()
  const of = (kind: keyof typeof maxInFlight, key: string) => counts.get(`${kind} ${key}`) ?? 0
  return {
    of,
    add: (kind: keyof typeof maxInFlight, key: string, change: 1 | -1): void => {
      const count = of(kind, key) + change
      if (count === 0) counts.delete(`${kind} ${key}`)
      else counts.set(`${kind} ${key}`, count)
    },
    size: () => counts.size,
  }
}

type Sender = {
  readonly network: string
  readonly pair: string
  readonly neighbourhood: string
  readonly known: boolean
}

type Buckets = ReturnType<typeof createBuckets>

type BucketOf = readonly [buckets: Buckets, key: string]

/** The number of guesses that remain according to the counts of all processes. */
type Left = (buckets: Buckets, key: string) => number

/** Buckets by key, in a limited amount of memory. A bucket that was not used recently is full again. */
function createBuckets(clock: Clock, allowance: Allowance, kind = '') {
  const { burst, perSecond } = allowance
  const buckets = new LRUCache<string, Bucket>(maxEntries(maxBuckets))

  function tokensOf(key: string): number {
    const bucket = buckets.get(key)
    if (bucket === undefined) return burst
    refill(bucket, allowance, clock.now())
    return bucket.tokens
  }

  const set = (key: string, tokens: number): void => void buckets.set(key, { tokens, atMs: clock.now() })

  const tokenMs = 1000 / perSecond
  // Concurrent guesses in several processes can take more guesses than the allowance contains. The allowance regains these guesses too.
  const maxWaitMs = 2 * burst * tokenMs
  const sharedKey = (key: string): string => hash('sha256', `${kind} ${key}`, 'base64url')

  return {
    sharedKey,
    sharedGuess: (key: string) => ({ key: sharedKey(key), guessMs: tokenMs, maxWaitMs }),
    /**
     * The tokens that remain in the bucket. `fullAtMs` is the time at which the bucket is full again according to the counts of all
     * processes. By these counts, fewer tokens may remain.
     */
    left: (key: string, fullAtMs = 0): number => {
      const nowMs = clock.now()
      const missing = isWaiting(fullAtMs, nowMs, maxWaitMs) ? (fullAtMs - nowMs) / tokenMs : 0
      return Math.min(tokensOf(key), burst - missing)
    },
    /** The time until the bucket contains a whole token; 0 if it already contains one. */
    waitMs: (key: string): number => (Math.max(0, 1 - tokensOf(key)) / perSecond) * 1000,
    burst,
    take: (key: string): void => set(key, tokensOf(key) - 1),
    refund: (key: string): void => set(key, Math.min(burst, tokensOf(key) + 1)),
    refill: (key: string): void => set(key, burst),
    size: (): number => buckets.size,
  }
}
