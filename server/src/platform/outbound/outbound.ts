import { lookup as lookupName } from 'node:dns/promises'
import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { type LookupFunction, isIP } from 'node:net'
import type { Readable } from 'node:stream'
import { type SecureContext, createSecureContext, getCACertificates } from 'node:tls'
import { type JsonValue, parseBoundedJson } from '../../standards/http/bounded-json.ts'
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
  /** Whether the form of a URL is allowed. The addresses of its host are checked when the server connects. */
  readonly acceptsUrl: (url: string) => boolean
  /**
   * Why a URL is not allowed, as a sentence for the person who enters it; undefined if it is allowed. A name is
   * resolved, and a name without an address is accepted, since it may get one later.
   */
  readonly explainRefusal: (url: string) => Promise<string | undefined>
  /**
   * Gets a JSON document: HTTPS, no redirect followed, no credentials sent, bounded in size and time.
   *
   * @throws OutboundError
   */
  getJson(url: string): Promise<FetchedJson>
  /**
   * Asks for what is at a URL and gives the answer, whatever its status, as soon as its head is there: HTTPS, no redirect
   * followed, no headers but the given ones. Whoever asks bounds the size of the body, and ends it by the signal.
   *
   * @throws OutboundError
   */
  open(url: string, options: OpenOptions): Promise<OpenedResponse>
  /**
   * Posts a text under the same rules. Returns when it was answered with success; what else the answer says is not read.
   *
   * @throws OutboundError
   */
  post(url: string, message: OutboundMessage): Promise<void>
}

/** What is posted. */
export type OutboundMessage = { readonly headers: Readonly<Record<string, string>>; readonly body: string }

/** What is sent along, and what ends an answer that is under way. */
export type OpenOptions = { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal }

/** An answer of which nothing but the head has been read. */
export type OpenedResponse = Pick<IncomingMessage, 'headers'> & { readonly status: number; readonly body: Readable }

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

/** How long the sender of a long answer may keep silent in the middle of it. */
const bodyPauseMs = 60_000

/** How many fetches may run at a time. More than that wait for hosts that somebody made slow. */
const mostAtATime = 64

