import { requireStanding, withoutCaller } from '../../platform/process/authorized-work.ts'
import { outageOf } from '../../platform/process/outage.ts'
import type { Transaction } from '../../platform/sql/database.ts'
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

/**
 * Ends an upload for the current caller and then deletes its bytes, unless a request is writing to it. `record` runs in the
 * transaction that ends the upload.
 */
export async function endForCaller(
  context: UploadContext,
  uploadId: string,
  record: (transaction: Transaction) => Promise<void> = async () => undefined,
): Promise<'ended' | 'active' | 'unknown'> {
  const { database, running } = context
  const end = () =>
    database.transaction(async (transaction) => {
      const isEnded = await deleteUpload(transaction, uploadId)
      if (isEnded) await record(transaction)
      return isEnded
    })
  const done = await running.aloneIfIdle(uploadId, async () => {
    const isEnded = await end().catch(async (error: unknown) => {
      if (outageOf(error)?.kind !== 'disk-full') throw error
      // The bytes of the upload may be what fills the disk.
      await requireStanding()
      await discardBytes(context, uploadId)
      return end()
    })
    if (isEnded) await discardBytes(context, uploadId)
    return isEnded
  })
  if (done === undefined) return 'active'
  return done.result ? 'ended' : 'unknown'
}

async function discardBytes({ blobs, running }: UploadContext, uploadId: string): Promise<void> {
  running.dropHash(uploadId)
  await blobs.discard(uploadId)
}

/** Ends an upload and deletes its bytes, called by the only writer of the upload, also for a caller who was denied. */
export async function endUpload(context: UploadContext, uploadId: string): Promise<void> {
  await discardBytes(context, uploadId)
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
  for (const [id] of idle) if ((await endForCaller(context, id)) === 'ended') return true
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
