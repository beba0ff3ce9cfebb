import { LRUCache } from 'lru-cache'
import { maxEntries } from '../../platform/memory/max-entries.ts'
import { type Clock, machineClockOf } from '../../platform/process/clock.ts'
import type { Outbound } from '../../platform/outbound/outbound.ts'
import { OutboundError } from '../../platform/outbound/outbound-error.ts'
import { type JsonObject, type JsonValue, isJsonObject, ownValue } from '@acrux/shared/standards/http/bounded-json.ts'
import { type SignatureCache, createSignatureCache } from './signature-cache.ts'
import { type VerificationKey, parseVerificationKey } from './verification-key.ts'

/** An issuer whose keys may be fetched. The caller guarantees that an authorized person has configured it. */
export type ExternalIssuer = {
  /** The exact `iss` of its tokens and of its OpenID configuration. */
  readonly issuer: string
  /** The URL of its OpenID configuration. Below the issuer by default. [OpenID Connect Discovery 1.0 §4] */
  readonly configurationUrl?: string | undefined
}

/** The key that a token names. */
export type KeyName = { readonly kid: string | undefined; readonly alg: string }

/** The keys of an issuer could not be fetched, and no cached keys may be used. The cause says why. */
export class IssuerUnavailableError extends Error {
  override readonly name = 'IssuerUnavailableError'
}

/** The keys of external issuers. */
export interface IssuerKeys {
  /**
   * Finds the key that a token names. Undefined if the issuer has none, or several.
   *
   * @throws IssuerUnavailableError
   */
  find(issuer: ExternalIssuer, name: KeyName): Promise<VerificationKey | undefined>
  /** Whether one of these keys signed a token. */
  readonly hasSigned: SignatureCache
}

const secondMs = 1000
const minuteMs = 60 * secondMs

/** Keys are cached as long as the issuer allows, within these bounds. The upper bound limits how long a revoked key is accepted. */
const minFreshMs = minuteMs
const maxFreshMs = 60 * minuteMs
const defaultFreshMs = 10 * minuteMs

/** How long stale keys are used while their issuer is unreachable. */
const staleMs = 6 * 60 * minuteMs

/** The minimum time between two requests to an issuer for keys that are stale, such as after a failure. */
const minPauseMs = 30 * secondMs

/** The minimum time between two requests to an issuer if the first did not find a key. Anyone can invent key ids. */
const minPauseOfUnknownMs = minuteMs

/** How many issuers have cached keys; the least recently used is dropped. This saves two requests to the issuer for each token. */
const maxIssuers = 1000
const maxKeys = 64

type Entry = {
  keys: readonly JsonObject[]
  parsed: Map<string, VerificationKey | undefined>
  freshUntilMs: number
  usableUntilMs: number
  requestedAtMs: number
  failure: Error | undefined
  running: Promise<void> | undefined
}

/** Creates the cache of issuers' keys. At most one request at a time is sent to an issuer. */
export function createIssuerKeys({
  outbound,
  clock: given,
}: {
  readonly outbound: Outbound
  readonly clock: Clock
}): IssuerKeys {
  // Freshness is about the requests to an issuer, which follow the machine's clock.
  const clock = machineClockOf(given)
  const entries = new LRUCache<string, Entry>(maxEntries(maxIssuers))

  function entryOf({ issuer, configurationUrl }: ExternalIssuer): Entry {
    const name = `${issuer} ${configurationUrl ?? ''}`
    const present = entries.get(name)
    if (present !== undefined) return present
    const entry: Entry = {
      keys: [],
      parsed: new Map(),
      freshUntilMs: 0,
      usableUntilMs: 0,
      requestedAtMs: Number.NEGATIVE_INFINITY,
      failure: undefined,
      running: undefined,
    }
    entries.set(name, entry)
    return entry
  }

  async function refresh(entry: Entry, issuer: ExternalIssuer): Promise<void> {
    entry.requestedAtMs = clock.now()
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

  /** Fetches the keys, or waits for the running request. Does nothing during the pause after the last request. */
  async function refreshOnce(entry: Entry, issuer: ExternalIssuer, pauseMs: number): Promise<void> {
    if (entry.running === undefined) {
      if (clock.now() < entry.requestedAtMs + pauseMs) return
      entry.running = refresh(entry, issuer).finally(() => {
        entry.running = undefined
      })
    }
    await entry.running
  }

  return {
    hasSigned: createSignatureCache(),
    find: async (issuer, name) => {
      const entry = entryOf(issuer)
      if (clock.now() >= entry.freshUntilMs) await refreshOnce(entry, issuer, minPauseMs)
      if (clock.now() >= entry.usableUntilMs) {
        throw new IssuerUnavailableError(`the keys of ${issuer.issuer} could not be fetched`, { cause: entry.failure })
      }
      const key = pick(entry, name)
      if (key !== undefined || hasKey(entry, name)) return key
      await refreshOnce(entry, issuer, minPauseOfUnknownMs)
      return pick(entry, name)
    },
  }
}

async function fetchKeys(
  outbound: Outbound,
  { issuer, configurationUrl }: ExternalIssuer,
): Promise<{ readonly keys: readonly JsonObject[]; readonly freshMs: number }> {
  const below = issuer.endsWith('/') ? issuer.slice(0, -1) : issuer
  const configuration = await outbound.getJson(configurationUrl ?? `${below}/.well-known/openid-configuration`)
  const { value } = configuration
  if (!isJsonObject(value) || ownValue(value, 'issuer') !== issuer) {
    throw new OutboundError('content', 'the OpenID configuration names another issuer')
  }
  const keysUrl = ownValue(value, 'jwks_uri')
  if (typeof keysUrl !== 'string') throw new OutboundError('content', 'the OpenID configuration has no jwks_uri')
  const fetched = await outbound.getJson(keysUrl)
  const ages = [configuration.maxAgeSeconds, fetched.maxAgeSeconds].filter((age) => age !== undefined)
  const ageMs = ages.length === 0 ? defaultFreshMs : Math.min(...ages) * secondMs
  return { keys: readKeySet(fetched.value), freshMs: Math.min(Math.max(ageMs, minFreshMs), maxFreshMs) }
}

function readKeySet(value: JsonValue): readonly JsonObject[] {
  const keys = isJsonObject(value) ? ownValue(value, 'keys') : undefined
  if (!Array.isArray(keys) || keys.length > maxKeys) {
    throw new OutboundError('content', `the key set is not a list of at most ${maxKeys} keys`)
  }
  return keys.filter((key: JsonValue) => isJsonObject(key))
}

function hasKey({ keys }: Entry, { kid }: KeyName): boolean {
  return kid !== undefined && keys.some((key) => ownValue(key, 'kid') === kid)
}

/** Returns the key with this id and algorithm. If no id is given, the algorithm must have exactly one key. */
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
