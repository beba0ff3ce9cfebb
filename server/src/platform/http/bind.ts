import { once } from 'node:events'
import { type AddressInfo, type Server, createServer as createSocketServer, isIPv4 } from 'node:net'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import type { ListenAddress } from './acceptor.ts'

/** The data that a server needs to bind: all addresses of the listener, and whether threads share these addresses. */
export type Binding = {
  readonly all: readonly ListenAddress[]
  readonly reusePort: boolean
  /** The ports that are reserved for this listener. */
  readonly reserved?: ReservedPorts | undefined
}

/**
 * Binds a server to its address. `::` also accepts IPv4 connections, unless an IPv4 address with the same port is
 * listed. Otherwise the operating system would report for the IPv4 address that the port is in use.
 */
export async function bind(server: Server, address: ListenAddress, binding: Binding): Promise<void> {
  const { all, reusePort, reserved } = binding
  const { host, port } = address
  const held = reserved?.take(address)
  if (held !== undefined) {
    server.listen(held)
    await once(server, 'listening')
    return
  }
  const ipv6Only = all.some((other) => other.port === port && isIPv4(other.host))
  server.listen({ port, host, ipv6Only, reusePort })
  await once(server, 'listening')
}

/**
 * Ports that the operating system has chosen. No other process can take these ports until they are used or released.
 */
export type ReservedPorts = {
  /** The addresses, with their actual ports. */
  readonly addresses: readonly ListenAddress[]
  /**
   * Takes the server that reserves the port of an address, for `Server.listen`. Returns undefined if the port is not
   * reserved.
   */
  readonly take: (address: ListenAddress) => Server | undefined
  /** Releases the reserved ports that no listener has taken. */
  readonly release: () => Promise<void>
}

/**
 * Chooses a port for each address whose port is 0, and reserves the port. Until a listener takes the port, connections
 * to the port are closed at once.
 *
 * @throws the operating system's error of an address that is not available
 */
export async function reservePorts(addresses: readonly ListenAddress[]): Promise<ReservedPorts> {
  const held = new Map<string, Server>()
  const release = async () => {
    const servers = [...held.values()]
    held.clear()
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }
  const actual: ListenAddress[] = []
  try {
    for (const address of addresses) {
      if (address.port !== 0) {
        actual.push(address)
        continue
      }
      const server = createSocketServer((socket) => socket.destroy())
      await bind(server, address, { all: [], reusePort: false })
      const { port } = server.address() as AddressInfo
      held.set(`${address.host}:${port}`, server)
      actual.push({ host: address.host, port })
    }
  } catch (error) {
    await release()
    throw error
  }
  return {
    addresses: actual,
    take: ({ host, port }) => {
      const server = held.get(`${host}:${port}`)
      held.delete(`${host}:${port}`)
      return server
    },
    release,
  }
}

/** The result of {@link probe}: the addresses with their actual ports, and whether threads can share the addresses. */
export type Probed = { readonly addresses: readonly ListenAddress[]; readonly canShare: boolean }

/**
 * Checks that no process listens at the addresses. A second process that shares the addresses would bind without an
 * error, and would receive a part of the connections.
 *
 * @throws the operating system's error of the first address that is in use or not available
 */
export async function probe(addresses: readonly ListenAddress[]): Promise<Probed> {
  const servers: Server[] = []
  const close = async () =>
    void (await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))))
  try {
    for (const address of addresses) {
      const server = createSocketServer()
      await bind(server, address, { all: addresses, reusePort: false })
      servers.push(server)
    }
    const found = servers.map((server) => {
      const { address, port } = server.address() as AddressInfo
      return { host: address, port }
    })
    await close()
    return { addresses: found, canShare: await canShare(found) }
  } finally {
    await close()
  }
}

/** Whether the operating system allows several threads to accept connections at one address. */
async function canShare([address]: readonly ListenAddress[]): Promise<boolean> {
  if (address === undefined) return false
  const server = createSocketServer()
  try {
    await bind(server, address, { all: [], reusePort: true })
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'ENOTSUP') return false
    throw error
  } finally {
    server.close()
  }
}
