import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { Readable } from 'node:stream'
import { getCACertificates } from 'node:tls'
import { type JsonValue, parseBoundedJson } from '@acrux/shared/standards/http/bounded-json.ts'
import { type OutboundNetworks, createAddressPolicy, isLoopbackAddress } from './address-policy.ts'
import { type ResolvedAddress, bareHostname, beforeAbort, createDialer, readResponse } from './dialer.ts'
import { OutboundError } from './outbound-error.ts'

/** A JSON document from another server, and the time for which it may be cached. */
export type FetchedJson = { readonly value: JsonValue; readonly maxAgeSeconds: number | undefined }

/** Sends requests to configured URLs. All requests to such URLs use this interface. */
export interface Outbound {
  /** Whether the form of a URL is allowed. The addresses of its host are checked when the server connects. */
  readonly acceptsUrl: (url: string) => boolean
  /**
   * Returns the reason why a URL is not allowed, as a sentence for the person who enters the URL. Returns undefined if
   * the URL is allowed. The name is resolved. A name without an address is accepted, because the name may get an
   * address later.
   */
  readonly explainDenial: (url: string) => Promise<string | undefined>
  /**
   * Gets a JSON document over HTTPS, without redirects and credentials. The size and the time are limited.
   *
   * @throws OutboundError
   */
  getJson(url: string): Promise<FetchedJson>
  /**
   * Gets a URL, and returns the response when its headers have arrived, regardless of the status. Uses HTTPS, follows
   * no redirects, and sends only the given headers. The caller limits the size of the body, and aborts the body with
   * the signal.
   *
   * @throws OutboundError
   */
  open(url: string, options: OpenOptions): Promise<OpenedResponse>
  /**
   * Posts a text with the same restrictions. Succeeds if the response has a 2xx status. The body of the response is not
   * read.
   *
   * @throws OutboundError
   */
  post(url: string, message: OutboundMessage): Promise<void>
}

export type OutboundMessage = { readonly headers: Readonly<Record<string, string>>; readonly body: string }

/** `signal` aborts the request and its response. */
export type OpenOptions = { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal }

/** A response with an unread body. */
export type OpenedResponse = Pick<IncomingMessage, 'headers'> & { readonly status: number; readonly body: Readable }

export type OutboundOptions = OutboundNetworks & {
  /** Certificate authorities in PEM that are trusted in addition to the default authorities. */
  readonly extraCa?: string | undefined
  /** Finds the addresses of a name. Default: the operating system. */
  readonly resolve?: (hostname: string) => Promise<readonly ResolvedAddress[]>
  /** The time limit of a request in milliseconds, from the DNS lookup to the last byte. Default: 5,000. */
  readonly timeoutMs?: number
}

const maxBodyBytes = 256 * 1024
const maxHeaderBytes = 16 * 1024
const maxUrlLength = 2048
const maxJsonDepth = 16
const defaultTimeoutMs = 5000

/** The maximum time without data in the body of an opened response. */
const maxPauseMs = 60_000

const maxConcurrent = 64

const howToAllow = 'To allow the address, set outbound.allowedNetworks or outbound.allowPrivateAddresses.'

