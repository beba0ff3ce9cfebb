import type { Clock } from '../platform/clock.ts'

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

/** Buckets by key; of too many the one that was used longest ago is forgotten. */
function createBuckets(clock: Clock, { burst, oneEachMs }: Allowance) {
  const buckets = new Map<string, Bucket>()

  function current(key: string): Bucket {
    const nowMs = clock.now()
    const known = buckets.get(key)
    buckets.delete(key)
    if (known === undefined && buckets.size >= bucketLimit) {
      const [oldest] = buckets.keys()
      if (oldest !== undefined) buckets.delete(oldest)
    }
    const gained = known === undefined ? 0 : Math.max(0, nowMs - known.atMs) / oneEachMs
    const bucket = { tokens: Math.min(burst, (known?.tokens ?? burst) + gained), atMs: nowMs }
    buckets.set(key, bucket)
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
      buckets.delete(key)
    },
    size: (): number => buckets.size,
  }
}
