import { outageOf } from '../../platform/process/outage.ts'
import type { UploadContext } from './context.ts'
import { deleteUpload, existingUploads } from './upload-store.ts'

/** How many uploads are looked up at once. */
const batchSize = 300

/**
 * Ends an upload with its bytes, unless a request is writing to it; says whether it did. Bytes go before the row, so that
 * it works on a disk without space for a row: what is left of such an upload is empty, and expires.
 */
export async function endUnlessWriting(context: UploadContext, uploadId: string): Promise<boolean> {
  if (context.running.isWriting(uploadId)) return false
  await context.running.alone(uploadId, () => endUpload(context, uploadId))
  return true
}

/** The same for the only writer of an upload. */
export async function endUpload(context: UploadContext, uploadId: string): Promise<void> {
  context.running.forget(uploadId)
  await context.blobs.discard(uploadId)
  try {
    await context.database.transaction((transaction) => deleteUpload(transaction, uploadId))
  } catch (error) {
    if (outageOf(error) === undefined) throw error
  }
}

/** Ends the upload of a caller in a registry to which nothing was sent for longest; false where all are being written to. */
export async function endOldestIdle(context: UploadContext, rid: string, callerKey: string): Promise<boolean> {
  await context.staging.load()
  const idle = [...context.staged.entries()]
    .filter(([id, upload]) => upload.rid === rid && upload.callerKey === callerKey && !context.running.isWriting(id))
    .toSorted(([, a], [, b]) => a.changedAtMs - b.changedAtMs)
  for (const [id] of idle) if (await endUnlessWriting(context, id)) return true
  return false
}

/** Gives back at once what is staged for a repository that was deleted. Its rows are deleted with it. */
export async function discardUploadsOf(context: UploadContext, repositoryId: string): Promise<void> {
  await context.staging.load()
  for (const [id, upload] of context.staged.entries()) {
    if (upload.repositoryId !== repositoryId || context.running.isWriting(id)) continue
    context.running.forget(id)
    await context.running.alone(id, () => context.blobs.discard(id))
  }
}

/** Discards staged bytes that have no row: an upload has its row before its first byte. Returns how many uploads' they were. */
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
    for (const id of some) {
      if (existing.has(id) || running.isWriting(id)) continue
      await blobs.discard(id)
      count += 1
    }
  }
  return count
}
