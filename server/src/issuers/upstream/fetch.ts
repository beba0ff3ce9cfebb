import type { IncomingMessage } from 'node:http'
import { getCACertificates } from 'node:tls'
import type { CustomFetch } from 'openid-client'
import { createAddressPolicy } from '../../platform/outbound/address-policy.ts'
import { createDialer, readResponse } from '../../platform/outbound/dialer.ts'
import { OutboundError } from '../../platform/outbound/outbound-error.ts'

export type UpstreamFetchOptions = {
  /** From the configuration. Only its host may have a private address, and only if `privateNetwork` allows it. */
  readonly issuer: string
  readonly privateNetwork: boolean
  /** Authorities in PEM to trust in place of the default ones. */
  readonly ca: string | undefined
}

const maxBodyBytes = 512 * 1024
const maxHeaderBytes = 32 * 1024
const maxConcurrent = 32

/**
 * Makes the requests to one provider: over HTTPS only, bounded in size, and to no private address except that of the
 * configured issuer. The provider's own documents cannot change that. The signal of each request limits its time.
 */
export function createUpstreamFetch({ issuer, privateNetwork, ca }: UpstreamFetchOptions): CustomFetch {
  const named = new URL(issuer).hostname
  const isPublic = createAddressPolicy({ allowPrivateAddresses: false, allowedNetworks: [] })
  const isPublicOrPrivate = createAddressPolicy({ allowPrivateAddresses: true, allowedNetworks: [] })
  const dialer = createDialer({
    isAllowed: (address, { hostname }) =>
      privateNetwork && hostname === named ? isPublicOrPrivate(address) : isPublic(address),
    authorities: () => (ca === undefined ? getCACertificates('default') : [ca]),
    maxHeaderBytes,
    maxConcurrent,
  })
  return async (target, { method, headers, body, signal }) => {
    const url = new URL(target)
    if (url.protocol !== 'https:' || url.username !== '' || url.password !== '') {
      throw new OutboundError('address', 'requests to a provider must use https')
    }
    const request = { method, headers: { ...headers, 'accept-encoding': 'identity' }, body: bodyText(body), signal }
    return dialer.exchange(url, request, (response) => toResponse(url, response))
  }
}

function bodyText(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string') return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new TypeError('requests to a provider must have a form body')
}

/** A response with only the properties that the client reads. */
async function toResponse({ host }: URL, response: IncomingMessage): Promise<Response> {
  const { statusCode: status = 0, headers } = response
  if (status >= 300 && status < 400) {
    response.destroy()
    throw new OutboundError('unreachable', `${host} redirected the request`)
  }
  const bytes = await readResponse(response, host, maxBodyBytes)
  // A response without content, or with a status that `Response` does not accept, is a failure of the provider.
  if (status < 200 || status > 599 || status === 204 || status === 205) return new Response(null, { status: 502 })
  const contentType = headers['content-type']
  return new Response(new Uint8Array(bytes), {
    status,
    headers: contentType === undefined ? {} : { 'content-type': contentType },
  })
}
