import type { UploadContext } from './context.ts'
import { type OciCall, sendEmpty } from '../protocol/call.ts'
import { stageBody } from './stage-body.ts'
import { hintedAlgorithm, ownerOf, requireUpload, uploadHeaders } from './uploads.ts'

/**
 * `PATCH` of an upload: appends the body. A request with `Content-Range` sends one chunk, a request without it sends a
 * stream. [OCI distribution-spec, Pushing a blob in chunks]
 *
 * @throws OciError BLOB_UPLOAD_UNKNOWN, RANGE_INVALID with the current size, SIZE_INVALID, BLOB_UPLOAD_INVALID or UNAVAILABLE
 */
export async function appendToUpload(context: UploadContext, call: OciCall<'upload'>): Promise<void> {
  const { path, query, request } = call
  const upload = await requireUpload(context, call)
  const sizeBytes = await context.running.alone(upload.id, () =>
    stageBody(context, {
      uploadId: upload.id,
      owner: ownerOf(call, upload),
      repository: path.repository,
      expiresAtMs: upload.expires_at_ms,
      request,
      algorithm: hintedAlgorithm(query),
      budget: call.budget,
    }),
  )
  sendEmpty(call, 202, uploadHeaders(path.repository, upload.id, sizeBytes))
}
