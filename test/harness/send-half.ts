import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { request } from './http.ts'
import type { RunningServer } from './server.ts'

/** A request of which the server has the header and, at least on its way, half of the body. */
export interface HalfSent {
  /** Sends the other half. */
  rest(): void
  readonly answer: Promise<{ status: number; headers: IncomingHttpHeaders }>
}

/**
 * After this many later requests, each sent after the response to the previous one, all earlier requests have been
 * examined.
 */
const laterRequests = 5

/** A request whose body is sent in halves. */
export type Halved = {
  readonly method: string
  readonly url: string | URL
  readonly headers: OutgoingHttpHeaders
}

/** Sends the header and half of the body, and waits until the server has examined the request. */
export async function sendHalf(
  server: RunningServer,
  what: Halved & { readonly headers: { readonly authorization: string } },
  body: Buffer,
): Promise<HalfSent> {
  const half = await beginHalf(server, what, body)
  await untilExamined(server, what.headers.authorization)
  return half
}

/** Waits until the server has examined all requests that were sent before. */
export async function untilExamined(server: RunningServer, authorization: string): Promise<void> {
  for (let count = 0; count < laterRequests; count += 1) {
    await request({ url: `${server.baseUrl}/v2/`, headers: { authorization }, caFile: server.caFile })
  }
}

/** Sends the header and half of the body. */
export async function beginHalf(server: RunningServer, what: Halved, body: Buffer): Promise<HalfSent> {
  const { host, pathname, search } = new URL(what.url)
  const outgoing = httpsRequest({
    host: '127.0.0.1',
    port: server.port,
    servername: 'localhost',
    ca: readFileSync(server.caFile),
    agent: false,
    method: what.method,
    path: pathname + search,
    headers: { host, 'content-length': body.length, ...what.headers },
  })
  const answer: HalfSent['answer'] = new Promise((resolve, reject) => {
    outgoing.on('error', reject)
    outgoing.on('response', (incoming) => {
      incoming.on('error', reject)
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers }))
      incoming.resume()
    })
  })
  answer.catch(() => undefined)
  const half = Math.floor(body.length / 2)
  await new Promise((resolve) => outgoing.write(body.subarray(0, half), resolve))
  return { rest: () => void outgoing.end(body.subarray(half)), answer }
}
