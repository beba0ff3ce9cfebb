import type { Readable } from 'node:stream'
import { BrokenSourceError } from './errors.ts'
import { givePieceBack, pieceBytes, takePiece } from './piece-pool.ts'

/**
 * Reads `source` in pieces of `pieceBytes`, the last one shorter. A piece holds until the next is asked for; while it is
 * written, the next is gathered, and no more, so that two of them are in memory at most. The source is left paused when
 * the reader stops early.
 *
 * @throws BrokenSourceError when the source fails or closes before its end, after all that it gave has been yielded
 */
export async function* gatherPieces(source: Readable): AsyncGenerator<Uint8Array, void, void> {
  const gathering = new Gathering(source)
  try {
    for (let piece = await gathering.next(); piece !== undefined; piece = await gathering.next()) yield piece
  } finally {
    gathering.stop()
  }
}

class Gathering {
  #source: Readable
  /** What is being filled, and what the reader has; they change places. */
  #filling = takePiece()
  #given: Buffer | undefined
  #filledBytes = 0
  /** What came and found no room. */
  #rest: Uint8Array = new Uint8Array()
  #ended: boolean
  #failure: BrokenSourceError | undefined
  #wake = () => {}

  #onData = (chunk: Uint8Array) => {
    this.#rest = chunk
    this.#fill()
    if (this.#filledBytes < pieceBytes) return
    this.#source.pause()
    this.#wake()
  }
  #onEnd = () => {
    this.#ended = true
    this.#wake()
  }
  #onError = (cause: unknown) => {
    this.#failure ??= new BrokenSourceError('the source of an upload broke off', { cause })
    this.#wake()
  }
  #onClose = () => {
    if (!this.#ended) this.#onError(this.#source.errored ?? new Error('it closed before its end'))
  }

  constructor(source: Readable) {
    this.#source = source
    this.#ended = source.readableEnded
    if (source.destroyed) this.#onClose()
    source.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose)
    source.resume()
  }

  async next(): Promise<Uint8Array | undefined> {
    while (this.#filledBytes < pieceBytes && !this.#ended && this.#failure === undefined) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    if (this.#filledBytes > 0) return this.#give()
    if (this.#failure !== undefined) throw this.#failure
    return undefined
  }

  /** The listener for errors stays: without one, a client that goes away later would end the process. */
  stop(): void {
    this.#source.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
    this.#source.pause()
    givePieceBack(this.#filling)
    if (this.#given !== undefined) givePieceBack(this.#given)
  }

  #give(): Uint8Array {
    const piece = this.#filling.subarray(0, this.#filledBytes)
    const filled = this.#filling
    this.#filling = this.#given ?? takePiece()
    this.#given = filled
    this.#filledBytes = 0
    this.#fill()
    if (this.#filledBytes < pieceBytes) this.#source.resume()
    return piece
  }

  #fill(): void {
    const taken = this.#rest.subarray(0, pieceBytes - this.#filledBytes)
    this.#filling.set(taken, this.#filledBytes)
    this.#filledBytes += taken.byteLength
    this.#rest = this.#rest.subarray(taken.byteLength)
  }
}
