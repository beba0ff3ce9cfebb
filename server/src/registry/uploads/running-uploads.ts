import { createHash, type Hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../../platform/memory/max-entries.ts'
import type { DigestAlgorithm } from '../../standards/oci/digest.ts'
import { OciError } from '../surface/errors.ts'

/** A hash over the first `sizeBytes` of the staged bytes. */
export type RunningHash = { readonly algorithm: DigestAlgorithm; readonly hash: Hash; sizeBytes: number }

/** The maximum number of hashes that are cached between requests. An evicted one is computed again from the staged bytes. */
const maxCachedHashes = 10_000

/** The state of uploads in this process: which are being written to, and their hashes. All of it can be recomputed. */
export class RunningUploads {
  #writing = new Set<string>()
  /** A hash in use is not in it: it is taken out, and put back after the request. */
  readonly #hashes = new LRUCache<string, RunningHash>(maxEntries(maxCachedHashes))
  #commits = new Set<Promise<unknown>>()

  /**
   * Does `work` as the only writer of an upload.
   *
   * @throws OciError BLOB_UPLOAD_INVALID with 409 when there is another
   */
  async alone<Result>(uploadId: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#writing.has(uploadId)) {
      throw new OciError('BLOB_UPLOAD_INVALID', { status: 409, message: 'another request is writing to this upload' })
    }
    this.#writing.add(uploadId)
    try {
      return await work()
    } finally {
      this.#writing.delete(uploadId)
    }
  }

  isWriting(uploadId: string): boolean {
    return this.#writing.has(uploadId)
  }

  /**
   * Takes the hash of the staged bytes; undefined if it has to be computed again from them. The algorithm can be chosen
   * only while nothing is staged.
   */
  takeHash(uploadId: string, sizeBytes: number, algorithm: DigestAlgorithm): RunningHash | undefined {
    const kept = this.#hashes.get(uploadId)
    this.#hashes.delete(uploadId)
    if (sizeBytes === 0) return { algorithm, hash: createHash(algorithm), sizeBytes: 0 }
    return kept?.sizeBytes === sizeBytes ? kept : undefined
  }

  /** Puts a hash back until the upload continues. */
  putHashBack(uploadId: string, running: RunningHash): void {
    this.#hashes.set(uploadId, running)
  }

  dropHash(uploadId: string): void {
    this.#hashes.delete(uploadId)
  }

  /** Does `work`, which commits bytes and then writes their row. */
  async committing<Result>(work: () => Promise<Result>): Promise<Result> {
    const commit = work()
    this.#commits.add(commit)
    try {
      return await commit
    } finally {
      this.#commits.delete(commit)
    }
  }

  /** Waits until all current commits have written their row or failed. */
  async settleCommits(): Promise<void> {
    await Promise.allSettled(this.#commits)
  }
}
