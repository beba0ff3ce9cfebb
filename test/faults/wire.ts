import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { HttpResponse } from '../harness/http.ts'
import type { RunningServer } from '../harness/server.ts'

/** A header as it is put on the wire; a name may be there twice. */
export type Header = readonly [name: string, value: string]

/** One request that is sent exactly as it is written, including the target. */
export interface WireRequest {
  /** `GET` by default. */
  method?: string
  /** The second word of the request line, percent signs, dots and slashes as they are. */
  target: string
  headers?: readonly Header[]
  body?: Buffer | string
  /** The Host header; the first registry's login server by default. */
  host?: string
  authorization?: string | undefined
}

/** Connections to one server that are reused. */
export interface Wire {
  /** Sends one request and returns what came back. Fails if the server closes the connection without an answer. */
  send(what: WireRequest): Promise<HttpResponse>
  /** Closes all connections. */
  close(): void
}

const patienceMs = 120_000

function isTls(server: RunningServer): boolean {
  return server.baseUrl.startsWith('https:')
}

function rawHeadersOf(server: RunningServer, what: WireRequest): string[] {
  const given = what.headers ?? []
  const has = (name: string): boolean => given.some(([one]) => one.toLowerCase() === name)
  const raw = has('host') ? [] : ['Host', what.host ?? server.firstRun.loginServer]
  if (what.authorization !== undefined) raw.push('Authorization', what.authorization)
  raw.push(...given.flat())
  const isFramed = has('content-length') || has('transfer-encoding')
  if (what.body !== undefined && !isFramed) raw.push('Content-Length', String(Buffer.byteLength(what.body)))
  return raw
}

/** Opens a wire to the server, of at most so many connections at a time. */
export function openWire(server: RunningServer, connections = 4): Wire {
  const keptAlive = { keepAlive: true, maxSockets: connections }
  const agent = isTls(server) ? new HttpsAgent(keptAlive) : new HttpAgent(keptAlive)
  const ca = isTls(server) ? readFileSync(server.caFile) : undefined
  /** Undefined if a connection that was to be used again turned out to be closed. */
  const attempt = (what: WireRequest): Promise<HttpResponse | undefined> =>
    new Promise((resolve, reject) => {
      const send = isTls(server) ? httpsRequest : httpRequest
      const outgoing = send({
        host: '127.0.0.1',
        port: server.port,
        method: what.method ?? 'GET',
        path: what.target,
        headers: rawHeadersOf(server, what),
        agent,
        timeout: patienceMs,
        ...(ca !== undefined && { ca, servername: 'localhost' }),
      })
      let answered = false
      outgoing.on('response', (incoming) => {
        answered = true
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          resolve(responseOf(incoming.statusCode ?? 0, incoming.headers, incoming.rawHeaders, Buffer.concat(chunks)))
          if (!outgoing.writableFinished) outgoing.destroy()
        })
      })
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer in time: ${what.method} ${what.target}`)))
      outgoing.on('error', (error) => {
        if (answered) return
        if (outgoing.reusedSocket) resolve(undefined)
        else reject(error)
      })
      outgoing.end(what.body)
    })
  const send = async (what: WireRequest): Promise<HttpResponse> => {
    for (;;) {
      // The server may close an idle connection just when it is to be used again: that is no failure.
      const response = await attempt(what)
      if (response !== undefined) return response
    }
  }
  return { send, close: () => agent.destroy() }
}

function responseOf(
  status: number,
  headers: HttpResponse['headers'],
  rawHeaders: string[],
  body: Buffer,
): HttpResponse {
  const text = (): string => body.toString('utf8')
  return { status, headers, rawHeaders, body, text, json: () => JSON.parse(text()) }
}

/** Opens a bare connection, with TLS where the server has it. */
export async function openSocket(server: RunningServer): Promise<Socket> {
  const at = { host: '127.0.0.1', port: server.port }
  const socket = isTls(server)
    ? connectTls({ ...at, ca: readFileSync(server.caFile), servername: 'localhost' })
    : connectTcp(at)
  await once(socket, isTls(server) ? 'secureConnect' : 'connect')
  return socket
}

/** Writes bytes on a connection of their own and returns all that came back until it was closed, or silent for a second. */
export async function exchangeBytes(server: RunningServer, bytes: Buffer | string, silenceMs = 1000): Promise<string> {
  const socket = await openSocket(server)
  let received = ''
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    received += text
  })
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.setTimeout(silenceMs, () => socket.destroy())
  socket.write(bytes)
  await closed
  return received
}

/** The status of an answer that `exchangeBytes` returned; undefined if there was none. */
export function statusOf(received: string): number | undefined {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(received)?.[1]
  return status === undefined ? undefined : Number(status)
}

/** The values of a header, one for each time it was sent. */
export function valuesOf(response: HttpResponse, name: string): string[] {
  return response.rawHeaders.filter((_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === name)
}
