import { getCACertificates } from 'node:tls'
import { type CryptoKey, FlattenedSign, type FlattenedJWSInput, type JWK } from 'jose'
import { parseBoundedJson, type JsonObject } from '@acrux/shared/standards/http/bounded-json.ts'
import { createAddressPolicy } from '../outbound/address-policy.ts'
import { type Dialer, createDialer, readResponse } from '../outbound/dialer.ts'
import { AcmeError } from './acme-error.ts'

/** The key of an account. */
export type AccountKey = { readonly privateKey: CryptoKey; readonly publicJwk: JWK }

/** The signer of a request: an account with its URL, or a key that has no account yet. [RFC 8555 §6.2] */
export type Signer = { readonly key: AccountKey; readonly accountUrl: string | undefined }

/** A successful response of a provider. */
export type AcmeResponse = {
  readonly text: string
  /** The body as JSON. Undefined if the body is not JSON. */
  readonly json: JsonObject | undefined
  readonly location: string | undefined
  readonly retryAfterMs: number
}

/** Sends signed requests to one provider. */
export interface SignedRequests {
  /** Gets a document without a signature. @throws AcmeError, OutboundError */
  get(url: string, signal: AbortSignal): Promise<AcmeResponse>
  /**
   * Posts `payload`. If `payload` is undefined, sends a POST-as-GET request. [RFC 8555 §6.3]
   * @throws AcmeError, OutboundError
   */
  post(url: string, payload: object | undefined, signer: Signer, signal: AbortSignal): Promise<AcmeResponse>
  /** Sets the URL from which the client gets nonces. */
  useNonces(newNonceUrl: string): void
}

const maxBodyBytes = 256 * 1024
const maxHeaderBytes = 32 * 1024
const maxConcurrent = 8
const maxJsonDepth = 16
const requestMs = 30_000
const maxRetryAfterMs = 24 * 60 * 60 * 1000
/** A provider may reject a nonce that the provider issued, such as after a restart. [RFC 8555 §6.5] */
const maxNonceRetries = 5

/**
 * Creates the sender of requests for the provider with this directory URL. The sender uses only HTTPS, and limits the
 * size and the duration of responses. Only the host of the directory may have a private address: the operator
 * configures this host, and documents of the provider cannot add other private addresses. `extraCa` contains
 * certificate authorities in PEM that are trusted in addition to the default authorities.
 */
export function createSignedRequests(directory: string, extraCa: string | undefined): SignedRequests {
  const dialer = createProviderDialer(new URL(directory).hostname, extraCa)
  let newNonceUrl = ''
  let nonce: string | undefined

  async function exchange(url: string, method: string, body: string | undefined, signal: AbortSignal) {
    const target = new URL(url)
    const contentType = body === undefined ? {} : { 'content-type': 'application/jose+json' }
    const request = {
      method,
      headers: contentType,
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestMs)]),
    }
    return dialer.exchange(target, request, async (response) => {
      const { headers, statusCode: status = 0 } = response
      const replayNonce = headers['replay-nonce']
      if (typeof replayNonce === 'string' && /^[A-Za-z0-9_-]{1,512}$/.test(replayNonce)) nonce = replayNonce
      const bytes = await readResponse(response, target.host, maxBodyBytes)
      const parsed = parseBoundedJson(bytes, maxJsonDepth)
      const json = isObject(parsed) ? parsed : undefined
      const { location } = headers
      return {
        status,
        text: bytes.toString('utf8'),
        json,
        location,
        retryAfterMs: parseRetryAfter(headers['retry-after']),
      }
    })
  }

  async function takeNonce(signal: AbortSignal): Promise<string> {
    if (nonce === undefined) await exchange(newNonceUrl, 'HEAD', undefined, signal)
    const taken = nonce
    nonce = undefined
    if (taken === undefined) throw new AcmeError('the provider sent no nonce')
    return taken
  }

  async function sign(url: string, payload: object | undefined, { key, accountUrl }: Signer, signal: AbortSignal) {
    const identity = accountUrl === undefined ? { jwk: key.publicJwk } : { kid: accountUrl }
    return new FlattenedSign(new TextEncoder().encode(payload === undefined ? '' : JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'ES256', nonce: await takeNonce(signal), url, ...identity })
      .sign(key.privateKey)
  }

  return {
    useNonces: (url) => {
      newNonceUrl = url
    },
    get: async (url, signal) => requireSuccess(await exchange(url, 'GET', undefined, signal), url),
    post: async (url, payload, signer, signal) => {
      for (let retries = 0; ; retries += 1) {
        const signed: FlattenedJWSInput = await sign(url, payload, signer, signal)
        const response = await exchange(url, 'POST', JSON.stringify(signed), signal)
        if (problemType(response.json) !== 'badNonce' || retries === maxNonceRetries)
          return requireSuccess(response, url)
      }
    },
  }
}

function createProviderDialer(hostname: string, extraCa: string | undefined): Dialer {
  const isPublic = createAddressPolicy({ allowPrivateAddresses: false, allowedNetworks: [] })
  const isPublicOrPrivate = createAddressPolicy({ allowPrivateAddresses: true, allowedNetworks: [] })
  return createDialer({
    isAllowed: (address, url) =>
      url.protocol === 'https:' && (url.hostname === hostname ? isPublicOrPrivate(address) : isPublic(address)),
    authorities: () => [...getCACertificates('default'), ...(extraCa === undefined ? [] : [extraCa])],
    maxHeaderBytes,
    maxConcurrent,
  })
}

type AnyResponse = AcmeResponse & { readonly status: number }

function requireSuccess(response: AnyResponse, url: string): AcmeResponse {
  if (response.status >= 200 && response.status < 300) return response
  const { host } = new URL(url)
  const type = problemType(response.json)
  const why = problemText(response.json) ?? `status ${response.status}`
  throw new AcmeError(`${host} rejected the request: ${why}`, { type, retryAfterMs: response.retryAfterMs })
}

/**
 * The last part of the type of a problem document, such as `badNonce`. Empty if the document is not a problem document.
 */
function problemType(problem: JsonObject | undefined): string {
  const type = problem?.['type']
  return typeof type === 'string' ? (/^urn:ietf:params:acme:error:(\w{1,64})$/.exec(type)?.[1] ?? '') : ''
}

const maxDetailLength = 500

/** A problem document as one line for the log. Undefined if the document is not a problem document. [RFC 7807] */
export function problemText(problem: unknown): string | undefined {
  if (!isObject(problem)) return undefined
  const { detail, subproblems } = problem
  const details = [
    detail,
    ...(Array.isArray(subproblems) ? subproblems : []).map((each) => isObject(each) && each['detail']),
  ]
  const texts = details.filter((each) => typeof each === 'string')
  if (texts.length === 0) return undefined
  const type = problemType(problem)
  return `${texts.join('; ').slice(0, maxDetailLength)}${type === '' ? '' : ` (${type})`}`
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A time in seconds or a date. [RFC 9110 §10.2.3] */
function parseRetryAfter(value: string | undefined): number {
  if (value === undefined) return 0
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), maxRetryAfterMs)
}
