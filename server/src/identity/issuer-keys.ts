import type { Clock } from '../platform/process/clock.ts'
import type { Outbound } from '../platform/outbound/outbound.ts'
import { OutboundError } from '../platform/outbound/outbound-error.ts'
import { type JsonObject, type JsonValue, isJsonObject, ownValue } from '../standards/http/bounded-json.ts'
import { type SignatureMemory, createSignatureMemory } from './signature-memory.ts'
import { type VerificationKey, parseVerificationKey } from './verification-key.ts'

/** An issuer whose keys may be fetched. Whoever calls vouches that somebody who may do so has configured it. */
export type OutsideIssuer = {
  /** What its tokens and its OpenID configuration say, to the letter. */
  readonly issuer: string
  /** Where its configuration is. Below the issuer by default. [OpenID Connect Discovery 1.0 §4] */
  readonly configurationUrl?: string | undefined
}

/** Which key of an issuer a token names. */
export type KeyName = { readonly kid: string | undefined; readonly alg: string }

/** The issuer's keys could not be had, and none that were had before may still be used. The cause says why. */
export class IssuerUnavailableError extends Error {
  override readonly name = 'IssuerUnavailableError'
}

/** The keys of outside issuers. */
export interface IssuerKeys {
  /**
   * The key that a token names; undefined when the issuer has no such key, or several.
   *
   * @throws IssuerUnavailableError
   */
  find(issuer: OutsideIssuer, name: KeyName): Promise<VerificationKey | undefined>
  /** Whether one of the keys signed a token. */
  readonly hasSigned: SignatureMemory
}

const secondMs = 1000
const minuteMs = 60 * secondMs

/** Keys are kept as long as the issuer says, within these bounds; longer ones would hold a withdrawn key for too long. */
const shortestFreshMs = minuteMs
const longestFreshMs = 60 * minuteMs
const usualFreshMs = 10 * minuteMs

/** How long keys that are not fresh any more are used while their issuer cannot be reached. */
const staleMs = 6 * 60 * minuteMs

/** How often an issuer is asked again because it could not be reached, or a token names a key that it did not have. */
const leastPauseMs = 30 * secondMs

/** How many issuers are remembered. */
const issuerLimit = 1000
const mostKeys = 64

type Entry = {
  keys: readonly JsonObject[]
  parsed: Map<string, VerificationKey | undefined>
  freshUntilMs: number
  usableUntilMs: number
  askedAtMs: number
  failure: Error | undefined
  running: Promise<void> | undefined
}

/** Opens the memory of issuers' keys. An issuer is asked by one request at a time, whoever waits for it. */
export function createIssuerKeys({
  outbound,
  clock,
}: {
  readonly outbound: Outbound
  readonly clock: Clock
}): IssuerKeys {
  const entries = new Map<string, Entry>()

  function entryOf({ issuer, configurationUrl }: OutsideIssuer): Entry {
    const name = `${issuer} ${configurationUrl ?? ''}`
    const present = entries.get(name)
    const entry = present ?? {
      keys: [],
      parsed: new Map(),
      freshUntilMs: 0,
      usableUntilMs: 0,
      askedAtMs: Number.NEGATIVE_INFINITY,
      failure: undefined,
      running: undefined,
    }
    // The one that was not needed for the longest time is forgotten first.
    entries.delete(name)
    if (entries.size >= issuerLimit) entries.delete(entries.keys().next().value ?? '')
    entries.set(name, entry)
    return entry
  }

  async function refresh(entry: Entry, issuer: OutsideIssuer): Promise<void> {
    entry.askedAtMs = clock.now()
    try {
      const { keys, freshMs } = await fetchKeys(outbound, issuer)
      const nowMs = clock.now()
      entry.keys = keys
      entry.parsed = new Map()
      entry.freshUntilMs = nowMs + freshMs
      entry.usableUntilMs = entry.freshUntilMs + staleMs
      entry.failure = undefined
    } catch (error) {
      entry.failure = error instanceof Error ? error : new Error(String(error))
    }
  }

  /** Asks the issuer, or waits for who does so already; not again within the pause. */
  async function ask(entry: Entry, issuer: OutsideIssuer): Promise<void> {
    if (entry.running === undefined) {
      if (clock.now() < entry.askedAtMs + leastPauseMs) return
      entry.running = refresh(entry, issuer).finally(() => {
        entry.running = undefined
      })
    }
    await entry.running
  }

  return {
    hasSigned: createSignatureMemory(),
    find: async (issuer, name) => {
      const entry = entryOf(issuer)
      if (clock.now() >= entry.freshUntilMs) await ask(entry, issuer)
      if (clock.now() >= entry.usableUntilMs) {
        throw new IssuerUnavailableError(`the keys of ${issuer.issuer} could not be had`, { cause: entry.failure })
      }
      const key = pick(entry, name)
      if (key !== undefined || hasKey(entry, name)) return key
      await ask(entry, issuer)
      return pick(entry, name)
    },
  }
}

async function fetchKeys(
  outbound: Outbound,
  { issuer, configurationUrl }: OutsideIssuer,
): Promise<{ readonly keys: readonly JsonObject[]; readonly freshMs: number }> {
  const below = issuer.endsWith('/') ? issuer.slice(0, -1) : issuer
  const configuration = await outbound.getJson(configurationUrl ?? `${below}/.well-known/openid-configuration`)
  const { value } = configuration
  if (!isJsonObject(value) || ownValue(value, 'issuer') !== issuer) {
    throw new OutboundError('content', 'the OpenID configuration is not that of its issuer')
  }
  const keysUrl = ownValue(value, 'jwks_uri')
  if (typeof keysUrl !== 'string') throw new OutboundError('content', 'the OpenID configuration names no keys')
  const fetched = await outbound.getJson(keysUrl)
  const ages = [configuration.maxAgeSeconds, fetched.maxAgeSeconds].filter((age) => age !== undefined)
  const ageMs = ages.length === 0 ? usualFreshMs : Math.min(...ages) * secondMs
  return { keys: readKeySet(fetched.value), freshMs: Math.min(Math.max(ageMs, shortestFreshMs), longestFreshMs) }
}

function readKeySet(value: JsonValue): readonly JsonObject[] {
  const keys = isJsonObject(value) ? ownValue(value, 'keys') : undefined
  if (!Array.isArray(keys) || keys.length > mostKeys) {
    throw new OutboundError('content', `the keys are not a list of at most ${mostKeys}`)
  }
  return keys.filter((key: JsonValue) => isJsonObject(key))
}

function hasKey({ keys }: Entry, { kid }: KeyName): boolean {
  return kid !== undefined && keys.some((key) => ownValue(key, 'kid') === kid)
}

/** The key of this id that fits the algorithm. A token without an id means the only one that fits. */
function pick(entry: Entry, { kid, alg }: KeyName): VerificationKey | undefined {
  const name = `${alg} ${kid ?? ''}`
  if (entry.parsed.has(name)) return entry.parsed.get(name)
  const named = kid === undefined ? entry.keys : entry.keys.filter((key) => ownValue(key, 'kid') === kid)
  if (named.length === 0) return undefined
  const fitting = named.map((key) => parseVerificationKey(key, alg)).filter((key) => key !== undefined)
  const [only] = fitting
  const key = fitting.length === 1 ? only : undefined
  entry.parsed.set(name, key)
  return key
}
