import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { WantedIdentity } from '@acrux/shared/wire/machine-protocol.ts'

/** The Azure endpoint that a request imitates, which decides the form of the response. */
export type Shape = 'imds' | 'app-service' | 'azure-ml'

/** A valid request for a token. */
export type TokenRequest = {
  readonly shape: Shape
  readonly resource: string
  readonly wanted: WantedIdentity | undefined
}

/** Why a request is denied before the server is asked. */
type RequestRejection = {
  readonly shape: Shape
  readonly status: number
  readonly error: string
  readonly description: string
}

export type ReadOptions = {
  /** The secret that programs send in the form of App Service or Azure Machine Learning. */
  readonly header: string
  /** Whether programs may request tokens without the secret, as on a virtual machine. */
  readonly imds: boolean
}

const imdsPath = '/metadata/identity/oauth2/token'
const appServicePath = '/msi/token'

/** The hosts by which programs on this machine reach the endpoint. Any other host indicates DNS rebinding. */
const ownHosts = /^(?:localhost|127\.0\.0\.1|\[::1\]|169\.254\.169\.254)(?::\d{1,5})?$/i

/** Headers that only proxies and browsers send. */
const foreignHeaders = ['x-forwarded-for', 'x-forwarded-host', 'forwarded', 'via', 'origin', 'sec-fetch-site']

/**
 * Reads a request for a token. Denies requests that do not come from a program on this machine: a page in a browser cannot
 * send the `Metadata` header and has another `Host`, and a proxy adds its own headers.
 * [Azure IMDS, security; App Service, REST endpoint reference]
 */
export function readTokenRequest(request: IncomingMessage, options: ReadOptions): TokenRequest | RequestRejection {
  const target = readTarget(request)
  const shape = shapeOf(request, target?.path)
  const reject = (status: number, error: string, description: string): RequestRejection => ({
    shape: shape ?? 'imds',
    status,
    error,
    description,
  })
  const [host = '', ...moreHosts] = request.headersDistinct['host'] ?? []
  if (moreHosts.length > 0 || !ownHosts.test(host))
    return reject(400, 'unknown_source', 'The Host header does not name this endpoint.')
  if (foreignHeaders.some((name) => request.headers[name] !== undefined)) {
    return reject(400, 'unknown_source', 'Requests from a proxy or a browser are denied.')
  }
  if (target === undefined) return reject(400, 'unknown_source', 'The request target does not name this endpoint.')
  if (shape === undefined) return reject(404, 'not_found', 'The endpoint serves no tokens at this path.')
  if (request.method !== 'GET') return reject(405, 'invalid_request', 'The method of a token request must be GET.')
  const headerRejection = rejectionOfHeaders(request, shape, options)
  if (headerRejection !== undefined) return reject(...headerRejection)
  const read = readQuery(new URLSearchParams(target.query))
  return typeof read === 'string' ? reject(400, 'invalid_request', read) : { shape, ...read }
}

/** The absolute form `http://HOST/…`, which only proxies need. [RFC 9112 §3.2.2] */
const absoluteTarget = /^http:\/\/([^/?#]+)(\/.*)$/i

/**
 * Splits the target of a request line without resolving the path. A host in the target must equal the `Host` header.
 * Undefined if the target is not valid here.
 */
function readTarget({
  url: target = '',
  headers,
}: IncomingMessage): { readonly path: string; readonly query: string } | undefined {
  const [, authority, rest] = absoluteTarget.exec(target) ?? []
  if (authority !== undefined && authority.toLowerCase() !== headers.host?.toLowerCase()) return undefined
  const [path = '', ...query] = (rest ?? target).split('?')
  const isPath = path.startsWith('/') && !path.startsWith('//') && !target.includes('#')
  return isPath ? { path, query: query.join('?') } : undefined
}

function shapeOf({ headers }: IncomingMessage, path: string | undefined): Shape | undefined {
  // MSAL Node appends a slash to the value of the variable.
  const bare = path?.replace(/\/$/, '')
  if (bare === imdsPath) return 'imds'
  if (bare !== appServicePath) return undefined
  return headers['secret'] === undefined ? 'app-service' : 'azure-ml'
}

function rejectionOfHeaders(
  { headers }: IncomingMessage,
  shape: Shape,
  { header, imds }: ReadOptions,
): [number, string, string] | undefined {
  switch (shape) {
    case 'imds':
      if (!imds) return [403, 'unauthorized_client', 'The X-IDENTITY-HEADER is required.']
      if (headers['metadata'] === 'true') return undefined
      return [400, 'bad_request_102', 'Required metadata header not specified']
    case 'app-service':
      return isSecret(headers['x-identity-header'], header)
        ? undefined
        : [401, 'unauthorized_client', 'The X-IDENTITY-HEADER is missing or wrong.']
    case 'azure-ml':
      return isSecret(headers['secret'], header) ? undefined : [401, 'unauthorized_client', 'Incorrect secret.']
  }
}

/** Compares hashes of equal length in constant time. */
function isSecret(given: string | string[] | undefined, secret: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return typeof given === 'string' && timingSafeEqual(hash(given), hash(secret))
}

/** The parameters that select an identity. `clientid` is from Azure Machine Learning, `principal_id` from App Service. */
const selectors: Readonly<Record<string, keyof WantedIdentity>> = {
  client_id: 'client_id',
  clientid: 'client_id',
  object_id: 'object_id',
  principal_id: 'object_id',
  msi_res_id: 'resource_id',
  mi_res_id: 'resource_id',
}

const maxValueLength = 2048

function readQuery(query: URLSearchParams): Omit<TokenRequest, 'shape'> | string {
  const names = [...query.keys()]
  if (new Set(names).size < names.length) return 'A parameter is repeated.'
  if ([...query.values()].some((value) => value.length > maxValueLength)) return 'A parameter is too long.'
  if ((query.get('api-version') ?? '') === '') return "The query variable 'api-version' is missing."
  const resource = query.get('resource') ?? ''
  if (resource === '') return "The query variable 'resource' is missing."
  const chosen = names.filter((name) => Object.hasOwn(selectors, name))
  if (chosen.length > 1) return 'Use only one of client_id, object_id and mi_res_id.'
  const [name] = chosen
  const value = name === undefined ? undefined : query.get(name)
  const selector = name === undefined ? undefined : selectors[name]
  if (selector === undefined || typeof value !== 'string') return { resource, wanted: undefined }
  return value === '' ? 'The id of the identity is empty.' : { resource, wanted: { [selector]: value } }
}
