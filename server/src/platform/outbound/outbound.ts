import { lookup as lookupName } from 'node:dns/promises'
import http from 'node:http'
import https from 'node:https'
import { type LookupFunction, isIP } from 'node:net'
import { type SecureContext, createSecureContext, getCACertificates } from 'node:tls'
import { type JsonValue, parseBoundedJson } from '../../spec/bounded-json.ts'
import { type OutboundNetworks, createAddressPolicy, isLoopbackAddress } from './address-policy.ts'

/** Why something was not fetched. It tells nothing of what was found at an address. */
export type OutboundFailure =
  'url' | 'address' | 'unreachable' | 'status' | 'too-large' | 'timeout' | 'content' | 'busy'

/** A URL that somebody configured could not be fetched, or must not be. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'
  readonly failure: OutboundFailure

  constructor(failure: OutboundFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
  }
}

/** A JSON document that was fetched, and how long its sender lets it be kept. */
export type FetchedJson = { readonly value: JsonValue; readonly maxAgeSeconds: number | undefined }

/** Fetches what is at a URL that somebody configured: the only way by which the server does that. */
export interface Outbound {
  /** Whether a URL is one that may be asked for, as far as it tells by itself. What its name resolves to is looked at when it is fetched. */
  readonly acceptsUrl: (url: string) => boolean
  /**
   * Gets a JSON document: HTTPS, no redirect followed, no credentials sent, bounded in size and time.
   *
   * @throws OutboundError
   */
  getJson(url: string): Promise<FetchedJson>
}

/** An address that a name has. */
export type ResolvedAddress = { readonly address: string; readonly family: number }

export type OutboundOptions = OutboundNetworks & {
  /** Certificate authorities in PEM that are trusted besides the usual ones. */
  readonly extraCa?: string | undefined
  /** Finds the addresses of a name; the operating system's way by default. */
  readonly resolve?: (hostname: string) => Promise<readonly ResolvedAddress[]>
  /** How long one fetch may take, from the look-up of the name to the last byte. 5,000 by default. */
  readonly timeoutMs?: number
}

const largestBody = 256 * 1024
const largestHeader = 16 * 1024
const longestUrl = 2048
const deepestJson = 16
const defaultTimeoutMs = 5000

/** How many fetches may run at a time. More than that wait for hosts that somebody made slow. */
const mostAtATime = 64

/** Opens the way out. */
export function createOutbound(options: OutboundOptions): Outbound {
  const { allowPrivateAddresses, extraCa, timeoutMs = defaultTimeoutMs } = options
  const isAllowed = createAddressPolicy(options)
  const resolve = options.resolve ?? ((hostname: string) => lookupName(hostname, { all: true, verbatim: true }))
  let secureContext: SecureContext | undefined
  let running = 0

  const trust = (): SecureContext => {
    const ca = [...getCACertificates('default'), ...(extraCa === undefined ? [] : [extraCa])]
    secureContext ??= createSecureContext({ ca })
    return secureContext
  }

  function acceptedUrl(text: string): URL | undefined {
    if (text.length > longestUrl || !URL.canParse(text)) return undefined
    const url = new URL(text)
    if (url.username !== '' || url.password !== '') return undefined
    if (url.protocol === 'https:') return url
    // Nobody listens in on a machine's own wire.
    return url.protocol === 'http:' && allowPrivateAddresses && isLoopbackHost(url) ? url : undefined
  }

  /** The addresses that are dialled, each of them checked. The name is not resolved again, so it cannot change meanwhile. */
  async function addressesOf(url: URL): Promise<readonly ResolvedAddress[]> {
    const hostname = bareHostname(url)
    const family = isIP(hostname)
    const found = family === 0 ? await resolveName(hostname) : [{ address: hostname, family }]
    const allowed = found.filter(({ address }) => isAllowed(address))
    if (url.protocol === 'http:' && !allowed.every(({ address }) => isLoopbackAddress(address))) return []
    return allowed
  }

  async function resolveName(hostname: string): Promise<readonly ResolvedAddress[]> {
    try {
      return await resolve(hostname)
    } catch (error) {
      throw new OutboundError('unreachable', `the name ${hostname} has no address`, { cause: error })
    }
  }

  async function getJson(text: string): Promise<FetchedJson> {
    const url = acceptedUrl(text)
    if (url === undefined) throw new OutboundError('url', 'only https URLs without credentials are fetched')
    if (running >= mostAtATime) throw new OutboundError('busy', 'too much is being fetched at this moment')
    running++
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const addresses = await beforeTimeout(signal, addressesOf(url))
      if (addresses.length === 0) {
        throw new OutboundError('address', `${url.host} has no address that may be reached from here`)
      }
      const secured = url.protocol === 'https:' ? { secureContext: trust() } : {}
      const { body, cacheControl } = await get(url, addresses, secured, signal)
      const value = parseBoundedJson(body, deepestJson)
      if (value === undefined) throw new OutboundError('content', `what ${url.host} sent is not JSON`)
      return { value, maxAgeSeconds: parseMaxAge(cacheControl) }
    } catch (error) {
      throw toOutboundError(error, url, signal)
    } finally {
      running--
    }
  }

  return { acceptsUrl: (text) => acceptedUrl(text) !== undefined, getJson }
}

