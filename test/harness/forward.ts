import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'

/** A port that forwards its connections to another one, like the published port of a container. */
export interface Forwarded extends AsyncDisposable {
  readonly port: number
}

/** Forwards the connections at a free port of loopback to another port. */
export async function forwardTo(port: number): Promise<Forwarded> {
  const server = createServer((socket) => {
    const inside = connect(port, '127.0.0.1')
    socket.pipe(inside).pipe(socket)
    const end = () => {
      socket.destroy()
      inside.destroy()
    }
    for (const each of [socket, inside]) each.on('error', end).on('close', end)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.close()
    },
  }
}
