import type { Clock } from '../../platform/clock.ts'

/** What may be tried at once, and what comes back in time. */
type Allowance = { readonly burst: number; readonly oneEachMs: number }

/** Guesses for one name from one network. */
const perPair: Allowance = { burst: 10, oneEachMs: 60_000 }

/** Guesses from one network, whichever names they are for. */
const perNetwork: Allowance = { burst: 60, oneEachMs: 10_000 }

/** How many networks, and pairs of network and name, are told apart. */
const bucketLimit = 20_000

/** How many guesses of strangers are weighed at a time: the queue for the slow hash has an end. */
const strangersAtATime = 32

/** One attempt that was let in; say how it ended. */
export type Attempt = { readonly end: (how: 'proved' | 'refused') => void }

export type PasswordThrottle = {
  /**
   * Lets a guess in, or not. `known` says that the person proved a password from this network before: strangers elsewhere
   * cannot use up what such an attempt may do.
   */
  readonly begin: (guess: {
    readonly network: string
    readonly name: string
    readonly known: boolean
  }) => Attempt | undefined
  /** How many buckets are kept, for whoever wants to see that there is an end. */
  readonly size: () => number
}

/** Counts guesses in this process, in bounded memory. What is counted for a name in all processes is in the database. */
export function createPasswordThrottle(clock: Clock): PasswordThrottle {
  const pairs = createBuckets(clock, perPair)
  const networks = createBuckets(clock, perNetwork)
  let strangers = 0

  return {
    begin: ({ network, name, known }) => {
      const pair = `${network} ${name}`
      if (!known && (strangers >= strangersAtATime || !networks.take(network))) return undefined
      if (!pairs.take(pair)) return undefined
      if (!known) strangers += 1
      let ended = false
      return {
        end: (how) => {
          if (ended) return
          ended = true
          if (!known) strangers -= 1
          if (how === 'refused') return
          pairs.refill(pair)
          if (!known) networks.giveBack(network)
        },
      }
    },
    size: () => pairs.size() + networks.size(),
  }
}

type Bucket = { tokens: number; atMs: number }

/**
 * Buckets by key, in two generations: when the younger one is full, what was not used since it began is forgotten. An
 * ordered map that lost its oldest key each time would have to skip what it lost.
 */
function createBuckets(clock: Clock, { burst, oneEachMs }: Allowance) {
  let young = new Map<string, Bucket>()
  let old = new Map<string, Bucket>()

  function current(key: string): Bucket {
    const nowMs = clock.now()
    const known = young.get(key) ?? old.get(key)
    const gained = known === undefined ? 0 : Math.max(0, nowMs - known.atMs) / oneEachMs
    const bucket = { tokens: Math.min(burst, (known?.tokens ?? burst) + gained), atMs: nowMs }
    old.delete(key)
    if (young.size >= bucketLimit / 2 && !young.has(key)) {
      old = young
      young = new Map()
    }
    young.set(key, bucket)
    return bucket
  }

  return {
    take: (key: string): boolean => {
      const bucket = current(key)
      if (bucket.tokens < 1) return false
      bucket.tokens -= 1
      return true
    },
    giveBack: (key: string): void => {
      const bucket = current(key)
      bucket.tokens = Math.min(burst, bucket.tokens + 1)
    },
    refill: (key: string): void => {
      young.delete(key)
      old.delete(key)
    },
    size: (): number => young.size + old.size,
  }
}
