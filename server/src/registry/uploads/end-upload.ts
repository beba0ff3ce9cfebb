import { withoutCaller } from '../../platform/process/authorized-work.ts'
import { outageOf } from '../../platform/process/outage.ts'
import type { UploadContext } from './context.ts'
import { deleteUpload, existingUploads } from './upload-store.ts'

/** How many uploads are looked up at once. */
const batchSize = 300

/**
 * Ends an upload and deletes its bytes, unless a request is writing to it; returns whether it did. The bytes are
 * deleted first, which works on a full disk: the remaining row has no bytes, and expires.
 */
export async function endUnlessWriting(context: UploadContext, uploadId: string): Promise<boolean> {
  return (await context.running.aloneIfIdle(uploadId, () => endUpload(context, uploadId))) !== undefined
}

/** Ends an upload and deletes its bytes, called by the only writer of the upload, also for a caller who was denied. */
export async function endUpload(context: UploadContext, uploadId: string): Promise<void> {
  context.running.dropHash(uploadId)
  await context.blobs.discard(uploadId)
  try {
    await withoutCaller(() => context.database.transaction((transaction) => deleteUpload(transaction, uploadId)))
  } catch (error) {
    if (outageOf(error) === undefined) throw error
  }
}

/** Ends the upload of a caller in a registry that has been idle for longest; false if all are being written to. */
export async function endOldestIdle(context: UploadContext, rid: string, callerKey: string): Promise<boolean> {
  await context.staging.load()
  const idle = [...context.staged.entries()]
    .filter(([id, upload]) => upload.rid === rid && upload.callerKey === callerKey && !context.running.isWriting(id))
    .toSorted(([, a], [, b]) => a.changedAtMs - b.changedAtMs)
  for (const [id] of idle) if (await endUnlessWriting(context, id)) return true
  return false
}

/**
 * Discards the staged bytes of a deleted repository at once. The rows of these uploads are deleted with the
 * repository.
 */
export async function discardUploadsOf(context: UploadContext, repositoryId: string): Promise<void> {
  await context.staging.load()
  for (const [id, upload] of context.staged.entries()) {
    if (upload.repositoryId !== repositoryId || context.running.isWriting(id)) continue
    context.running.dropHash(id)
    await context.running.aloneIfIdle(id, () => context.blobs.discard(id))
  }
}

/**
 * Discards staged bytes without a row, since the row of an upload is written before its first byte. Returns the number
 * of uploads.
 */
export async function discardStray(
  context: Pick<UploadContext, 'blobs' | 'database' | 'running' | 'staged'>,
): Promise<number> {
  const { blobs, database, running, staged } = context
  const ids = new Set([...staged.entries()].map(([id]) => id))
  for await (const { uploadId } of blobs.listStaged()) ids.add(uploadId)
  const all = [...ids]
  let count = 0
  for (let start = 0; start < all.length; start += batchSize) {
    const some = all.slice(start, start + batchSize)
    const existing = await existingUploads(database, some)
    const stray = some.filter((id) => !existing.has(id) && !running.isWriting(id))
    if (stray.length > 0) await blobs.requireSelf()
    for (const id of stray) {
      if (running.isWriting(id)) continue
      await blobs.discard(id)
      count += 1
    }
  }
  return count
}
