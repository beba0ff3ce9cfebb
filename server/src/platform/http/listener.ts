import http from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { OverBudgetError } from '../limits/caller-limits.ts'
import type { SharedCounts } from '../memory/shared-counts.ts'
import { descriptorLimit } from '../process/descriptor-limit.ts'
import { ConnectionCounter, type ConnectionLimits, connectionLimits } from './connection-limits.ts'
import type { Acceptor, ListenAddress } from './acceptor.ts'
import { type ReservedPorts, bind } from './bind.ts'
import { closeServers } from './close-servers.ts'
import { PipelinedRequests } from './pipelined-requests.ts'
import { expectTls } from './plain-http.ts'
import { createPacedMessage } from './body-rate.ts'
import { type NamedCertificates, chooseByName, closeChallenges } from './named-certificates.ts'
import { requestListener } from './raw-surface.ts'
import { rejectRequest, rejectUnreadable } from './reject-request.ts'
import { Traffic } from './traffic.ts'
import { type SlowClientLimits, type SlowClientReason, SlowClients, usualSlowClientLimits } from './slow-clients.ts'

export type ListenerOptions = {
  readonly addresses: readonly ListenAddress[]
  /** The certificate and its key in PEM. Undefined for plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  /** The data that a thread shares with other threads that accept connections at the same addresses. */
  readonly shared?: SharedListening
  /** Accepts the connections at `addresses`. Default: the listener itself. */
  readonly acceptor?: Acceptor | undefined
  /** Answers the requests. Default: the surfaces of the application. */
  readonly answer?: http.RequestListener
  /** The certificates for some names. For these names, clients get these certificates instead of `tls`. */
  readonly named?: NamedCertificates | undefined
  /** The ports that are reserved for these addresses. */
  readonly reserved?: ReservedPorts | undefined
  /** The default is derived from the descriptor limit. */
  readonly connections?: ConnectionLimits
  readonly slowClients?: SlowClientLimits
}

/** The data that threads share if they accept connections at the same addresses. */
export type SharedListening = {
  /**
   * The keys of TLS session tickets: 48 random bytes. With these keys, a client can resume a session in another thread.
   */
  readonly ticketKeys: Uint8Array
  readonly connections: SharedCounts
}

/** Rejected connections and disconnected clients since startup. */
export type ListenerCounts = {
  readonly open: number
  readonly handshakes: number
  readonly rejected: ConnectionCounter['rejected']
  readonly slow: Readonly<Record<SlowClientReason, number>>
  readonly bytes: { readonly received: number; readonly sent: number }
}

export interface Listener {
  /** The addresses on which the listener listens. If 0 was configured as a port, this list contains the actual port. */
  readonly addresses: readonly ListenAddress[]
  readonly counts: () => ListenerCounts
  /** Uses another certificate for all later handshakes. */
  replaceCertificate(tls: { readonly cert: string; readonly key: string }): void
  /** Continues to accept connections, and closes each connection after its next response. */
  drain(): void
  /**
   * Accepts no more connections, and waits for running requests for at most `milliseconds`. Then disconnects the
   * remaining requests, and logs them.
   */
  close(milliseconds: number): Promise<void>
}

const headersMilliseconds = 30_000
/** How often Node checks for clients that send their headers too slowly. */
const checkMilliseconds = 2000

/**
 * Listens on every address or on none.
 *
 * @throws the operating system's error (`EADDRINUSE`, `EACCES`, …) of the first address that fails
 */
export async function listen(app: FastifyInstance, options: ListenerOptions): Promise<Listener> {
  const { addresses, shared, acceptor, reserved } = options
  await app.ready()
  const guard = guardOf(app, options)
  const { answer = requestListener(app) } = options
  const servers = addresses.map(() => createServer(app, answer, options, guard))
  const traffic = new Traffic()
  for (const server of servers) server.on('connection', (socket: Socket) => traffic.watch(socket))
  try {
    if (acceptor === undefined) {
      for (const [index, server] of servers.entries()) {
        await bind(server, addresses[index] as ListenAddress, {
          all: addresses,
          reusePort: shared !== undefined,
          reserved,
        })
      }
    } else acceptor.attach(servers)
  } catch (error) {
    for (const server of servers) server.close()
    guard.clients.stop()
    throw error
  }
  return {
    addresses:
      acceptor?.addresses ??
      servers.map((server) => {
        const { address, port } = server.address() as AddressInfo
        return { host: address, port }
      }),
    counts: () => {
      const { open, handshakes, rejected } = guard.connections
      return { open, handshakes, rejected, slow: guard.slow, bytes: traffic.bytes() }
    },
    replaceCertificate: (replacement) => {
      const context = { ...replacement, ...ticketKeysOf(shared) }
      for (const server of servers) if (server instanceof https.Server) server.setSecureContext(context)
    },
    drain: () => {
      guard.isDraining = true
    },
    close: async (milliseconds) => {
      guard.isDraining = true
      await closeServers(servers, { app, ...guard, acceptor }, milliseconds)
      guard.clients.stop()
    },
  }
}

