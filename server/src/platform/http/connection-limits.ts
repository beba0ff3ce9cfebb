import type { Socket } from 'node:net'
import { networkOf } from '../sender-budget.ts'

/** How many connections there may be, and how long a TLS handshake may take. */
export type ConnectionLimits = {
  readonly maxConnections: number
  /** Of one IPv4 address, or of one network of 64 bits of IPv6. Trusted proxies stand for many and have no limit. */
  readonly maxConnectionsPerAddress: number
  /** Connections of one address whose TLS handshake is not finished; bounded apart, for they cost more than others. */
  readonly maxHandshakesPerAddress: number
  readonly handshakeMs: number
}

/** Why a connection was refused. */
export type ConnectionRefusal = 'total' | 'address' | 'handshakes'

const handshakeMs = 10_000
/** More are never needed by one process, whatever the system would let it have. */
const mostConnections = 20_000

/**
 * The limits that fit the number of descriptors: half of them for connections, the rest for files and what the server opens
 * itself; a quarter of those for one address, so that three others of its kind leave room.
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

/** Counts connections, in total and by address. What it holds is bounded by the connections that there are. */
export class ConnectionCounter {
  readonly #limits: ConnectionLimits
  readonly #isExempt: (address: string) => boolean
  readonly #addresses = new Map<string, OfAddress>()
  readonly #handshakes = new Map<string, OfAddress>()
  #open = 0
  /** How many connections were refused, by reason, since the start. */
  readonly refused: Record<ConnectionRefusal, number> = { total: 0, address: 0, handshakes: 0 }

  constructor(limits: ConnectionLimits, isExempt: (address: string) => boolean) {
    this.#limits = limits
    this.#isExempt = isExempt
  }

  get open(): number {
    return this.#open
  }

  get handshakes(): number {
    return this.#handshakes.size
  }

  /** Counts a new connection until it closes, or says why there may not be one more. */
  admit(socket: Socket, isTls: boolean): ConnectionRefusal | undefined {
    const { remoteAddress = '' } = socket
    const network = networkOf(remoteAddress)
    const own = this.#addresses.get(network) ?? { open: 0, handshakes: 0 }
    const refusal = this.#refusal(own, remoteAddress, isTls)
    if (refusal !== undefined) {
      this.refused[refusal] += 1
      return refusal
    }
    this.#open += 1
    own.open += 1
    this.#addresses.set(network, own)
    const key = keyOf(socket)
    if (isTls) {
      own.handshakes += 1
      this.#handshakes.set(key, own)
    }
    socket.once('close', () => {
      this.#open -= 1
      own.open -= 1
      this.#endHandshake(key)
      if (own.open === 0) this.#addresses.delete(network)
    })
    return undefined
  }

  /** Notes that the handshake of a connection, whose socket may be another object now, is finished. */
  secured(socket: Socket): void {
    this.#endHandshake(keyOf(socket))
  }

  #refusal(own: OfAddress, address: string, isTls: boolean): ConnectionRefusal | undefined {
    const { maxConnections, maxConnectionsPerAddress, maxHandshakesPerAddress } = this.#limits
    if (this.#open >= maxConnections) return 'total'
    if (this.#isExempt(address)) return undefined
    if (own.open >= maxConnectionsPerAddress) return 'address'
    return isTls && own.handshakes >= maxHandshakesPerAddress ? 'handshakes' : undefined
  }

  #endHandshake(key: string): void {
    const own = this.#handshakes.get(key)
    if (own === undefined) return
    own.handshakes -= 1
    this.#handshakes.delete(key)
  }
}

/** The same for the bare connection and for the TLS connection on it. */
function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}
