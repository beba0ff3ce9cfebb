import type { Writable } from 'node:stream'

/**
 * Writes with an answer for each piece, also when the destination closes and forgets to call back. Whoever made it
 * releases it.
 */
export class Output {
  #destination: Writable
  #waiting = new Set<(reason: Error) => void>()
  #failure: Error | undefined
  #onClose = () => this.#fail(new Error('the destination closed'))
  #onError = (error: Error) => this.#fail(error)

  constructor(destination: Writable) {
    this.#destination = destination
    if (destination.destroyed) this.#onClose()
    destination.on('close', this.#onClose).on('error', this.#onError)
  }

  /** Settles when the destination needs those bytes no longer, or fails. */
  write(piece: Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    // Whoever waits for it sees the failure; until then it is nobody's.
    promise.catch(() => undefined)
    if (this.#failure !== undefined) {
      reject(this.#failure)
      return promise
    }
    this.#waiting.add(reject)
    this.#destination.write(piece, (error) => {
      this.#waiting.delete(reject)
      if (error) reject(error)
      else resolve()
    })
    return promise
  }

  /** Listens to the destination no more. */
  release(): void {
    this.#destination.off('close', this.#onClose).off('error', this.#onError)
  }

  #fail(reason: Error): void {
    this.#failure ??= reason
    for (const reject of this.#waiting) reject(reason)
    this.#waiting.clear()
  }
}