const howToAllow =
  'The server connects to it only if the setting outbound.allowedNetworks or outbound.allowPrivateAddresses allows it.'

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

  /** Whether a host can be denied without a DNS lookup. */
  function isAlwaysDenied(url: URL): boolean {
    const hostname = bareHostname(url)
    if (isIP(hostname) !== 0) return !isAllowed(hostname)
    return isLocalhostName(hostname) && !isAllowed('127.0.0.1') && !isAllowed('::1')
  }

  async function explainRefusal(text: string): Promise<string | undefined> {
    const url = acceptedUrl(text)
    if (url === undefined) return `It must be an https URL without credentials, of at most ${longestUrl} characters.`
    if (isAlwaysDenied(url)) return `The address ${url.hostname} is not public. ${howToAllow}`
    const late = AbortSignal.timeout(timeoutMs)
    // A name that cannot be resolved now is checked at every delivery.
    const found = await beforeTimeout(late, resolveName(bareHostname(url))).catch(() => [])
    if (found.length === 0 || found.some(({ address }) => isAllowed(address))) return undefined
    return `The name ${url.hostname} has no public address. ${howToAllow}`
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

  /** The head of the answer comes within the time of a fetch; between two pieces of its body there may be as much again. */
  async function open(text: string, { headers, signal }: OpenOptions): Promise<OpenedResponse> {
    const url = requireUrl(text)
    const late = AbortSignal.timeout(timeoutMs)
    const untilHead = AbortSignal.any([signal, late])
    try {
      const request = dial(url, await beforeTimeout(untilHead, reachableAddresses(url)), headers, signal)
      const response = await beforeTimeout(untilHead, answerTo(request)).catch((error: unknown) => {
        request.destroy()
        throw error
      })
      response.setTimeout(bodyPauseMs, () => response.destroy(new OutboundError('timeout', `${url.host} fell silent`)))
      return { status: response.statusCode ?? 0, headers: response.headers, body: response }
    } catch (error) {
      throw toOutboundError(error, url, untilHead)
    }
  }

  function requireUrl(text: string): URL {
    const url = acceptedUrl(text)
    if (url === undefined) throw new OutboundError('url', 'only https URLs without credentials are fetched')
    return url
  }

  async function reachableAddresses(url: URL): Promise<readonly ResolvedAddress[]> {
    const addresses = await addressesOf(url)
    if (addresses.length > 0) return addresses
    throw new OutboundError('address', `${url.host} has no address that may be reached from here`)
  }

  function dial(
    url: URL,
    addresses: readonly ResolvedAddress[],
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    method = 'GET',
  ) {
    const secured = url.protocol === 'https:' ? { secureContext: trust() } : {}
    return (url.protocol === 'https:' ? https : http).request(url, {
      ...secured,
      method,
      // A connection of its own: no other name's connection is used, and no proxy of the environment.
      agent: false,
      lookup: dialOnly(addresses),
      headers: { 'accept-encoding': 'identity', 'user-agent': 'Acrux', ...headers },
      maxHeaderSize: largestHeader,
      signal,
    })
  }

  /** Looks up the addresses that are to be dialled, and holds the work to the limits of time and number. */
  async function within<Result>(
    text: string,
    work: (url: URL, addresses: readonly ResolvedAddress[], signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const url = requireUrl(text)
    if (running >= mostAtATime) throw new OutboundError('busy', 'too much is being fetched at this moment')
    running++
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      return await work(url, await beforeTimeout(signal, reachableAddresses(url)), signal)
    } catch (error) {
      throw toOutboundError(error, url, signal)
    } finally {
      running--
    }
  }

  const getJson = (text: string): Promise<FetchedJson> =>
    within(text, async (url, addresses, signal) => {
      const response = await answerTo(dial(url, addresses, { accept: 'application/json' }, signal))
      const { body, cacheControl } = await readWhole(url, response)
      const value = parseBoundedJson(body, deepestJson)
      if (value === undefined) throw new OutboundError('content', `what ${url.host} sent is not JSON`)
      return { value, maxAgeSeconds: parseMaxAge(cacheControl) }
    })

  const post = (text: string, { headers, body }: OutboundMessage): Promise<void> =>
    within(text, async (url, addresses, signal) => {
      const response = await answerTo(dial(url, addresses, headers, signal, 'POST'), body)
      response.destroy()
      const { statusCode = 0 } = response
      if (statusCode >= 200 && statusCode < 300) return
      throw new OutboundError('status', `${url.host} answered ${statusCode}`)
    })

  return { acceptsUrl: (text) => acceptedUrl(text) !== undefined, explainRefusal, getJson, open, post }
}

type Answer = { readonly body: Uint8Array; readonly cacheControl: string | undefined }

/** The head of the answer to a request. */
function answerTo(request: ClientRequest, body?: string): Promise<IncomingMessage> {
  return new Promise((settle, fail) => {
    request.on('response', settle)
    request.on('error', fail)
    request.end(body)
  })
}

/** The whole of an answer that is bounded in size. */
function readWhole(url: URL, response: IncomingMessage): Promise<Answer> {
  return new Promise((settle, fail) => {
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

/** Names that every resolver gives the addresses of the own machine. [RFC 6761 §6.3] */
function isLocalhostName(hostname: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(hostname)
}

/** `no-store` and `no-cache` are an age of nothing. [RFC 9111 §5.2.2] */
function parseMaxAge(cacheControl: string | undefined): number | undefined {
  if (cacheControl === undefined) return undefined
  if (/\bno-(?:store|cache)\b/i.test(cacheControl)) return 0
  const seconds = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])/i.exec(cacheControl)?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}
