import type { UploadContext } from './context.ts'
import { type OciCall, sendEmpty } from '../protocol/call.ts'
import { deleteUpload } from './upload-store.ts'
import { requireUpload, uploadHeaders, uploadUnknown } from './uploads.ts'

/**
 * `GET` of an upload: its size, for a client that lost its connection. [OCI distribution-spec, Pushing a blob in
 * chunks]
 *
 * @throws OciError BLOB_UPLOAD_UNKNOWN
 */
export async function uploadStatus(context: UploadContext, call: OciCall<'upload'>): Promise<void> {
  const upload = await requireUpload(context, call)
  const sizeBytes = (await context.blobs.stagedSizeBytes(upload.id)) ?? 0
  sendEmpty(call, 204, uploadHeaders(call.path.repository, upload.id, sizeBytes))
}

/**
 * `DELETE` of an upload: ends it and deletes its bytes. [OCI distribution-spec, Cancel a blob upload]
 *
 * @throws OciError BLOB_UPLOAD_UNKNOWN or BLOB_UPLOAD_INVALID
 */
export async function cancelUpload(context: UploadContext, call: OciCall<'upload'>): Promise<void> {
  const { id } = await requireUpload(context, call)
  await context.running.alone(
    id,
    async () => {
      const ended = await context.database.transaction((transaction) => deleteUpload(transaction, id))
      if (!ended) throw uploadUnknown()
      context.running.dropHash(id)
      await context.blobs.discard(id)
    },
    { ends: true },
  )
  sendEmpty(call, 204)
}
