import type { Socket } from 'node:net'

/**
 * Counts the bytes of connections, including TLS. Sockets count their own bytes. These bytes are added when a socket
 * closes.
 */
export class Traffic {
  readonly #open = new Set<Socket>()
  #received = 0
  #sent = 0

  watch(socket: Socket): void {
    this.#open.add(socket)
    socket.once('close', () => {
      this.#open.delete(socket)
      this.#received += socket.bytesRead
      this.#sent += socket.bytesWritten
    })
  }

  /** The bytes since startup, including open connections. */
  bytes(): { readonly received: number; readonly sent: number } {
    let [received, sent] = [this.#received, this.#sent]
    for (const socket of this.#open) {
      received += socket.bytesRead
      sent += socket.bytesWritten
    }
    return { received, sent }
  }
}
