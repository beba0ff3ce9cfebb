import type { GarbageContext } from './context.ts'
import { sweepUnnamedFiles } from './sweep-files.ts'
import { discardStray } from '../uploads/end-upload.ts'
import { sweepDeletedRegistries } from './deleted-registry-store.ts'
import { sweepHeldBlobs, sweepUnheldBlobs, sweepUploads } from './sweep-rows.ts'

/** The number of deleted blobs and uploads. */
export type Collected = { readonly blobs: number; readonly uploads: number }

/**
 * Deletes unreachable content while the server runs: expired uploads, the content of deleted registries, unneeded blobs
 * and, from time to time and in the first run, files without a row. Concurrent calls share one run.
 * `docs/explanation/durability.md` explains why garbage collection never removes acknowledged data.
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
    // Bytes without a row are deleted first: on a full disk, that makes space for the transactions that follow.
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
