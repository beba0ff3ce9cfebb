import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'

/** A proxy for `CONNECT` alone. */
export interface ConnectProxy extends AsyncDisposable {
  readonly url: string
  /** How many tunnels it has opened. */
  tunnels(): number
}

/**
 * Starts a proxy on the loopback interface whose tunnels lead to the port of 127.0.0.1 that `portOf` gives. If it
 * returns none, the tunnel is denied, so nothing leaves the machine [RFC 9110 §9.3.6].
 */
export async function startConnectProxy(
  portOf: (hostname: string, port: number) => number | undefined,
): Promise<ConnectProxy> {
  const open = new Set<Socket>()
  let count = 0
  const server = createServer((_request, response) => response.writeHead(405).end())
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  server.on('connect', (request, client: Socket, head) => {
    const [host = '', asked] = (request.url ?? '').split(':')
    const port = portOf(host, Number(asked))
    client.on('error', () => client.destroy())
    if (port === undefined) {
      client.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n')
      return
    }
    const upstream = connect(port, '127.0.0.1', () => {
      count += 1
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.write(head)
      upstream.pipe(client)
      client.pipe(upstream)
    })
    open.add(upstream)
    upstream.once('close', () => open.delete(upstream))
    upstream.on('error', () => client.destroy())
    client.once('close', () => upstream.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no TCP address')
  return {
    url: `http://127.0.0.1:${address.port}`,
    tunnels: () => count,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
