import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CallerBudget } from '../../platform/limits/caller-budget.ts'
import type { Origin } from '../../platform/http/app.ts'
import { endResponse } from '../../platform/http/unread-body.ts'
import type { AcrPath } from '@acrux/shared/standards/azure/acr-path.ts'
import type { OciPath } from '@acrux/shared/standards/oci/oci-path.ts'
import type { Checked, CheckedAcrPath, CheckedOciPath } from './checked-path.ts'
import type { AdmittedCaller, HostedRegistry } from './ports.ts'
import type { RegistryHeaders } from './errors.ts'

/** A request and its response: the part of a {@link RegistryCall} that the functions below need. */
export type Exchange = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The headers of every response of the server, names and values alternating. */
  readonly commonHeaders: readonly string[]
}

/** An admitted request. `Path` is the path that the route row matched. */
export type RegistryCall<Path = CheckedOciPath | CheckedAcrPath> = Exchange & {
  readonly registry: HostedRegistry
  readonly caller: AdmittedCaller
  /** The caller's budget. */
  readonly budget: CallerBudget
  readonly origin: Origin
  /** Only valid names reach a handler. */
  readonly path: Path
  readonly query: URLSearchParams
}

/** A request to one kind of path below `/v2/`. */
export type OciCall<Kind extends OciPath['kind']> = RegistryCall<CheckedOciPath<Kind>>

/** A request to one kind of path below `/acr/v1/`. */
export type AcrCall<Kind extends AcrPath['kind']> = RegistryCall<CheckedAcrPath<Kind>>

/** The path of a request to another route of the surface, with unchecked names, and its method. */
export type OtherRoute<Path> = {
  readonly method: string
  readonly surface: 'oci' | 'acr'
  readonly path: Path
}

/**
 * Does a part of the work of a request as the work of a request to another route: the caller is authorized for this route and
 * charged for it, the names in its path are checked, and the work is decided again when the authority revision has moved.
 *
 * @throws OciError the denial of the caller, the errors of the path, and what `work` throws
 */
export type AsOtherRoute = <Path extends OciPath | AcrPath, Result>(
  call: RegistryCall,
  route: OtherRoute<Path>,
  work: (part: RegistryCall<Checked<Path>>) => Promise<Result>,
) => Promise<Result>

/** The headers of every response of the surface, in addition to those of every response of the server. */
const surfaceHeaders = [
  'docker-distribution-api-version',
  'registry/2.0',
  'vary',
  'Accept, Authorization, Origin',
  'access-control-expose-headers',
  'Docker-Content-Digest, WWW-Authenticate, Link, X-Ms-Correlation-Request-Id',
  // A manifest can be pushed as HTML, and sign-in pages have the same origin. [CSP 3 §6.3.2]
  'content-security-policy',
  "sandbox; default-src 'none'; frame-ancestors 'none'",
]

/** Headers of this surface as Node takes them: names and values alternating. */
export type HeaderLines = readonly string[]

/** The lines of headers. */
export function headerLines(headers: RegistryHeaders): HeaderLines {
  const lines: (string | number | readonly string[])[] = []
  for (const name in headers) {
    const value = headers[name as keyof RegistryHeaders]
    if (value !== undefined) lines.push(name, value)
  }
  return lines as string[]
}

/** Writes the status line and the headers, the common ones first. */
export function writeHead(exchange: Exchange, status: number, headers: RegistryHeaders): void {
  writeHeaderLines(exchange, status, headerLines(headers))
}

/** The same as {@link writeHead}, for headers that are sent many times. */
export function writeHeaderLines(exchange: Exchange, status: number, lines: HeaderLines): void {
  exchange.response.writeHead(status, [...surfaceHeaders, ...exchange.commonHeaders, ...lines])
}

/** Sends a response without a body. */
export function sendEmpty(exchange: Exchange, status: number, headers: RegistryHeaders = {}): void {
  writeHead(exchange, status, status === 204 || status === 304 ? headers : { ...headers, 'content-length': 0 })
  exchange.response.end()
}

/** Sends bytes, or, for a HEAD request, only their headers. */
export function sendBytes(exchange: Exchange, status: number, body: Uint8Array, headers: RegistryHeaders): void {
  writeHead(exchange, status, { ...headers, 'content-length': body.byteLength })
  const { request, response } = exchange
  if (request.method === 'HEAD') response.end()
  else endResponse(request, response, body)
}

/** Sends a JSON document followed by a line break, as ACR does. */
export function sendJson(exchange: Exchange, status: number, document: unknown, headers: RegistryHeaders = {}): void {
  sendBytes(exchange, status, Buffer.from(`${JSON.stringify(document)}\n`), {
    'content-type': jsonContentType,
    ...headers,
  })
}

/** The media type of errors, lists and properties; manifests and referrers have their own. */
export const jsonContentType = 'application/json; charset=utf-8'
