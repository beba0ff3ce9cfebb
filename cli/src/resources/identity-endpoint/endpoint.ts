import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { plainReason, systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { CommandFailure } from '../../framework/command/failure.ts'
import { exitCodes } from './exit-codes.ts'
import { type ReadOptions, type Shape, readTokenRequest } from './token-request.ts'
import type { IdentityToken, TokenRejection, TokenSource } from './token-source.ts'

import http, { type IncomingMessage, type ServerResponse } from 'node:http'

/** A running endpoint. */
export type RunningEndpoint = {
  /** `http://HOST:PORT` */
  readonly origin: string
  readonly close: () => Promise<void>
}

type EndpointOptions = ReadOptions & {
  readonly listen: { readonly host: string; readonly port: number }
  readonly tokens: TokenSource
  /** Logs denials and unexpected errors, each in one line without secrets. */
  readonly log: (line: string) => void
}

/** Each connection causes at most one request to the server. */
const maxConnections = 128

/** Parses `HOST:PORT`. The host must be an address of this machine's loopback interface. @throws CommandFailure */
export function requireLoopbackAddress(text: string): EndpointOptions['listen'] {
  const [, name = '', digits = ''] = /^(localhost|[\d.]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(text) ?? []
  const host = name === 'localhost' ? '127.0.0.1' : name.replace(/^\[(.*)\]$/, '$1')
  const port = Number(digits)
  if (host !== '' && port <= 65_535 && isLoopback(host)) return { host, port }
  throw new CommandFailure(
    `${text} is not an address of the loopback interface`,
    exitCodes.usage,
    'use 127.0.0.1:PORT or [::1]:PORT: the endpoint serves tokens only to programs on this machine',
  )
}

function isLoopback(host: string): boolean {
  if (host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)) return true
  return Object.values(networkInterfaces())
    .flat()
    .some((address) => address?.internal === true && address.address === host)
}

/** Starts the endpoint. @throws CommandFailure if the endpoint cannot listen on the address */
export async function startEndpoint(options: EndpointOptions): Promise<RunningEndpoint> {
  const { host, port } = options.listen
  const server = http.createServer(
    { requestTimeout: 10_000, headersTimeout: 10_000, maxHeaderSize: 16 * 1024 },
    (request, response) => void answer(options, request, response),
  )
  server.maxConnections = maxConnections
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFailure(error, `${host}:${port}`)))
    server.listen({ host, port }, resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
        setTimeout(() => server.closeAllConnections(), 3000).unref()
      }),
  }
}

async function answer(options: EndpointOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A valid request has no body, and the endpoint reads nothing after the request.
  response.setHeader('connection', 'close')
  const read = readTokenRequest(request, options)
  if (!('resource' in read)) {
    options.log(`request denied (${read.error}): ${read.description}`)
    sendRejection(response, read.shape, read)
    return
  }
  try {
    const outcome = await options.tokens(read.resource, read.wanted)
    if (outcome.ok) {
      send(response, 200, tokenBody(outcome.token))
      return
    }
    options.log(`no token issued (${outcome.rejection.error}): ${outcome.rejection.description}`)
    sendRejection(response, read.shape, outcome.rejection)
  } catch (error) {
    options.log(`unexpected error: ${plainReason(error)}`)
    sendRejection(response, read.shape, {
      status: 500,
      error: 'server_error',
      description: 'The identity endpoint failed. See the log of the endpoint.',
    })
  }
}

/** Every value is a string. [Azure IMDS, get a token using HTTP] */
function tokenBody({ accessToken, clientId, resource, expiresAtSeconds, notBeforeSeconds }: IdentityToken): object {
  const expiresIn = String(Math.max(0, expiresAtSeconds - Math.floor(Date.now() / 1000) - 1))
  return {
    access_token: accessToken,
    refresh_token: '',
    client_id: clientId,
    expires_in: expiresIn,
    expires_on: String(expiresAtSeconds),
    ext_expires_in: expiresIn,
    not_before: String(notBeforeSeconds),
    resource,
    token_type: 'Bearer',
  }
}

function sendRejection(response: ServerResponse, shape: Shape, { status, error, description }: TokenRejection): void {
  if (status === 405) response.setHeader('allow', 'GET')
  if (status === 429 || status === 503) response.setHeader('retry-after', '5')
  const body =
    shape === 'imds' ? { error, error_description: description } : { statusCode: status, message: description, error }
  send(response, status, body)
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}

function listenFailure(error: unknown, address: string): unknown {
  switch (systemErrorCode(error)) {
    case 'EADDRINUSE':
      return new CommandFailure(
        `another process is listening on ${address}`,
        exitCodes.portInUse,
        'set another port with --listen',
      )
    case 'EADDRNOTAVAIL':
      return new CommandFailure(
        `${address} is not an address of this machine`,
        exitCodes.addressUnavailable,
        'use 127.0.0.1:PORT',
      )
    case 'EACCES':
      return new CommandFailure(
        `this user is not allowed to listen on ${address}`,
        exitCodes.addressUnavailable,
        'use a port above 1023',
      )
    default:
      return error
  }
}
