import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { BodyTooLargeError, ClientGoneError, readBody } from '../../platform/http/read-body.ts'
import type { ListenAddress } from '../../platform/http/acceptor.ts'
import type { Log } from '../../platform/log/log.ts'
import { ControlError, invalidRequest, notFound } from './errors.ts'
import type { Answer, Call, Route } from './route.ts'

/** The maximum size of a document such as a seed. Large bodies are streams. */
const maxTextBytes = 16 * 1024 * 1024

/** The listener of the control API. */
export type ControlListener = { readonly address: ListenAddress; readonly close: () => Promise<void> }

export type ControlOptions<Context> = {
  readonly address: ListenAddress
  /** The bearer token that all routes except the open routes require. */
  readonly token: string
  readonly routes: readonly Route<Context>[]
  readonly context: Context
  readonly log: Log
}

/** Serves the control API. @throws the error of the operating system if an address is in use or not available */
export async function listenForControl<Context>(options: ControlOptions<Context>): Promise<ControlListener> {
  const answer = createAnswer(options)
  const server = createServer({ headersTimeout: 10_000 }, (request, response) => void answer(request, response))
  server.listen(options.address)
  await once(server, 'listening')
  const { address: host, port } = server.address() as AddressInfo
  return {
    address: { host, port },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function createAnswer<Context>({ token, routes, context, log }: ControlOptions<Context>) {
  const table = routes.map((route) => ({ route, pattern: patternOf(route.path) }))
  const isAuthorized = createTokenCheck(token)
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = turn.then(work)
    turn = result.catch(() => undefined)
    return result
  }
  const answerTo = async (request: IncomingMessage): Promise<Answer> => {
    const url = URL.parse(`http://control.invalid${request.url ?? ''}`)
    if (url === null) throw invalidRequest('The target of the request is not a path.')
    // A health check may request only the head of the response.
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const found = table
      .map(({ route, pattern }) => ({ route, match: pattern.exec(url.pathname) }))
      .find(({ route, match }) => match !== null && route.method === method)
    if (found?.route.isOpen !== true && !isAuthorized(request.headers.authorization)) {
      throw new ControlError(401, 'Unauthorized', 'The bearer token of the control API is missing or wrong.')
    }
    if (found === undefined) throw notFound(`There is no route ${request.method} ${url.pathname}.`)
    const { route, match } = found
    const params = decodeParams(match?.groups)
    const text = route.body === 'text' ? await readText(request) : ''
    const call: Call = { params, query: url.searchParams, text, request }
    const handle = async () => route.handle(context, call)
    return route.isOpen === true ? handle() : inTurn(handle)
  }
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await send(response, await answerTo(request))
    } catch (error) {
      const isGone = error instanceof ClientGoneError || response.headersSent || !(await discardRest(request))
      if (isGone) response.destroy()
      else sendError(response, error, log)
    }
  }
}

/** Creates a regular expression with a named group for each variable part of the pattern. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}$`)
}

function decodeParams(groups: Readonly<Record<string, string>> = {}): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]))
  } catch (error) {
    throw invalidRequest('The path is not valid percent-encoding.', error)
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readBody(request, maxTextBytes))
  } catch (error) {
    if (error instanceof BodyTooLargeError)
      throw invalidRequest(`The body is larger than ${maxTextBytes} bytes.`, error)
    if (error instanceof TypeError) throw invalidRequest('The body is not UTF-8.', error)
    throw error
  }
}

/** Compares the hashes in constant time. The hashes have the same length. */
function createTokenCheck(token: string): (authorization: string | undefined) => boolean {
  const hashOf = (text: string) => createHash('sha256').update(text).digest()
  const expected = hashOf(token)
  return (authorization = '') => {
    const [, presented = ''] = /^bearer +(\S+) *$/i.exec(authorization) ?? []
    return timingSafeEqual(hashOf(presented), expected)
  }
}

/**
 * Reads the rest of a body, because many clients read a response only after they have sent the complete body. Returns false if the client
 * disconnects.
 */
async function discardRest(request: IncomingMessage): Promise<boolean> {
  if (request.readableEnded) return true
  try {
    for await (const piece of request) void piece
    return true
  } catch {
    return false
  }
}

async function send(response: ServerResponse, answer: Answer): Promise<void> {
  response.setHeader('Cache-Control', 'no-store')
  if ('stream' in answer) {
    response.writeHead(answer.status, { 'Content-Type': answer.contentType })
    await pipeline(answer.stream, response)
  } else sendJson(response, answer.status, answer.json)
}

function sendError(response: ServerResponse, error: unknown, log: Log): void {
  if (error instanceof ControlError) {
    const { status, code, message } = error
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer')
    sendJson(response, status, { error: { code, message } })
  } else {
    log.error({ err: error }, 'the control API failed')
    const message = 'The control API failed; see the log of the emulator for the reason.'
    sendJson(response, 500, { error: { code: 'InternalError', message } })
  }
}

function sendJson(response: ServerResponse, status: number, json: unknown): void {
  if (json === undefined) response.writeHead(status).end()
  else response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(json))
}
