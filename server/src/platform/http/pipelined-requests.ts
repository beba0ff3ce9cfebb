import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** How many requests of one connection may wait for the answer before theirs. Hardly any client sends even one early. */
const maxWaiting = 100

type Waiting = { readonly response: ServerResponse; readonly begin: () => void }

/**
 * Has the requests of a connection carried out one after the other. Node begins all that one read of the socket holds at once,
 * hundreds of them, and nobody else is answered meanwhile. [RFC 9112 §9.3.2]
 */
export class PipelinedRequests {
  readonly #onFlood: (socket: Socket) => void
  /** The requests that wait, of each connection that has any. */
  readonly #waiting = new WeakMap<Socket, Waiting[]>()

  /** @param onFlood is told of a connection that is closed since too many of its requests wait */
  constructor(onFlood: (socket: Socket) => void) {
    this.#onFlood = onFlood
  }

  /** Whether a request came before the answer to another of its connection: Node gives its response no socket yet. */
  static isEarly(response: ServerResponse): boolean {
    return response.socket === null
  }

  /** Begins an early request when those before it have been answered. `current` is the response to the one that runs. */
  wait(socket: Socket, current: ServerResponse, response: ServerResponse, begin: () => void): void {
    if (socket.destroyed) return
    const waiting = this.#waiting.get(socket)
    if (waiting === undefined) {
      this.#waiting.set(socket, [{ response, begin }])
      current.once('close', () => this.#goOn(socket))
    } else if (waiting.length < maxWaiting) waiting.push({ response, begin })
    else {
      socket.destroy()
      this.#onFlood(socket)
    }
  }

  #carryOut(socket: Socket, { response, begin }: Waiting): void {
    if (!socket.destroyed) response.once('close', () => this.#goOn(socket))
    begin()
    if (socket.destroyed) this.#goOn(socket)
  }

  #goOn(socket: Socket): void {
    const waiting = this.#waiting.get(socket) ?? []
    if (socket.destroyed) {
      // Each is logged as one whose client went away.
      for (const { begin } of waiting.splice(0)) begin()
      return
    }
    const next = waiting.shift()
    if (next === undefined) this.#waiting.delete(socket)
    // Others have a turn between any two.
    else setImmediate(() => this.#carryOut(socket, next))
  }
}
