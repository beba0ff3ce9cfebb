import type { Readable } from 'node:stream'
import { BrokenSourceError } from './errors.ts'

/** Chunks as they came, and how many bytes they have together. */
export type Batch = { readonly chunks: Uint8Array[]; readonly sizeBytes: number }

/**
 * How much is gathered before it is written. A socket gives 16 KiB at a time; writing 32 of them at once costs a third
 * less than writing each, and more than this no longer pays.
 */
const batchBytes = 512 * 1024

/** A vectored write takes no more pieces than this. [writev(2), IOV_MAX] */
const batchChunks = 1024

/**
 * Reads `source` in large batches without copying. While one batch is written the next is gathered, and no more, so that
 * two of them are in memory at most. The source is left paused when the reader stops early.
 *
 * @throws BrokenSourceError when the source fails or closes before its end, after all that it gave has been yielded
 */
export async function* gatherChunks(source: Readable): AsyncGenerator<Batch, void, void> {
  const gathering = new Gathering(source)
  try {
    for (let batch = await gathering.next(); batch !== undefined; batch = await gathering.next()) yield batch
  } finally {
    gathering.stop()
  }
}

class Gathering {
  #source: Readable
  #chunks: Uint8Array[] = []
  #sizeBytes = 0
  #ended: boolean
  #failure: BrokenSourceError | undefined
  #wake = () => {}

  #onData = (chunk: Uint8Array) => {
    this.#chunks.push(chunk)
    this.#sizeBytes += chunk.byteLength
    if (!this.#isFull) return
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

  async next(): Promise<Batch | undefined> {
    while (!this.#isFull && !this.#ended && this.#failure === undefined) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    if (this.#sizeBytes > 0) {
      const batch = { chunks: this.#chunks, sizeBytes: this.#sizeBytes }
      this.#chunks = []
      this.#sizeBytes = 0
      this.#source.resume()
      return batch
    }
    if (this.#failure !== undefined) throw this.#failure
    return undefined
  }

  /** The listener for errors stays: without one, a client that goes away later would end the process. */
  stop(): void {
    this.#source.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
    this.#source.pause()
  }

  get #isFull(): boolean {
    return this.#sizeBytes >= batchBytes || this.#chunks.length >= batchChunks
  }
}
