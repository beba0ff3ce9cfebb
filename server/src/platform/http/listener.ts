import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Where to listen. IPv6 addresses are written without brackets. */
export type ListenAddress = { readonly host: string; readonly port: number }

export type ListenerOptions = {
  readonly addresses: readonly ListenAddress[]
  /** The certificate and its key in PEM, or undefined to speak plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
}

export interface Listener {
  /** The addresses in use; a port that was asked as 0 is known here. */
  readonly addresses: readonly ListenAddress[]
  /** Uses another certificate from the next handshake on. */
  replaceCertificate(tls: { readonly cert: string; readonly key: string }): void
  /** Takes no more connections, lets what is in flight finish for at most `milliseconds`, then cuts it. */
  close(milliseconds: number): Promise<void>
}

/** A socket on which nothing moves for so long is closed, so that a slow sender cannot hold one for ever. */
const idleSocketMilliseconds = 120_000
const headersMilliseconds = 30_000
const keepAliveMilliseconds = 65_000

/**
 * Listens on every address or on none.
 *
 * @throws the operating system's error (`EADDRINUSE`, `EACCES`, …) of the first address that could not be had.
 */
export async function listen(app: FastifyInstance, { addresses, tls }: ListenerOptions): Promise<Listener> {
  await app.ready()
  const servers = addresses.map(() => createServer(app, tls))
  try {
    for (const [index, server] of servers.entries()) await bind(server, addresses[index] as ListenAddress)
  } catch (error) {
    for (const server of servers) server.close()
    throw error
  }
  return {
    addresses: servers.map((server) => {
      const { address, port } = server.address() as AddressInfo
      return { host: address, port }
    }),
    replaceCertificate: (replacement) => {
      for (const server of servers) if (server instanceof https.Server) server.setSecureContext(replacement)
    },
    close: async (milliseconds) => {
      const cut = setTimeout(() => {
        for (const server of servers) server.closeAllConnections()
      }, milliseconds)
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
      clearTimeout(cut)
    },
  }
}

function createServer(app: FastifyInstance, tls: ListenerOptions['tls']): http.Server | https.Server {
  const route: http.RequestListener = (request, response) => app.routing(request, response)
  const options = { requestTimeout: 0, headersTimeout: headersMilliseconds, keepAliveTimeout: keepAliveMilliseconds }
  const server =
    tls === undefined
      ? http.createServer(options, route)
      : https.createServer({ ...options, ...tls, minVersion: 'TLSv1.2' }, route)
  server.setTimeout(idleSocketMilliseconds)
  return server
}

async function bind(server: http.Server, { host, port }: ListenAddress): Promise<void> {
  server.listen(port, host)
  await once(server, 'listening')
}
