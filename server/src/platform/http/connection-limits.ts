import type { Socket } from 'node:net'
import { networkOf } from '../limits/sender-budget.ts'
import type { SharedCounts } from '../memory/shared-counts.ts'

/** The limits of connections and of the duration of a TLS handshake. */
export type ConnectionLimits = {
  readonly maxConnections: number
  /**
   * The maximum per IPv4 address or IPv6 /64 network. Trusted proxies have no limit, because a proxy serves many
   * clients.
   */
  readonly maxConnectionsPerAddress: number
  /**
   * The maximum number of unfinished TLS handshakes per address. This limit is separate, because a handshake costs more
   * than a connection.
   */
  readonly maxHandshakesPerAddress: number
  readonly handshakeMs: number
}

/** The limit that caused the rejection of a connection. */
export type ConnectionRejection = 'total' | 'address' | 'handshakes'

const handshakeMs = 10_000
/** The default maximum number of connections, regardless of the descriptor limit. */
const mostConnections = 20_000

/**
 * Derives the limits from the number of descriptors. Half of the descriptors are for connections, and the rest for
 * files and outbound connections. One address may use a quarter of the connections.
 */
export function connectionLimits(
  descriptors: number,
  asked: { readonly maxConnections?: number | undefined; readonly maxConnectionsPerAddress?: number | undefined } = {},
): ConnectionLimits {
  const most = Math.max(8, Math.min(mostConnections, Math.floor(descriptors / 2)))
  const maxConnections = Math.min(asked.maxConnections ?? most, Math.max(most, Math.floor(descriptors * 0.75)))
  const share = Math.max(4, Math.min(1024, Math.floor(maxConnections / 4)))
  const maxConnectionsPerAddress = Math.min(asked.maxConnectionsPerAddress ?? share, maxConnections)
  return {
    maxConnections,
    maxConnectionsPerAddress,
    maxHandshakesPerAddress: Math.max(4, Math.min(512, maxConnectionsPerAddress)),
    handshakeMs,
  }
}

type OfAddress = { open: number; handshakes: number }

/** Counts connections, in total and per address. The number of open connections limits the memory of the counter. */
export class ConnectionCounter {
  readonly #limits: ConnectionLimits
  readonly #isExempt: (address: string) => boolean
  readonly #shared: SharedCounts | undefined
  readonly #addresses = new Map<string, OfAddress>()
  readonly #handshakes = new Map<string, OfAddress>()
  #open = 0
  /** The number of rejected connections since startup, by reason. */
  readonly rejected: Record<ConnectionRejection, number> = { total: 0, address: 0, handshakes: 0 }

  /** @param shared counts connections by network and in total, if threads share the limits */
  constructor(limits: ConnectionLimits, isExempt: (address: string) => boolean, shared?: SharedCounts) {
    this.#limits = limits
    this.#isExempt = isExempt
    this.#shared = shared
  }

  get open(): number {
    return this.#open
  }

  get handshakes(): number {
    return this.#handshakes.size
  }

  /** Counts a new connection until the connection closes, or returns the reason for the rejection. */
  admit(socket: Socket, isTls: boolean): ConnectionRejection | undefined {
    const { remoteAddress = '' } = socket
    const network = networkOf(remoteAddress)
    const place = this.#shared?.placeOf(network) ?? 0
    const own = this.#addresses.get(network) ?? { open: 0, handshakes: 0 }
    const rejection = this.#rejection(own, { address: remoteAddress, place }, isTls)
    if (rejection !== undefined) {
      this.rejected[rejection] += 1
      return rejection
    }
    this.#open += 1
    own.open += 1
    this.#shared?.add(place, 1)
    this.#addresses.set(network, own)
    const key = keyOf(socket)
    if (isTls) {
      own.handshakes += 1
      this.#handshakes.set(key, own)
    }
    socket.once('close', () => {
      this.#open -= 1
      own.open -= 1
      this.#shared?.add(place, -1)
      this.#endHandshake(key)
      if (own.open === 0) this.#addresses.delete(network)
    })
    return undefined
  }

  /** Records that the handshake of a connection is finished. The socket may be a different object than in `admit`. */
  secured(socket: Socket): void {
    this.#endHandshake(keyOf(socket))
  }

  #rejection(
    own: OfAddress,
    { address, place }: { readonly address: string; readonly place: number },
    isTls: boolean,
  ): ConnectionRejection | undefined {
    const { maxConnections, maxConnectionsPerAddress, maxHandshakesPerAddress } = this.#limits
    if (this.#open + (this.#shared?.others() ?? 0) >= maxConnections) return 'total'
    if (this.#isExempt(address)) return undefined
    if (own.open + (this.#shared?.others(place) ?? 0) >= maxConnectionsPerAddress) return 'address'
    return isTls && own.handshakes >= maxHandshakesPerAddress ? 'handshakes' : undefined
  }

  #endHandshake(key: string): void {
    const own = this.#handshakes.get(key)
    if (own === undefined) return
    own.handshakes -= 1
    this.#handshakes.delete(key)
  }
}

/** A key that is the same for a TCP connection and for the TLS connection in it. */
function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}
