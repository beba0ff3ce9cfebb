import type { Writable } from 'node:stream'

/**
 * Writes pieces to a stream. Each write settles, even if the destination closes without calling back. The creator must call
 * `release`.
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

  /** Settles when the destination no longer needs the bytes, or fails. */
  write(piece: Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    // The caller may await it later, so until then a failure is not an unhandled rejection.
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

  /** Removes the listeners from the destination. */
  release(): void {
    this.#destination.off('close', this.#onClose).off('error', this.#onError)
  }

  #fail(reason: Error): void {
    this.#failure ??= reason
    for (const reject of this.#waiting) reject(reason)
    this.#waiting.clear()
  }
}
