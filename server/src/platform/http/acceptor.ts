import { once } from 'node:events'
import type http from 'node:http'
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net'

/** An address on which a server listens. IPv6 addresses have no brackets. */
export type ListenAddress = { readonly host: string; readonly port: number }

/** The maximum number of connections that wait for the next servers. */
const maxWaiting = 1000

/**
 * Accepts connections for successive servers at the same addresses, so that no other process can take the ports. A
 * connection that arrives between two servers waits for the next server.
 */
export class Acceptor {
  readonly addresses: readonly ListenAddress[]
  readonly #sockets: readonly Server[]
  /** The current servers, one for each address. */
  #servers: readonly http.Server[] = []
  readonly #connections = new Map<http.Server, Set<Socket>>()
  /** The connections without a server, each with the index of its address. */
  readonly #waiting = new Map<Socket, number>()

  private constructor(sockets: readonly Server[]) {
    this.#sockets = sockets
    this.addresses = sockets.map((server) => {
      const { address, port } = server.address() as AddressInfo
      return { host: address, port }
    })
    for (const [index, server] of sockets.entries()) {
      server.on('connection', (socket: Socket) => this.#accept(index, socket))
    }
  }

  /**
   * Listens on every address or on none. `isTls` specifies whether the servers use TLS.
   *
   * @throws the operating system's error of the first address that fails
   */
  static async open(addresses: readonly ListenAddress[], { isTls }: { readonly isTls: boolean }): Promise<Acceptor> {
    const sockets: Server[] = []
    try {
      for (const address of addresses) {
        // These options are the same as the options of Node's own servers for HTTP and HTTPS.
        const server = createServer({ allowHalfOpen: !isTls, noDelay: true })
        server.listen(address)
        await once(server, 'listening')
        sockets.push(server)
      }
    } catch (error) {
      for (const server of sockets) server.close()
      throw error
    }
    return new Acceptor(sockets)
  }

  /**
   * Passes the connections of each address to the server with the same index. The waiting connections are passed first.
   */
  attach(servers: readonly http.Server[]): void {
    this.#servers = servers
    for (const server of servers) {
      this.#connections.set(server, new Set())
      // Node starts the timeout checks of a server's connections at this event.
      server.emit('listening')
    }
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const [socket, index] of waiting) if (!socket.destroyed) this.#accept(index, socket)
  }

  /** Passes no more connections to a server, and waits until all connections of the server are closed. */
  async detach(server: http.Server): Promise<void> {
    this.#servers = this.#servers.filter((each) => each !== server)
    const sockets = this.#connections.get(server) ?? new Set()
    await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
    this.#connections.delete(server)
  }

  /**
   * Closes every connection of the current servers at once. A connection that arrives later waits for the next servers.
   */
  disconnect(): void {
    this.#servers = []
    for (const sockets of this.#connections.values()) for (const socket of sockets) socket.destroy()
  }

  /** Accepts no more connections, and closes the waiting connections. */
  async close(): Promise<void> {
    const closed = Promise.all(this.#sockets.map((server) => new Promise((resolve) => server.close(resolve))))
    this.disconnect()
    for (const socket of this.#waiting.keys()) socket.destroy()
    await closed
  }

  #accept(index: number, socket: Socket): void {
    const server = this.#servers[index]
    if (server === undefined) this.#wait(index, socket)
    else {
      const sockets = this.#connections.get(server)
      sockets?.add(socket)
      socket.once('close', () => sockets?.delete(socket))
      server.emit('connection', socket)
    }
  }

  #wait(index: number, socket: Socket): void {
    if (this.#waiting.size >= maxWaiting) socket.destroy()
    else this.#waiting.set(socket, index)
    socket.on('error', () => socket.destroy()).once('close', () => this.#waiting.delete(socket))
  }
}
