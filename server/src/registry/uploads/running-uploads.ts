import { withoutCaller } from '../../platform/process/authorized-work.ts'
import { createHash, type Hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Processes } from '../../platform/jobs/processes.ts'
import { maxEntries } from '../../platform/memory/max-entries.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { DigestAlgorithm } from '@acrux/shared/standards/oci/digest.ts'
import type { StagedBytes } from '../quotas/staged-bytes.ts'
import { OciError } from '../protocol/errors.ts'
import { claimUpload, findWriter, releaseUploads } from './upload-store.ts'

/** A hash over the first `sizeBytes` of the staged bytes. */
export type RunningHash = { readonly algorithm: DigestAlgorithm; readonly hash: Hash; sizeBytes: number }

/** The maximum number of hashes that are cached between requests. An evicted one is computed again from the staged bytes. */
const maxCachedHashes = 10_000

/** How long after a claim could not be released it is tried again. */
const releaseAgainMs = 500

export type RunningUploadsOptions = {
  readonly database: Database
  readonly processes: Processes
  readonly staged: StagedBytes
}

/** How a request writes to an upload. */
type How = {
  /** Whether the upload ends if `work` succeeds. */
  readonly ends?: boolean
  /** Whether the row was inserted with `claim`. */
  readonly isClaimed?: boolean
}

/**
 * Which uploads are being written to, and their hashes. The processes on a PostgreSQL database claim an upload in its
 * row. Another process may claim the uploads that a stopped process had claimed.
 */
export class RunningUploads {
  readonly #options: RunningUploadsOptions
  #writing = new Set<string>()
  /** Uploads whose claims could not be released. */
  #unreleased = new Set<string>()
  /** A hash that is in use is not in this cache: a request takes it out and puts it back at the end. */
  readonly #hashes = new LRUCache<string, RunningHash>(maxEntries(maxCachedHashes))

  constructor(options: RunningUploadsOptions) {
    this.#options = options
  }

  /** The writer in the rows of uploads that this process has claimed; undefined if only one process writes. */
  get writer(): string | undefined {
    const { database, processes } = this.#options
    return database.kind === 'postgres' ? processes.id() : undefined
  }

  /** The columns of an upload that is inserted by the request that writes to it. */
  claim(): { readonly writer?: string; readonly marking_writer?: string; readonly is_writing?: number } {
    const { writer } = this
    return writer === undefined ? {} : { writer, marking_writer: writer, is_writing: 1 }
  }

  /**
   * Does `work` as the only writer of an upload.
   *
   * @throws OciError BLOB_UPLOAD_INVALID with 409 when there is another
   */
  async alone<Result>(uploadId: string, work: () => Promise<Result>, how: How = {}): Promise<Result> {
    const done = await this.aloneIfIdle(uploadId, work, how)
    if (done !== undefined) return done.result
    throw otherWriter()
  }

  /** Does `work` as the only writer of an upload; undefined if there is another writer. */
  async aloneIfIdle<Result>(
    uploadId: string,
    work: () => Promise<Result>,
    { ends = false, isClaimed = false }: How = {},
  ): Promise<{ readonly result: Result } | undefined> {
    if (this.#writing.has(uploadId)) return undefined
    this.#writing.add(uploadId)
    let hasEnded = false
    try {
      if (!isClaimed && !(await this.#claim(uploadId))) {
        hasEnded = true
        return undefined
      }
      const result = await work()
      hasEnded = ends
      return { result }
    } finally {
      if (!hasEnded) await this.#release(uploadId)
      this.#writing.delete(uploadId)
    }
  }

  /**
   * Checks that no other process has claimed the upload since this process did. Another process may have claimed it while
   * this process was suspended.
   *
   * @throws OciError BLOB_UPLOAD_INVALID with 409
   */
  async requireClaim(uploadId: string): Promise<void> {
    const { writer } = this
    if (writer === undefined) return
    const found = await withoutCaller(() =>
      this.#options.database.transaction((transaction) => findWriter(transaction, uploadId)),
    )
    if (found?.writer !== writer) throw otherWriter()
  }

  /** Whether a request to this process writes to it. */
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

  async #claim(uploadId: string): Promise<boolean> {
    const { database, processes } = this.#options
    const { writer } = this
    if (writer === undefined) return true
    // Who writes is known of the server, and not decided by a permission.
    const before = await withoutCaller(() =>
      database.transaction(async (transaction) => {
        const found = await findWriter(transaction, uploadId)
        if (found === undefined) return undefined
        const isOfAnother = found.writer !== null && found.writer !== writer
        if (isOfAnother && found.is_writing === 1 && (await processes.isRunning(transaction, found.writer ?? ''))) {
          return 'another'
        }
        await claimUpload(transaction, uploadId, writer)
        return found
      }),
    )
    if (before === 'another') return false
    // Another process may have replaced the staged bytes by others of the same length.
    if (before?.writer !== writer) this.#hashes.delete(uploadId)
    return true
  }

  async #release(uploadId: string): Promise<void> {
    const { database, staged } = this.#options
    const { writer } = this
    if (writer === undefined) return
    const counted = staged.get(uploadId)
    const bytes = counted && { staged_bytes: counted.stagedBytes, changed_at_ms: counted.changedAtMs }
    const others = [...this.#unreleased].filter((id) => id !== uploadId && !this.#writing.has(id))
    const released = [{ id: uploadId, ...bytes }, ...others.map((id) => ({ id }))]
    try {
      await withoutCaller(() => database.transaction((transaction) => releaseUploads(transaction, writer, released)))
      for (const { id } of released) this.#unreleased.delete(id)
    } catch {
      // The work is done. Another process may have to continue the upload as soon as the database is back.
      this.#unreleased.add(uploadId)
      setTimeout(() => this.#releaseAgain(uploadId), releaseAgainMs).unref()
    }
  }

  /** Works like a request that writes nothing, so that a request that writes keeps its claim. */
  #releaseAgain(uploadId: string): void {
    if (!this.#unreleased.has(uploadId)) return
    this.aloneIfIdle(uploadId, () => Promise.resolve()).catch(() => undefined)
  }
}

/** The error for a request while another one, in any process, writes to the same upload. */
export function otherWriter(cause?: unknown): OciError {
  return new OciError('BLOB_UPLOAD_INVALID', {
    status: 409,
    message: 'another request is writing to this upload',
    cause,
  })
}