const slowTexts = {
  request: 'disconnected a client whose request did not arrive in time',
  upload: 'disconnected a client whose upload was slower than limits.minUploadBytesPerSecond',
  download: 'disconnected a client that read a response more slowly than limits.minDownloadBytesPerSecond',
} as const

const rejectionTexts = {
  total: 'rejected a connection: limits.maxConnections is reached',
  address: 'rejected a connection: the address has reached limits.maxConnectionsPerAddress',
  handshakes: 'rejected a connection: the address has too many unfinished TLS handshakes',
} as const

/** The protection that all servers of a listener share. */
type Guard = {
  readonly connections: ConnectionCounter
  readonly limits: ConnectionLimits
  readonly clients: SlowClients
  readonly pipelined: PipelinedRequests
  /** The class of the objects for requests. */
  readonly message: typeof http.IncomingMessage
  readonly slow: Record<SlowClientReason, number>
  /** Rejects a new connection, or starts the connection. A connection over TLS may have to wait for its turn. */
  readonly admit: (socket: Socket, isTls: boolean, begin: () => void) => void
  /** Closes every connection at once, including connections with an unfinished handshake. */
  readonly disconnect: () => void
  /** Whether each response closes its connection. */
  isDraining: boolean
}

function guardOf(app: FastifyInstance, options: ListenerOptions): Guard {
  const limits = options.connections ?? connectionLimits(descriptorLimit())
  const connections = new ConnectionCounter(limits, app.isTrustedProxy, options.shared?.connections)
  const slow = { request: 0, upload: 0, download: 0 }
  const clients = new SlowClients(options.slowClients ?? usualSlowClientLimits, (reason, { remoteAddress }) => {
    slow[reason] += 1
    app.warnLimited(slowTexts[reason], { from: remoteAddress })
  })
  const open = new Set<Socket>()
  return {
    connections,
    limits,
    clients,
    pipelined: new PipelinedRequests(({ remoteAddress = '' }) => {
      app.warnLimited(floodText, { from: remoteAddress })
      if (!app.isTrustedProxy(remoteAddress)) app.callerBudgets.ofHandshakes(remoteAddress).charge(floodCostMs)
    }),
    message: createPacedMessage(app.isTrustedProxy),
    slow,
    admit: (socket, isTls, begin) => {
      const rejection = connections.admit(socket, isTls)
      if (rejection !== undefined) {
        app.warnLimited(rejectionTexts[rejection], { from: socket.remoteAddress })
        socket.destroy()
        return
      }
      open.add(socket)
      socket.once('close', () => open.delete(socket))
      if (!isTls) {
        begin()
        return
      }
      expectTls(socket, limits.handshakeMs, async () => {
        const isTurn = await awaitTurn(app, socket)
        if (isTurn && !socket.destroyed) begin()
      })
    },
    disconnect: () => {
      for (const socket of open) socket.destroy()
    },
    isDraining: false,
  }
}

/** The approximate processor time of a handshake. */
const handshakeCostMs = 2

const floodText = 'disconnected a client that sent too many requests without waiting for responses'
/** The approximate processor time for parsing the requests of one read. The cost is charged to the client's address. */
const floodCostMs = 30

/**
 * Waits until the handshake may start, and charges the cost of the handshake to the client's address. If the queue is
 * full, closes the connection and returns false.
 */
