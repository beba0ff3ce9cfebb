import type { BlobParts } from '../blobs/blob-parts.ts'
import { type OciCall, sendEmpty } from '../surface/call.ts'
import { deleteUpload } from './upload-store.ts'
import { requireUpload, uploadHeaders, uploadUnknown } from './uploads.ts'

/**
 * `GET` of an upload: how much is there, for a client that lost its connection. [OCI distribution-spec, Pushing a blob in chunks]
 *
 * @throws OciError BLOB_UPLOAD_UNKNOWN
 */
export async function uploadStatus(parts: BlobParts, call: OciCall<'upload'>): Promise<void> {
  const upload = await requireUpload(parts, call)
  const sizeBytes = (await parts.blobs.stagedSizeBytes(upload.id)) ?? 0
  sendEmpty(call, 204, uploadHeaders(call.path.repository, upload.id, sizeBytes))
}

/**
 * `DELETE` of an upload: ends it and forgets its bytes. [OCI distribution-spec, Cancel a blob upload]
 *
 * @throws OciError BLOB_UPLOAD_UNKNOWN or BLOB_UPLOAD_INVALID
 */
export async function cancelUpload(parts: BlobParts, call: OciCall<'upload'>): Promise<void> {
  const { id } = await requireUpload(parts, call)
  await parts.running.alone(id, async () => {
    const ended = await parts.database.transaction((transaction) => deleteUpload(transaction, id))
    if (!ended) throw uploadUnknown()
    parts.running.forget(id)
    await parts.blobs.discard(id)
  })
  sendEmpty(call, 204)
}
