import { lookup as lookupName } from 'node:dns/promises'
import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { type LookupFunction, isIP } from 'node:net'
import { type SecureContext, createSecureContext } from 'node:tls'
import { isLoopbackAddress } from './address-policy.ts'
import { OutboundError } from './outbound-error.ts'

/** An address to which a name resolves. */
export type ResolvedAddress = { readonly address: string; readonly family: number }

export type DialerOptions = {
  /** Whether the server may connect to this address for this URL. */
  readonly isAllowed: (address: string, url: URL) => boolean
  /** Returns the trusted certificate authorities, in PEM. The function is called at the first request. */
  readonly authorities: () => string[]
  /** The maximum size of the headers of a response. */
  readonly maxHeaderBytes: number
  /**
   * The maximum number of concurrent exchanges. Further exchanges are rejected, because they could wait for a long time
   * for slow hosts.
   */
  readonly maxConcurrent: number
  /** Finds the addresses of a name. Default: the operating system. */
  readonly resolve?: ((hostname: string) => Promise<readonly ResolvedAddress[]>) | undefined
}

export type DialRequest = {
  readonly method?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  /** Aborts the request and its response. */
  readonly signal?: AbortSignal | undefined
  /** Aborts the request until the headers of the response have arrived. Default: `signal`. */
  readonly headSignal?: AbortSignal
}

/**
 * Connects to other servers, but only at allowed addresses. A name is resolved once, and the connection uses one of the
 * checked addresses, so that a name server cannot return another address later. Redirects are not followed, proxies of
 * the environment are not used, and connections are not shared. Plain HTTP is possible only to loopback addresses.
 */
export interface Dialer {
  /**
   * Returns all addresses of a name, including addresses that are not allowed.
   * @throws OutboundError
   */
  resolveName(hostname: string): Promise<readonly ResolvedAddress[]>
  /** Sends a request, and returns the response when its headers have arrived. @throws OutboundError */
  open(url: URL, request: DialRequest): Promise<IncomingMessage>
  /**
   * Sends a request and reads its response. The number of concurrent exchanges is limited.
   * @throws OutboundError, including an OutboundError that `read` throws
   */
  exchange<Result>(
    url: URL,
    request: DialRequest,
    read: (response: IncomingMessage) => Promise<Result>,
  ): Promise<Result>
}

/** Creates a dialer. */
export function createDialer(options: DialerOptions): Dialer {
  const { isAllowed, maxHeaderBytes, maxConcurrent } = options
  const resolve = options.resolve ?? ((hostname: string) => lookupName(hostname, { all: true, verbatim: true }))
  let secureContext: SecureContext | undefined
  let running = 0

  async function resolveName(hostname: string): Promise<readonly ResolvedAddress[]> {
    try {
      return await resolve(hostname)
    } catch (error) {
      throw new OutboundError('unreachable', `the name ${hostname} has no address`, { cause: error })
    }
  }

  async function allowedAddresses(url: URL): Promise<readonly ResolvedAddress[]> {
    const hostname = bareHostname(url)
    const family = isIP(hostname)
    const found = family === 0 ? await resolveName(hostname) : [{ address: hostname, family }]
    const allowed = found.filter(({ address }) => isAllowed(address, url))
    const isUsable = url.protocol === 'https:' || allowed.every(({ address }) => isLoopbackAddress(address))
    if (allowed.length > 0 && isUsable) return allowed
    throw new OutboundError('address', `${url.host} has no address that the server may connect to`)
  }

  function dial(url: URL, addresses: readonly ResolvedAddress[], { method, headers, signal }: DialRequest) {
    const secured =
      url.protocol === 'https:'
        ? { secureContext: (secureContext ??= createSecureContext({ ca: options.authorities() })) }
        : {}
    return (url.protocol === 'https:' ? https : http).request(url, {
      ...secured,
      method: method ?? 'GET',
      // A new connection, which does not use a proxy of the environment.
      agent: false,
      lookup: lookUpOnly(addresses),
      headers: { 'accept-encoding': 'identity', 'user-agent': 'Acrux', ...headers },
      maxHeaderSize: maxHeaderBytes,
      ...(signal && { signal }),
    })
  }

  async function open(url: URL, request: DialRequest): Promise<IncomingMessage> {
    const { headSignal = request.signal } = request
    try {
      const dialled = dial(url, await beforeAbort(headSignal, allowedAddresses(url)), request)
      return await beforeAbort(headSignal, responseTo(dialled, request.body)).catch((error: unknown) => {
        dialled.destroy()
        throw error
      })
    } catch (error) {
      throw toOutboundError(error, url, headSignal)
    }
  }

  async function exchange<Result>(
    url: URL,
    request: DialRequest,
    read: (response: IncomingMessage) => Promise<Result>,
  ): Promise<Result> {
    if (running >= maxConcurrent) throw new OutboundError('busy', 'too many requests to other servers are running')
    running++
    try {
      return await read(await open(url, request))
    } catch (error) {
      throw toOutboundError(error, url, request.signal)
    } finally {
      running--
    }
  }

  return { resolveName, open, exchange }
}

/** The host of a URL, without the brackets of an IPv6 address. */
export function bareHostname({ hostname }: URL): string {
  return hostname.replaceAll(/^\[|\]$/g, '')
}

/**
 * Waits for the work, but not after the signal aborts. Work that cannot be cancelled, such as a DNS lookup, continues
 * without a reader.
 */
export function beforeAbort<Value>(signal: AbortSignal | undefined, work: Promise<Value>): Promise<Value> {
  if (signal === undefined) return work
  return new Promise((settle, fail) => {
    work.then(settle, fail)
    if (signal.aborted) fail(signal.reason)
    else signal.addEventListener('abort', () => fail(signal.reason), { once: true })
  })
}

/**
 * Reads a complete response.
 *
 * @throws OutboundError as soon as the response exceeds `maxBytes`. The rest is not read
 */
export async function readResponse(response: AsyncIterable<Buffer>, host: string, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let sizeBytes = 0
  for await (const piece of response) {
    sizeBytes += piece.byteLength
    if (sizeBytes > maxBytes) throw new OutboundError('too-large', `${host} sent more than ${maxBytes} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function responseTo(request: ClientRequest, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((settle, fail) => {
    request.on('response', settle)
    request.on('error', fail)
    request.end(body)
  })
}

/** A lookup function that returns only the checked addresses. */
function lookUpOnly(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = addresses
    if (all === true) callback(null, [...addresses])
    else callback(null, first?.address ?? '', first?.family ?? 0)
  }
}

function toOutboundError(error: unknown, { host }: URL, signal: AbortSignal | undefined): OutboundError {
  if (error instanceof OutboundError) return error
  if (signal?.aborted === true) {
    return new OutboundError('timeout', `${host} did not respond in time`, { cause: error })
  }
  return new OutboundError('unreachable', `${host} could not be reached`, { cause: error })
}
