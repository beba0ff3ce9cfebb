import type { Server } from 'node:http'
import { Server as SocketServer } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Acceptor } from './acceptor.ts'
import type { PipelinedRequests } from './pipelined-requests.ts'
import type { SlowClients } from './slow-clients.ts'

/** How often connections that have become idle are closed while the servers close. */
const sweepMilliseconds = 50
/** The maximum time to wait for the first request of a new connection. */
const newMilliseconds = 3000
/** The maximum number of turns of the event loop in which existing connections are accepted. */
const maxTurns = 100
/** The maximum number of disconnected requests that the log lists. */
const maxNamed = 20
const maxNamedLength = 200

/** The objects that serve the connections of the servers. */
export type Serving = {
  readonly app: FastifyInstance
  readonly clients: SlowClients
  readonly pipelined: PipelinedRequests
  /** Closes every connection at once, including connections with an unfinished handshake. */
  readonly disconnect: () => void
  /** Accepts the connections of the servers, if the servers do not listen themselves. */
  readonly acceptor?: Acceptor | undefined
}

/**
 * Accepts no more connections, and closes each connection between two requests. First, the servers read new connections
 * and requests on idle connections that wait in the operating system. After `milliseconds`, the function disconnects
 * the remaining connections and logs the disconnected requests.
 */
export async function closeServers(servers: readonly Server[], serving: Serving, milliseconds: number): Promise<void> {
  const { app, clients, pipelined, disconnect, acceptor } = serving
  await acceptWaiting(servers)
  // Node's own `close` is not used, because it also closes connections whose last response is still being sent.
  const close = (server: Server) =>
    acceptor?.detach(server) ??
    new Promise<void>((resolve) => void SocketServer.prototype.close.call(server, () => resolve()))
  const closed = Promise.all(servers.map(close)).then(() => true)
  const cut = setTimeout(() => {
    const running = clients.running()
    if (running.length > 0) {
      const named = running.slice(0, maxNamed).map(({ method, url = '' }) => `${method} ${pathOf(url)}`)
      app.warnLimited(cutText, { count: running.length, requests: named })
    }
    for (const server of servers) server.closeAllConnections()
    // Node does not count a connection until its handshake is finished.
    disconnect()
  }, milliseconds)
  do {
    // Timers run before the sockets are read. After the next turn, the handling of a request that has arrived has
    // begun.
    await nextTurn()
    for (const socket of clients.idle(newMilliseconds)) if (!pipelined.isWaiting(socket)) socket.destroy()
  } while (!(await Promise.race([closed, sleep(sweepMilliseconds, false)])))
  clearTimeout(cut)
  // This call ends Node's timeout checks of the connections.
  for (const server of servers) server.close()
}

const cutText = 'disconnected clients whose requests did not finish within shutdownSeconds'

/** The path of a URL, without the query, which may contain secrets. */
function pathOf(url: string): string {
  return (url.split('?', 1)[0] ?? '').slice(0, maxNamedLength)
}

/** Waits until no connection was accepted during one turn of the event loop. */
async function acceptWaiting(servers: readonly Server[]): Promise<void> {
  let accepted = 0
  const count = () => void (accepted += 1)
  for (const server of servers) server.on('connection', count)
  // A connection that arrives during the first turn is accepted in the second turn.
  await nextTurn()
  for (let turn = 0, before = -1; turn < maxTurns && accepted !== before; turn += 1) {
    before = accepted
    await nextTurn()
  }
  for (const server of servers) server.off('connection', count)
}
