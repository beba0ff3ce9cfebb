import { once } from 'node:events'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'

/** Forwards connections to a port. It can stop forwarding without closing a connection, like a network that drops all packets. */
export async function startStallingRelay(to: number) {
  const sockets = new Set<Socket>()
  let isStalled = false
  const { promise: stalled, resolve: hasStalled } = Promise.withResolvers<void>()
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1')
    for (const [socket, other] of [[client, upstream] as const, [upstream, client] as const]) {
      sockets.add(socket)
      if (isStalled) socket.pause()
      socket.on('data', (piece) => other.write(piece))
      if (isStalled) socket.pause()
      socket.on('error', () => undefined)
      socket.once('close', () => {
        sockets.delete(socket)
        if (!isStalled) other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    stalled,
    stall: (): void => {
      isStalled = true
      for (const socket of sockets) socket.pause()
      hasStalled()
    },
    resume: (): void => {
      isStalled = false
      for (const socket of sockets) socket.resume()
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
