import type { BlobParts } from '../blobs/blob-parts.ts'
import { sweepUnnamedFiles } from './sweep-files.ts'
import { discardStray } from '../uploads/end-upload.ts'
import { sweepDeletedRegistries } from './registry-rows.ts'
import { sweepHeldBlobs, sweepUnheldBlobs, sweepUploads } from './sweep-rows.ts'

/** How much was deleted. */
export type Collected = { readonly blobs: number; readonly uploads: number }

/**
 * Deletes what nobody can reach any more, while the server runs: expired uploads, what deleted registries held, blobs that
 * nobody needs, and now and then, the first time always, files that have no row. A call while another is at work waits for
 * the same end. Why no push in progress can lose anything by it is argued in `docs/explanation/durability.md`.
 */
export class GarbageCollector {
  #parts: BlobParts
  #running: Promise<Collected> | undefined
  #filesComparedAtMs = -Infinity

  constructor(parts: BlobParts) {
    this.#parts = parts
  }

  collect(): Promise<Collected> {
    this.#running ??= this.#collect().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #collect(): Promise<Collected> {
    const parts = this.#parts
    // Bytes without a row go first: on a full disk, that makes space for what needs a row.
    let uploads = await discardStray(parts)
    uploads += await sweepUploads(parts)
    await sweepDeletedRegistries(parts)
    let blobs = (await sweepHeldBlobs(parts)) + (await sweepUnheldBlobs(parts))
    const nowMs = parts.clock.now()
    if (nowMs - this.#filesComparedAtMs >= parts.settings.fileScanIntervalMs) {
      blobs += await sweepUnnamedFiles(parts)
      this.#filesComparedAtMs = nowMs
    }
    return { blobs, uploads }
  }
}
