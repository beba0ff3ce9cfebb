import { createHash, type Hash } from 'node:crypto'
import type { DigestAlgorithm } from '../../standards/oci/digest.ts'
import { OciError } from '../surface/errors.ts'

/** A hash over the first `sizeBytes` of what is staged. */
export type RunningHash = { readonly algorithm: DigestAlgorithm; readonly hash: Hash; sizeBytes: number }

/** How many hashes are kept for uploads that nobody is writing to; beyond them the longest untouched is made anew when it is needed. */
const keptHashes = 10_000

/**
 * What this process knows of the uploads that go through it, and nothing that could not be found out again: who is
 * writing, and the hash so far.
 */
export class RunningUploads {
  #writing = new Set<string>()
  #hashes = new Map<string, RunningHash>()
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
   * Takes the hash of what is staged so far; undefined when it is to be made anew from the staged bytes. The algorithm
   * can still be chosen while nothing is staged.
   */
  takeHash(uploadId: string, sizeBytes: number, algorithm: DigestAlgorithm): RunningHash | undefined {
    const kept = this.#hashes.get(uploadId)
    this.#hashes.delete(uploadId)
    if (sizeBytes === 0) return { algorithm, hash: createHash(algorithm), sizeBytes: 0 }
    return kept?.sizeBytes === sizeBytes ? kept : undefined
  }

  /** Keeps a hash until the upload goes on. */
  keepHash(uploadId: string, running: RunningHash): void {
    this.#hashes.set(uploadId, running)
    if (this.#hashes.size <= keptHashes) return
    const oldest = this.#hashes.keys().next()
    if (oldest.done !== true) this.#hashes.delete(oldest.value)
  }

  forget(uploadId: string): void {
    this.#hashes.delete(uploadId)
  }

  /** Does `work`, in which bytes are already at their place while their row is not yet written. */
  async committing<Result>(work: () => Promise<Result>): Promise<Result> {
    const commit = work()
    this.#commits.add(commit)
    try {
      return await commit
    } finally {
      this.#commits.delete(commit)
    }
  }

  /** Waits until everything that is being committed now has its row or has failed. */
  async settleCommits(): Promise<void> {
    await Promise.allSettled(this.#commits)
  }
}