async function awaitTurn(app: FastifyInstance, socket: Socket): Promise<boolean> {
  const budget = app.callerBudgets.ofHandshakes(socket.remoteAddress ?? '')
  try {
    await budget.enter()
    budget.leave(handshakeCostMs)
    return true
  } catch (error) {
    if (!(error instanceof OverBudgetError)) throw error
    app.warnLimited(rejectionTexts.handshakes, { from: socket.remoteAddress })
    socket.destroy()
    return false
  }
}

function createServer(
  app: FastifyInstance,
  answer: http.RequestListener,
  { tls, named, shared }: ListenerOptions,
  guard: Guard,
): http.Server | https.Server {
  const { clients, connections, limits } = guard
  const inOrder = (listener: http.RequestListener): http.RequestListener => {
    const begin: http.RequestListener = (request, response) => {
      clients.begin(request, response)
      listener(request, response)
    }
    return (request, response) => {
      const current = PipelinedRequests.isEarly(response) ? clients.responseOn(request.socket) : undefined
      if (current === undefined) begin(request, response)
      else guard.pipelined.wait(request.socket, current, response, () => begin(request, response))
    }
  }
  const route = inOrder((request, response) => {
    if (guard.isDraining) response.shouldKeepAlive = false
    if (request.rawHeaders.length >= 2 * maxHeaders) {
      rejectRequest(app, { request, response }, 431, 'The request has too many headers.')
    } else if (settleHost(request)) answer(request, response)
    else rejectRequest(app, { request, response }, 400, 'The host of the request is missing or ambiguous.')
  })
  const options = {
    IncomingMessage: guard.message,
    requestTimeout: 0,
    // Node does not check the host, because Node's own responses lack the common headers.
    requireHostHeader: false,
    headersTimeout: headersMilliseconds,
    // Node only writes this time into responses. SlowClients closes the connection.
    keepAliveTimeout: clients.limits.keepAliveMs,
    connectionsCheckingInterval: checkMilliseconds,
  }
  const server =
    tls === undefined
      ? http.createServer(options, route)
      : https.createServer(
          {
            ...options,
            ...tls,
            ...ticketKeysOf(shared),
            ...chooseByName(named),
            minVersion: 'TLSv1.2',
            handshakeTimeout: limits.handshakeMs,
          },
          route,
        )
  // Node's own connection listeners run after the connection is admitted.
  const begin = server.listeners('connection') as ((this: http.Server, socket: Socket) => void)[]
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    guard.admit(socket, tls !== undefined, () => {
      for (const listener of begin) listener.call(server, socket)
    })
  })
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    connections.secured(socket)
    clients.watch(socket)
  })
  if (named !== undefined) closeChallenges(server)
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    rejectUnreadable(app, error, socket, clients.isAnswering(socket))
  })
  // No response is possible after a failed handshake.
  server.removeAllListeners('tlsClientError').on('tlsClientError', (_error, socket: Socket) => socket.destroy())
  server.on(
    'checkExpectation',
    inOrder((request, response) => {
      rejectRequest(app, { request, response }, 417, 'The Expect header of the request is not supported.')
    }),
  )
  return server
}

/** Node's maximum number of headers. Some versions of Node drop later headers, such as a second `Host`. */
const maxHeaders = 1000

const absoluteTarget = /^https?:\/\/([^/?#]+)(.*)$/i

/**
 * Whether the host of a request is unambiguous: there is one `Host` header, and an absolute target contains the same
 * host. An absolute target is then reduced to its path. An ambiguous host is rejected, because a proxy in front of the
 * server may have used a different host. [RFC 9112 §3.2]
 */
function settleHost(request: http.IncomingMessage): boolean {
  const { rawHeaders, url = '' } = request
  const hosts = countHosts(rawHeaders)
  if (hosts > 1 || (hosts === 0 && request.httpVersion !== '1.0')) return false
  if (url.startsWith('/') || url === '*') return true
  const [, authority, path = ''] = absoluteTarget.exec(url) ?? []
  if (authority === undefined || authority.toLowerCase() !== request.headers.host?.toLowerCase()) return false
  request.url = path.startsWith('/') ? path : `/${path}`
  return true
}

function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts
}

function ticketKeysOf(shared: SharedListening | undefined): { readonly ticketKeys?: Buffer } {
  return shared === undefined ? {} : { ticketKeys: Buffer.from(shared.ticketKeys) }
}
