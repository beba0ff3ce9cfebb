import { lookup as lookupName } from 'node:dns/promises'
import https from 'node:https'
import { type LookupFunction, isIP } from 'node:net'
import { type SecureContext, createSecureContext, getCACertificates } from 'node:tls'
import type { CustomFetch } from 'openid-client'
import { createAddressPolicy } from '../platform/outbound/address-policy.ts'

/** Why a provider could not be asked. */
export type UpstreamFetchFailure = 'address' | 'unreachable' | 'too-large' | 'busy'

/** A provider could not be asked, or must not be. */
export class UpstreamFetchError extends Error {
  override readonly name = 'UpstreamFetchError'
  readonly failure: UpstreamFetchFailure

  constructor(failure: UpstreamFetchFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
  }
}

export type UpstreamFetchOptions = {
  /** What the operator wrote: its host alone may be at a private address, and that only where the operator says so. */
  readonly issuer: string
  readonly privateNetwork: boolean
  /** Authorities in PEM to trust in place of the usual ones. */
  readonly ca: string | undefined
}

const largestBody = 512 * 1024
const largestHeader = 32 * 1024
const mostAtATime = 32

/**
 * Makes the way to one provider: HTTPS alone, no redirect followed, no proxy of the environment, bounded in size, and to no
 * address within the network that the operator did not name. Whatever the provider's own documents say counts for nothing
 * here. Its time is bounded by the signal that each request brings.
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

  /** The addresses that are dialled, each of them checked. The name is not resolved again, so it cannot change meanwhile. */
  async function addressesOf({ hostname, host }: URL): Promise<readonly Address[]> {
    const bare = hostname.replaceAll(/^\[|\]$/g, '')
    const family = isIP(bare)
    const found = family === 0 ? await resolve(bare) : [{ address: bare, family }]
    const isAllowed = privateNetwork && hostname === named ? isPrivateToo : isPublic
    const allowed = found.filter(({ address }) => isAllowed(address))
    if (allowed.length > 0) return allowed
    throw new UpstreamFetchError('address', `${host} has no address that may be reached from here`)
  }

  return async (target, { method, headers, body, signal }) => {
    const url = new URL(target)
    if (url.protocol !== 'https:' || url.username !== '' || url.password !== '') {
      throw new UpstreamFetchError('address', 'a provider is asked over https alone')
    }
    if (running >= mostAtATime) throw new UpstreamFetchError('busy', 'too much is asked of the provider at this moment')
    running++
    try {
      const addresses = await cutOff(signal, addressesOf(url))
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

type Sent = {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

type Way = {
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
  throw new TypeError('a provider is sent forms and nothing else')
}

function send(url: URL, { method, headers, body }: Sent, { addresses, secured, signal }: Way): Promise<Response> {
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
        maxHeaderSize: largestHeader,
        ...(signal === undefined ? {} : { signal }),
      },
      (response) => {
        const { statusCode = 0, headers: received } = response
        if (statusCode >= 300 && statusCode < 400) {
          response.destroy()
          return fail(new UpstreamFetchError('unreachable', `${url.host} sent its answer elsewhere`))
        }
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          chunks.push(chunk)
          if (size <= largestBody) return
          response.destroy()
          fail(new UpstreamFetchError('too-large', `${url.host} sent more than ${largestBody} bytes`))
        })
        response.on('error', fail)
        response.on('end', () => settle(toResponse(statusCode, received['content-type'], Buffer.concat(chunks))))
      },
    )
    request.on('error', fail)
    request.end(body)
  })
}

/** A response with no more than the client looks at. */
function toResponse(status: number, contentType: string | undefined, bytes: Buffer): Response {
  // Every other status means that nothing was said.
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

/** A look-up of a name cannot be cut off, so it is left behind. */
function cutOff<Value>(signal: AbortSignal | undefined, work: Promise<Value>): Promise<Value> {
  if (signal === undefined) return work
  return new Promise((settle, fail) => {
    signal.addEventListener('abort', () => fail(signal.reason), { once: true })
    work.then(settle, fail)
  })
}
