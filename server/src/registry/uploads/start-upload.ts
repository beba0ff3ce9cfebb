import { withoutCaller } from '../../platform/process/authorized-work.ts'
import { randomUUID } from 'node:crypto'
import { digestAlgorithm } from '@acrux/shared/standards/oci/digest.ts'
import type { UploadContext } from './context.ts'
import { type OciCall, sendEmpty } from '../protocol/call.ts'
import { OciError } from '../protocol/errors.ts'
import { finishStaged } from './finish-upload.ts'
import { requireWritable } from '../repositories/locks.ts'
import { mountBlob } from '../blobs/mount-blob.ts'
import { requireCurrentCredential } from '../repositories/repositories.ts'
import { openRepository } from '../repositories/repository-store.ts'
import { endOldestIdle } from './end-upload.ts'
import { stageBody } from './stage-body.ts'
import { noSpace } from '../quotas/no-space.ts'
import { deleteUpload, insertUpload, type OpenUpload } from './upload-store.ts'
import { blobHeaders, ownerOf, requireDigestParameter, uploadHeaders } from './uploads.ts'

/** The `Retry-After` for a client with too many open uploads. */
const retryAfterSeconds = 60

/** The `Retry-After` for a client whose upload has ended. */
const sendAgainSeconds = 1

/**
 * `POST` of an upload. With `mount`, it mounts a blob of another repository if possible; with `digest`, the body is the
 * whole blob; otherwise it starts an upload, to which the client sends the bytes. [OCI distribution-spec, Pushing
 * blobs]
 *
 * @throws OciError DIGEST_INVALID, SIZE_INVALID, TOOMANYREQUESTS, REGISTRY_DISALLOWED_OPERATION or UNAVAILABLE
 */
export async function startUpload(context: UploadContext, call: OciCall<'uploads'>): Promise<void> {
  const { query, path } = call
  const mounted = query.has('mount') ? await mountBlob(context, call) : undefined
  if (mounted !== undefined) {
    sendEmpty(call, 201, blobHeaders(path.repository, mounted))
    return
  }
  if (query.has('digest')) {
    await uploadWhole(context, call)
    return
  }
  const upload = await begin(context, call)
  sendEmpty(call, 202, uploadHeaders(path.repository, upload.id, 0))
}

/** The body is the blob. If this fails, no upload remains, because the client does not know its id. */
async function uploadWhole(context: UploadContext, call: OciCall<'uploads'>): Promise<void> {
  const digest = requireDigestParameter(call.query)
  const { request, path } = call
  const upload = await begin(context, call, context.running.claim())
  await context.running.alone(
    upload.id,
    async () => {
      try {
        const sizeBytes = await stageBody(context, {
          uploadId: upload.id,
          owner: ownerOf(call, upload),
          repository: path.repository,
          expiresAtMs: upload.expires_at_ms,
          request,
          algorithm: digestAlgorithm(digest),
          budget: call.budget,
        })
        await finishStaged(context, call, upload, { digest, sizeBytes })
      } catch (error) {
        context.running.dropHash(upload.id)
        // Also for a caller who was denied meanwhile.
        await withoutCaller(() => context.database.transaction((transaction) => deleteUpload(transaction, upload.id)))
        await context.blobs.discard(upload.id)
        throw withoutUpload(error)
      }
    },
    { ends: true, isClaimed: true },
  )
  sendEmpty(call, 201, blobHeaders(path.repository, digest))
}

/**
 * The error for a client that sent a blob in one request. This client knows no upload: if the upload has ended, for example on a full
 * disk or because the repository was deleted, the client sends the blob again.
 */
function withoutUpload(error: unknown): unknown {
  if (!(error instanceof OciError) || error.code !== 'BLOB_UPLOAD_UNKNOWN') return error
  return new OciError('UNAVAILABLE', {
    message: 'the blob was not stored; send the blob again',
    headers: { 'retry-after': String(sendAgainSeconds) },
    isExpected: true,
    cause: error,
  })
}

async function begin(
  context: UploadContext,
  call: OciCall<'uploads'>,
  claim: ReturnType<UploadContext['running']['claim']> = {},
): Promise<OpenUpload> {
  const { registry, caller, path } = call
  await requireSpace(context)
  await requireRoom(context, call)
  const id = randomUUID()
  const nowMs = context.clock.now()
  const expires_at_ms = nowMs + context.settings.uploadLifetimeMs
  const upload = await context.database.transaction(async (transaction) => {
    const repository = await openRepository(transaction, registry.rid, path.repository, nowMs)
    requireCurrentCredential(caller, repository)
    requireWritable(repository)
    await insertUpload(transaction, {
      id,
      rid: registry.rid,
      repository_id: repository.id,
      caller_key: caller.key,
      started_at_ms: nowMs,
      expires_at_ms,
      ...claim,
    })
    const { predecessor_deletion } = repository
    return { id, repository_id: repository.id, expires_at_ms, predecessor_deletion }
  })
  context.staged.open(id, ownerOf(call, upload), 0, nowMs)
  return upload
}

/** @throws StorageFullError if the file system has no space for content, and no idle upload can be ended */
async function requireSpace({ space, reclaimSpace }: UploadContext): Promise<void> {
  if (space.hasRoomFor(0)) return
  await reclaimSpace()
  if (!space.hasRoomFor(0)) throw noSpace()
}

/**
 * A caller at its limit loses its longest idle upload. The limits are approximate: they count committed uploads, so
 * that uploads that start at the same moment do not wait for each other.
 */
async function requireRoom(context: UploadContext, { registry, caller, path }: OciCall<'uploads'>): Promise<void> {
  const { maxUploadsPerRepository, maxUploadsPerCaller } = context.settings
  const { rid } = registry
  const now = context.clock.now()
  const inRepository = await context.uploadReads.countInRepository.first({
    rid,
    repository: path.repository,
    now,
    limit: maxUploadsPerRepository,
  })
  const byCaller = await context.uploadReads.countByCaller.first({
    rid,
    caller: caller.key,
    now,
    limit: maxUploadsPerCaller,
  })
  const hasRoom = (inRepository?.count ?? 0) < maxUploadsPerRepository
  if (hasRoom && (byCaller?.count ?? 0) < maxUploadsPerCaller) return
  if (hasRoom && (await endOldestIdle(context, rid, caller.key))) return
  throw new OciError('TOOMANYREQUESTS', {
    message: 'too many uploads are unfinished; finish or cancel some uploads, or wait until the uploads expire',
    headers: { 'retry-after': String(retryAfterSeconds) },
  })
}
