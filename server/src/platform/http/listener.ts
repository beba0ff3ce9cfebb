import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { requestListener } from './raw-surface.ts'

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
/** How often connections that have become idle are closed while the listener closes. */
const sweepMilliseconds = 50

/**
 * Listens on every address or on none.
 *
 * @throws the operating system's error (`EADDRINUSE`, `EACCES`, …) of the first address that could not be had.
 */
export async function listen(app: FastifyInstance, { addresses, tls }: ListenerOptions): Promise<Listener> {
  await app.ready()
  const state = { closing: false }
  const answer = requestListener(app)
  const servers = addresses.map(() => createServer(answer, tls, state))
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
      state.closing = true
      // A connection that was busy until now waits for the client's next request.
      const sweep = setInterval(() => {
        for (const server of servers) server.closeIdleConnections()
      }, sweepMilliseconds)
      const cut = setTimeout(() => {
        for (const server of servers) server.closeAllConnections()
      }, milliseconds)
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
      clearInterval(sweep)
      clearTimeout(cut)
    },
  }
}

function createServer(
  answer: http.RequestListener,
  tls: ListenerOptions['tls'],
  state: { readonly closing: boolean },
): http.Server | https.Server {
  const route: http.RequestListener = (request, response) => {
    if (state.closing) response.shouldKeepAlive = false
    if (settleHost(request)) answer(request, response)
    else refuse(response)
  }
  const options = { requestTimeout: 0, headersTimeout: headersMilliseconds, keepAliveTimeout: keepAliveMilliseconds }
  const server =
    tls === undefined
      ? http.createServer(options, route)
      : https.createServer({ ...options, ...tls, minVersion: 'TLSv1.2' }, route)
  server.setTimeout(idleSocketMilliseconds)
  return server
}

const absoluteTarget = /^https?:\/\/([^/?#]+)(.*)$/i

/**
 * Whether it is beyond doubt which host a request is for: `Host` comes once, and a target that names a host names the
 * same; that is then cut to its path. A proxy in front could have read another one. [RFC 9112 §3.2]
 */
function settleHost(request: http.IncomingMessage): boolean {
  const { rawHeaders, url = '' } = request
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  if (hosts > 1) return false
  if (url.startsWith('/') || url === '*') return true
  const [, authority, path = ''] = absoluteTarget.exec(url) ?? []
  if (authority === undefined || authority.toLowerCase() !== request.headers.host?.toLowerCase()) return false
  request.url = path.startsWith('/') ? path : `/${path}`
  return true
}

function refuse(response: http.ServerResponse): void {
  const body = '{"error":{"code":"BadRequest","message":"It is not clear which host the request is for."}}'
  response.writeHead(400, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    connection: 'close',
  })
  response.end(body)
}

async function bind(server: http.Server, { host, port }: ListenAddress): Promise<void> {
  server.listen(port, host)
  await once(server, 'listening')
}