/** Creates outbound requests. */
export function createOutbound(options: OutboundOptions): Outbound {
  const { allowPrivateAddresses, extraCa, resolve, timeoutMs = defaultTimeoutMs } = options
  const isAllowed = createAddressPolicy(options)
  const dialer = createDialer({
    isAllowed,
    authorities: () => [...getCACertificates('default'), ...(extraCa === undefined ? [] : [extraCa])],
    maxHeaderBytes,
    maxConcurrent,
    resolve,
  })

  function acceptedUrl(text: string): URL | undefined {
    if (text.length > maxUrlLength || !URL.canParse(text)) return undefined
    const url = new URL(text)
    if (url.username !== '' || url.password !== '') return undefined
    if (url.protocol === 'https:') return url
    // Nobody can intercept the traffic to a loopback address.
    return url.protocol === 'http:' && allowPrivateAddresses && isLoopbackHost(url) ? url : undefined
  }

  function requireUrl(text: string): URL {
    const url = acceptedUrl(text)
    if (url === undefined) throw new OutboundError('url', 'only https URLs without credentials are fetched')
    return url
  }

  /** Whether a host can be denied without a DNS lookup. */
  function isAlwaysDenied(url: URL): boolean {
    const hostname = bareHostname(url)
    if (isIP(hostname) !== 0) return !isAllowed(hostname)
    return isLocalhostName(hostname) && !isAllowed('127.0.0.1') && !isAllowed('::1')
  }

  async function explainDenial(text: string): Promise<string | undefined> {
    const url = acceptedUrl(text)
    if (url === undefined)
      return `The URL must use https, contain no credentials, and have at most ${maxUrlLength} characters.`
    if (isAlwaysDenied(url)) return `The address ${url.hostname} is not public. ${howToAllow}`
    const late = AbortSignal.timeout(timeoutMs)
    // A name that cannot be resolved now is checked again at each delivery.
    const found = await beforeAbort(late, dialer.resolveName(bareHostname(url))).catch(() => [])
    if (found.length === 0 || found.some(({ address }) => isAllowed(address))) return undefined
    return `The name ${url.hostname} has no public address. ${howToAllow}`
  }

  /** The headers must arrive within the time limit of a request, but the body may take longer. */
  async function open(text: string, { headers, signal }: OpenOptions): Promise<OpenedResponse> {
    const url = requireUrl(text)
    const headSignal = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const response = await dialer.open(url, { headers, signal, headSignal })
    response.setTimeout(maxPauseMs, () =>
      response.destroy(new OutboundError('timeout', `${url.host} sent nothing for too long`)),
    )
    return { status: response.statusCode ?? 0, headers: response.headers, body: response }
  }

  async function getJson(text: string): Promise<FetchedJson> {
    const url = requireUrl(text)
    const request = { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(timeoutMs) }
    return dialer.exchange(url, request, async (response) => {
      const value = parseBoundedJson(await readDocument(url, response), maxJsonDepth)
      if (value === undefined) throw new OutboundError('content', `the response of ${url.host} is not JSON`)
      return { value, maxAgeSeconds: parseMaxAge(response.headers['cache-control']) }
    })
  }

  async function post(text: string, message: OutboundMessage): Promise<void> {
    const url = requireUrl(text)
    const request = { ...message, method: 'POST', signal: AbortSignal.timeout(timeoutMs) }
    await dialer.exchange(url, request, async (response) => {
      response.destroy()
      const { statusCode = 0 } = response
      if (statusCode >= 200 && statusCode < 300) return
      throw new OutboundError('status', `${url.host} answered ${statusCode}`)
    })
  }

  return { acceptsUrl: (text) => acceptedUrl(text) !== undefined, explainDenial, getJson, open, post }
}

async function readDocument(url: URL, response: IncomingMessage): Promise<Buffer> {
  const { statusCode, headers } = response
  const rejection =
    statusCode !== 200
      ? new OutboundError('status', `${url.host} answered ${statusCode}, not 200`)
      : (headers['content-encoding'] ?? 'identity') !== 'identity'
        ? new OutboundError('content', `${url.host} sent a compressed response`)
        : undefined
  if (rejection === undefined) return readResponse(response, url.host, maxBodyBytes)
  response.destroy()
  throw rejection
}

function isLoopbackHost(url: URL): boolean {
  const hostname = bareHostname(url)
  return hostname === 'localhost' || isLoopbackAddress(hostname)
}

/** Names that every resolver maps to loopback addresses. [RFC 6761 §6.3] */
function isLocalhostName(hostname: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(hostname)
}

/** Returns the maximum age. `no-store` and `no-cache` correspond to an age of 0. [RFC 9111 §5.2.2] */
function parseMaxAge(cacheControl: string | undefined): number | undefined {
  if (cacheControl === undefined) return undefined
  if (/\bno-(?:store|cache)\b/i.test(cacheControl)) return 0
  const seconds = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])/i.exec(cacheControl)?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}
