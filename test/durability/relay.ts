import { once } from 'node:events'
import { createServer, connect, type Socket } from 'node:net'

/** Forwards connections of one port of 127.0.0.1 to another, and can stop in the middle of what it forwards. */
export interface Relay extends AsyncDisposable {
  readonly port: number
  /** Where connections are forwarded to from now on. */
  forwardTo(port: number): void
  /** Forwards this many bytes to clients that connect from now on, and then stops; without a number, forwards all. */
  holdAfter(bytes: number | undefined): void
}

/** Starts a relay. */
export async function startRelay(): Promise<Relay> {
  const open = new Set<Socket>()
  let target = 0
  let limit: number | undefined
  const server = createServer((client) => {
    let left = limit
    const upstream = connect(target, '127.0.0.1')
    for (const [socket, other] of [[client, upstream] as const, [upstream, client] as const]) {
      open.add(socket)
      socket.on('error', () => other.destroy())
      socket.once('close', () => open.delete(socket))
    }
    client.once('close', () => upstream.destroy())
    client.pipe(upstream)
    upstream.on('end', () => client.end())
    upstream.on('data', (piece: Buffer) => {
      client.write(left === undefined ? piece : piece.subarray(0, left))
      if (left !== undefined && (left -= Math.min(left, piece.length)) === 0) upstream.pause()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the relay has no TCP address')
  return {
    port: address.port,
    forwardTo: (port) => {
      target = port
    },
    holdAfter: (bytes) => {
      limit = bytes
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