type Answer = { readonly body: Uint8Array; readonly cacheControl: string | undefined }

function get(
  url: URL,
  addresses: readonly ResolvedAddress[],
  secured: { readonly secureContext?: SecureContext },
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((settle, fail) => {
    const request = (url.protocol === 'https:' ? https : http).request(
      url,
      {
        ...secured,
        method: 'GET',
        // A connection of its own: no other name's connection is used, and no proxy of the environment.
        agent: false,
        lookup: dialOnly(addresses),
        headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'Acrux' },
        maxHeaderSize: largestHeader,
        signal,
      },
      (response) => {
        const { statusCode, headers } = response
        const refuse = (failure: OutboundFailure, message: string) => {
          response.destroy()
          fail(new OutboundError(failure, message))
        }
        if (statusCode !== 200) return refuse('status', `${url.host} answered ${statusCode}, not 200`)
        if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
          return refuse('content', `${url.host} compressed what it was asked not to`)
        }
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > largestBody) return refuse('too-large', `${url.host} sent more than ${largestBody} bytes`)
          chunks.push(chunk)
        })
        response.on('error', fail)
        response.on('end', () => settle({ body: Buffer.concat(chunks), cacheControl: headers['cache-control'] }))
      },
    )
    request.on('error', fail)
    request.end()
  })
}

/** A look-up that knows nothing but what was checked. */
function dialOnly(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = addresses
    if (all === true) callback(null, [...addresses])
    else callback(null, first?.address ?? '', first?.family ?? 0)
  }
}

/** A look-up of a name cannot be cut off, so it is left behind. */
function beforeTimeout<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> {
  return new Promise((settle, fail) => {
    signal.addEventListener('abort', () => fail(signal.reason), { once: true })
    work.then(settle, fail)
  })
}

function toOutboundError(error: unknown, url: URL, signal: AbortSignal): OutboundError {
  if (error instanceof OutboundError) return error
  if (signal.aborted) return new OutboundError('timeout', `${url.host} did not answer in time`, { cause: error })
  return new OutboundError('unreachable', `${url.host} could not be reached`, { cause: error })
}

function bareHostname({ hostname }: URL): string {
  return hostname.replaceAll(/^\[|\]$/g, '')
}

function isLoopbackHost(url: URL): boolean {
  const hostname = bareHostname(url)
  return hostname === 'localhost' || isLoopbackAddress(hostname)
}

/** `no-store` and `no-cache` are an age of nothing. [RFC 9111 §5.2.2] */
function parseMaxAge(cacheControl: string | undefined): number | undefined {
  if (cacheControl === undefined) return undefined
  if (/\bno-(?:store|cache)\b/i.test(cacheControl)) return 0
  const seconds = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])/i.exec(cacheControl)?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}
