import { Agent } from 'node:https'
import type { OutgoingHttpHeaders } from 'node:http'
import { request, type HttpResponse } from '../harness/http.ts'
import type { RunningServer } from '../harness/server.ts'

/** What a client sends below the registry's origin. */
export interface Sent {
  method: string
  /** A path that begins with a slash, or a whole URL. */
  to: string | URL
  headers?: OutgoingHttpHeaders
  body?: Buffer
}

/**
 * A client of one registry with persistent connections, which can be turned off: on a persistent connection, a
 * request without a response is sent again, although the server may have processed it.
 */
export class Client implements Disposable {
  readonly #server: RunningServer
  readonly #authorization: string
  readonly #agent: Agent

  constructor(server: RunningServer, authorization: string, connections: number, keepAlive = true) {
    this.#server = server
    this.#authorization = authorization
    this.#agent = new Agent({ keepAlive, maxSockets: connections })
  }

  /** The answer, unchecked; throws the error of a failed connection. */
  send({ method, to, headers = {}, body }: Sent): Promise<HttpResponse> {
    return request({
      method,
      url: new URL(to, this.#server.baseUrl),
      headers: { authorization: this.#authorization, ...headers },
      agent: this.#agent,
      caFile: this.#server.caFile,
      ...(body !== undefined && { body }),
    })
  }

  /** Ends all connections. */
  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}

/** Whether an error means that the other side closed the connection or ended. */
export function isCut(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNABORTED'].includes(code)
}
