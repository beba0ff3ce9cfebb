import { type AddressInfo, type Socket, connect, createServer } from 'node:net'
import { request } from '../harness/http.ts'

/** A TCP load balancer. Dispose of it, and it is closed with all its connections. */
export interface Balancer extends AsyncDisposable {
  readonly port: number
  /** Adds a server that listens on a port of this machine. */
  add(port: number, caFile: string): void
  /** The number of servers that the last health checks found ready. */
  readyCount(): number
  /** Connections that were not forwarded, because no server was ready or a ready one did not accept. */
  readonly failures: readonly string[]
}

const checkEveryMs = 200

/**
 * Distributes connections in turn over the servers whose `/readyz` last responded 200. Each server is checked
 * separately: a server that is slow, because the machine is busy, stays ready, and does not delay the checks of other
 * servers. It never tries a second server for a
 * connection.
 */
export async function startBalancer(): Promise<Balancer> {
  const backends: { readonly port: number; readonly caFile: string; isReady: boolean }[] = []
  const failures: string[] = []
  const sockets = new Set<Socket>()
  let turn = 0
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const ready = backends.filter(({ isReady }) => isReady)
    const chosen = ready[(turn += 1) % Math.max(1, ready.length)]
    if (chosen === undefined) {
      failures.push('no server is ready')
      client.destroy()
      return
    }
    const upstream = connect({ port: chosen.port, host: '127.0.0.1', allowHalfOpen: true })
    let isConnected = false
    upstream.once('connect', () => {
      isConnected = true
    })
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        if (from === upstream && !isConnected && !client.destroyed) failures.push('a ready server did not accept')
        to.destroySoon()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const check = async (backend: (typeof backends)[number]): Promise<void> => {
    const url = `https://localhost:${backend.port}/readyz`
    const headers = { host: `localhost:${port}` }
    const answer = await request({ url, headers, caFile: backend.caFile, agent: false }).catch(() => undefined)
    backend.isReady = answer?.status === 200
    if (server.listening)
      timers.set(
        backend.port,
        setTimeout(() => void check(backend), checkEveryMs),
      )
  }
  const timers = new Map<number, NodeJS.Timeout>()
  return {
    port,
    add: (added, caFile) => {
      const backend = { port: added, caFile, isReady: false }
      backends.push(backend)
      void check(backend)
    },
    readyCount: () => backends.filter(({ isReady }) => isReady).length,
    failures,
    async [Symbol.asyncDispose]() {
      for (const timer of timers.values()) clearTimeout(timer)
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
