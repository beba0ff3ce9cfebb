import type { GarbageContext } from './context.ts'
import { sweepUnnamedFiles } from './sweep-files.ts'
import { discardStray } from '../uploads/end-upload.ts'
import { sweepDeletedRegistries } from './deleted-registry-store.ts'
import { sweepHeldBlobs, sweepUnheldBlobs, sweepUploads } from './sweep-rows.ts'

/** How much was deleted. */
export type Collected = { readonly blobs: number; readonly uploads: number }

/**
 * Deletes what nobody can reach any more, while the server runs: expired uploads, what deleted registries held, blobs that
 * nobody needs, and now and then, the first time always, files that have no row. A call while another is at work waits for
 * the same end. Why no push in progress can lose anything by it is argued in `docs/durability.md`.
 */
export class GarbageCollector {
  #context: GarbageContext
  #running: Promise<Collected> | undefined
  #filesComparedAtMs = -Infinity

  constructor(context: GarbageContext) {
    this.#context = context
  }

  collect(): Promise<Collected> {
    this.#running ??= this.#collect().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #collect(): Promise<Collected> {
    const context = this.#context
    // Bytes without a row go first: on a full disk, that makes space for what needs a row.
    let uploads = await discardStray(context)
    uploads += await sweepUploads(context)
    await sweepDeletedRegistries(context)
    let blobs = (await sweepHeldBlobs(context)) + (await sweepUnheldBlobs(context))
    const nowMs = context.clock.now()
    if (nowMs - this.#filesComparedAtMs >= context.settings.fileScanIntervalMs) {
      blobs += await sweepUnnamedFiles(context)
      this.#filesComparedAtMs = nowMs
    }
    return { blobs, uploads }
  }
}
