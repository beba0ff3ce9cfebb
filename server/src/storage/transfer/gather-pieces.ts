import type { Readable } from 'node:stream'
import { BrokenSourceError } from '../contract/errors.ts'
import { givePieceBack, pieceBytes, takePiece } from './piece-pool.ts'

/**
 * Reads `source` in pieces of `pieceBytes`; the last one can be shorter. A piece is valid until the next one is requested.
 * Only the next piece is gathered in the meantime, so at most two are in memory. The source is left paused if the reader
 * stops early.
 *
 * The memory of owned chunks is freed as soon as they are copied. Otherwise, the garbage collector would mark the whole heap
 * for every 30 MB, a fifth of the work of an upload.
 *
 * @throws BrokenSourceError if the source fails or closes early, after all bytes that it delivered were yielded
 */
export async function* gatherPieces(source: Readable, ownsChunks: boolean): AsyncGenerator<Uint8Array, void, void> {
  const gathering = new Gathering(source, ownsChunks)
  try {
    for (let piece = await gathering.next(); piece !== undefined; piece = await gathering.next()) yield piece
  } finally {
    gathering.stop()
  }
}

class Gathering {
  #source: Readable
  /** The piece that is being filled, and the one that the reader has; they alternate. */
  #filling = takePiece()
  #given: Buffer | undefined
  #filledBytes = 0
  /** The chunk that did not fit completely, and how many of its bytes did. */
  #rest: { readonly chunk: Uint8Array; readonly taken: number } | undefined
  #ownsChunks: boolean
  #ended: boolean
  #failure: BrokenSourceError | undefined
  #wake = () => {}

  #onData = (chunk: Uint8Array) => {
    this.#fill(chunk, 0)
    if (this.#filledBytes < pieceBytes) return
    this.#source.pause()
    this.#wake()
  }
  #onEnd = () => {
    this.#ended = true
    this.#wake()
  }
  #onError = (cause: unknown) => {
    this.#failure ??= new BrokenSourceError('the source of an upload was aborted', { cause })
    this.#wake()
  }
  #onClose = () => {
    if (!this.#ended) this.#onError(this.#source.errored ?? new Error('the source closed before the end of the upload'))
  }

  constructor(source: Readable, ownsChunks: boolean) {
    this.#source = source
    this.#ownsChunks = ownsChunks
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

  /** Keeps the error listener: without one, a client that disconnects later would end the process. */
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
    if (this.#rest !== undefined) this.#fill(this.#rest.chunk, this.#rest.taken)
    if (this.#filledBytes < pieceBytes) this.#source.resume()
    return piece
  }

  #fill(chunk: Uint8Array, from: number): void {
    const part = chunk.subarray(from, from + pieceBytes - this.#filledBytes)
    this.#filling.set(part, this.#filledBytes)
    this.#filledBytes += part.byteLength
    const taken = from + part.byteLength
    this.#rest = taken < chunk.byteLength ? { chunk, taken } : undefined
    if (this.#rest === undefined && this.#ownsChunks) release(chunk)
  }
}

/** Frees the memory of a chunk, unless it is part of a larger buffer. */
function release({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
