import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CallerBudget } from '../../platform/limits/caller-budget.ts'
import type { Origin } from '../../platform/http/app.ts'
import { endAnswer } from '../../platform/http/unread-body.ts'
import type { AcrPath } from '../../standards/azure/acr-path.ts'
import type { OciPath } from '../../standards/oci/oci-path.ts'
import type { CheckedAcrPath, CheckedOciPath } from './checked-path.ts'
import type { HostedRegistry, RegistryCaller } from './ports.ts'
import type { RegistryHeaders } from './errors.ts'

/** What answers a request; all that the writers below need of a {@link RegistryCall}. */
export type Exchange = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** What every answer carries, names and values alternating. */
  readonly commonHeaders: readonly string[]
}

/** One admitted request on its way through a handler. `Path` is what the route row matched. */
export type RegistryCall<Path = CheckedOciPath | CheckedAcrPath> = Exchange & {
  readonly registry: HostedRegistry
  readonly caller: RegistryCaller
  /** What the caller may use. */
  readonly budget: CallerBudget
  readonly origin: Origin
  /** What does not parse never reaches a handler. */
  readonly path: Path
  readonly query: URLSearchParams
}

/** A request to one kind of path below `/v2/`. */
export type OciCall<Kind extends OciPath['kind']> = RegistryCall<CheckedOciPath<Kind>>

/** A request to one kind of path below `/acr/v1/`. */
export type AcrCall<Kind extends AcrPath['kind']> = RegistryCall<CheckedAcrPath<Kind>>

/** Writes status line and headers at once, those that every answer has in front. */
export function writeHead(exchange: Exchange, status: number, headers: RegistryHeaders): void {
  const lines: (string | number | readonly string[])[] = exchange.commonHeaders.slice()
  for (const name in headers) {
    const value = headers[name as keyof RegistryHeaders]
    if (value !== undefined) lines.push(name, value)
  }
  exchange.response.writeHead(status, lines as string[])
}

/** Answers without a body. */
export function sendEmpty(exchange: Exchange, status: number, headers: RegistryHeaders = {}): void {
  writeHead(exchange, status, status === 204 || status === 304 ? headers : { ...headers, 'content-length': 0 })
  exchange.response.end()
}

/** Answers with bytes, or, to a HEAD, with the headers that they would have. */
export function sendBytes(exchange: Exchange, status: number, body: Uint8Array, headers: RegistryHeaders): void {
  writeHead(exchange, status, { ...headers, 'content-length': body.byteLength })
  const { request, response } = exchange
  if (request.method === 'HEAD') response.end()
  else endAnswer(request, response, body)
}

/** Answers with a JSON document and the line end that ACR puts behind it. */
export function sendJson(exchange: Exchange, status: number, document: unknown, headers: RegistryHeaders = {}): void {
  sendBytes(exchange, status, Buffer.from(`${JSON.stringify(document)}\n`), {
    'content-type': jsonContentType,
    ...headers,
  })
}

/** What errors, lists and properties are sent as; manifests and referrers have media types of their own. */
export const jsonContentType = 'application/json; charset=utf-8'
