import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { withoutCaller } from '../process/authorized-work.ts'

/**
 * The maximum number of waiting requests per connection. Ordinary clients send no request before the previous response.
 */
const maxWaiting = 100

type Waiting = { readonly response: ServerResponse; readonly begin: () => void }

/**
 * Handles the requests of a connection one after the other. Node would start all requests of one read of the socket at
 * once. One read can contain hundreds of requests, and other clients would wait for all of them. [RFC 9112 §9.3.2]
 */
export class PipelinedRequests {
  readonly #onFlood: (socket: Socket) => void
  /** The waiting requests of each connection with at least one waiting request. */
  readonly #waiting = new WeakMap<Socket, Waiting[]>()

  /** @param onFlood called when a connection is closed because too many of its requests are waiting */
  constructor(onFlood: (socket: Socket) => void) {
    this.#onFlood = onFlood
  }

  /**
   * Whether a request arrived before the previous response was sent. In this case, Node has not assigned the socket to
   * the response of the request yet.
   */
  static isEarly(response: ServerResponse): boolean {
    return response.socket === null
  }

  /** Whether a connection has a request that has not been started yet. */
  isWaiting(socket: Socket): boolean {
    return this.#waiting.has(socket)
  }

  /**
   * Starts an early request after the previous requests. `current` is the response to the request that is being
   * handled.
   */
  wait(socket: Socket, current: ServerResponse, response: ServerResponse, handle: () => void): void {
    if (socket.destroyed) return
    // This code runs at the end of the previous response, as part of the previous caller's work. The next request must
    // not be part of this work.
    const begin = () => withoutCaller(handle)
    const waiting = this.#waiting.get(socket)
    if (waiting === undefined) {
      this.#waiting.set(socket, [{ response, begin }])
      current.once('close', () => this.#next(socket))
    } else if (waiting.length < maxWaiting) waiting.push({ response, begin })
    else {
      socket.destroy()
      this.#onFlood(socket)
    }
  }

  #start(socket: Socket, { response, begin }: Waiting): void {
    if (!socket.destroyed) response.once('close', () => this.#next(socket))
    begin()
    if (socket.destroyed) this.#next(socket)
  }

  #next(socket: Socket): void {
    const waiting = this.#waiting.get(socket) ?? []
    if (socket.destroyed) {
      // Each waiting request is logged as aborted by its client.
      for (const { begin } of waiting.splice(0)) begin()
      return
    }
    const next = waiting.shift()
    if (next === undefined) this.#waiting.delete(socket)
    // Other connections are served between two requests.
    else setImmediate(() => this.#start(socket, next))
  }
}
