import { lookup as lookupName } from 'node:dns/promises'
import https from 'node:https'
import { type LookupFunction, isIP } from 'node:net'
import { type SecureContext, createSecureContext, getCACertificates } from 'node:tls'
import type { CustomFetch } from 'openid-client'
import { createAddressPolicy } from '../../platform/outbound/address-policy.ts'

/** Why a request to a provider failed. */
export type UpstreamFetchFailure = 'address' | 'unreachable' | 'too-large' | 'busy'

/** A request to a provider failed, or was not allowed. */
export class UpstreamFetchError extends Error {
  override readonly name = 'UpstreamFetchError'
  readonly failure: UpstreamFetchFailure

  constructor(failure: UpstreamFetchFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
  }
}

export type UpstreamFetchOptions = {
  /** The configured issuer. With `privateNetwork`, its host may have a private address; no other host may. */
  readonly issuer: string
  readonly privateNetwork: boolean
  /** Certificate authorities in PEM. They replace the default ones. */
  readonly ca: string | undefined
}

const maxBodyBytes = 512 * 1024
const maxHeaderBytes = 32 * 1024
const maxConcurrentRequests = 32

/**
 * Creates the `fetch` for one provider: HTTPS only, without redirects and proxies, bounded in size, and to no private address
 * except the configured host's. The provider's own documents cannot widen this. The signal of each request bounds its time.
 */
export function createUpstreamFetch({ issuer, privateNetwork, ca }: UpstreamFetchOptions): CustomFetch {
  const named = new URL(issuer).hostname
  const isPublic = createAddressPolicy({ allowPrivateAddresses: false, allowedNetworks: [] })
  const isPrivateToo = createAddressPolicy({ allowPrivateAddresses: true, allowedNetworks: [] })
  let trusted: SecureContext | undefined
  let running = 0

  const trust = (): SecureContext => {
    trusted ??= createSecureContext({ ca: ca ?? getCACertificates('default') })
    return trusted
  }

  /** The checked addresses of a host. The connection uses them without resolving the name again. */
  async function addressesOf({ hostname, host }: URL): Promise<readonly Address[]> {
    const bare = hostname.replaceAll(/^\[|\]$/g, '')
    const family = isIP(bare)
    const found = family === 0 ? await resolve(bare) : [{ address: bare, family }]
    const isAllowed = privateNetwork && hostname === named ? isPrivateToo : isPublic
    const allowed = found.filter(({ address }) => isAllowed(address))
    if (allowed.length > 0) return allowed
    throw new UpstreamFetchError('address', `${host} has no address that is allowed`)
  }

  return async (target, { method, headers, body, signal }) => {
    const url = new URL(target)
    if (url.protocol !== 'https:' || url.username !== '' || url.password !== '') {
      throw new UpstreamFetchError('address', 'a provider must be reached over https')
    }
    if (running >= maxConcurrentRequests)
      throw new UpstreamFetchError('busy', 'too many requests to the provider are in progress')
    running++
    try {
      const addresses = await abortable(signal, addressesOf(url))
      const sent = { method, headers: { ...headers, 'accept-encoding': 'identity' }, body: bodyText(body) }
      return await send(url, sent, { addresses, secured: { secureContext: trust() }, signal })
    } catch (error) {
      if (error instanceof UpstreamFetchError) throw error
      throw new UpstreamFetchError('unreachable', `${url.host} could not be reached`, { cause: error })
    } finally {
      running--
    }
  }
}

type Address = { readonly address: string; readonly family: number }

type RequestContent = {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

type Route = {
  readonly addresses: readonly Address[]
  readonly secured: { readonly secureContext: SecureContext }
  readonly signal: AbortSignal | undefined
}

async function resolve(hostname: string): Promise<readonly Address[]> {
  return lookupName(hostname, { all: true, verbatim: true })
}

function bodyText(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string') return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new TypeError('the body of a request to a provider must be a form')
}

function send(
  url: URL,
  { method, headers, body }: RequestContent,
  { addresses, secured, signal }: Route,
): Promise<Response> {
  return new Promise((settle, fail) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const request = https.request(
      url,
      {
        ...secured,
        method,
        agent: false,
        lookup: dialOnly(addresses),
        headers: { ...headers, ...length },
        maxHeaderSize: maxHeaderBytes,
        ...(signal === undefined ? {} : { signal }),
      },
      (response) => {
        const { statusCode = 0, headers: received } = response
        if (statusCode >= 300 && statusCode < 400) {
          response.destroy()
          return fail(new UpstreamFetchError('unreachable', `${url.host} sent a redirect`))
        }
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          chunks.push(chunk)
          if (size <= maxBodyBytes) return
          response.destroy()
          fail(new UpstreamFetchError('too-large', `${url.host} sent more than ${maxBodyBytes} bytes`))
        })
        response.on('error', fail)
        response.on('end', () => settle(toResponse(statusCode, received['content-type'], Buffer.concat(chunks))))
      },
    )
    request.on('error', fail)
    request.end(body)
  })
}

/** A response with the parts that the client reads. */
function toResponse(status: number, contentType: string | undefined, bytes: Buffer): Response {
  // `Response` does not accept these statuses with a body.
  if (status < 200 || status > 599 || status === 204 || status === 205) return new Response(null, { status: 502 })
  return new Response(new Uint8Array(bytes), {
    status,
    headers: contentType === undefined ? {} : { 'content-type': contentType },
  })
}

function dialOnly(addresses: readonly Address[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = addresses
    if (all === true) callback(null, [...addresses])
    else callback(null, first?.address ?? '', first?.family ?? 0)
  }
}

/** Rejects when the signal aborts. The name lookup itself cannot be cancelled. */
function abortable<Value>(signal: AbortSignal | undefined, work: Promise<Value>): Promise<Value> {
  if (signal === undefined) return work
  return new Promise((settle, fail) => {
    signal.addEventListener('abort', () => fail(signal.reason), { once: true })
    work.then(settle, fail)
  })
}
