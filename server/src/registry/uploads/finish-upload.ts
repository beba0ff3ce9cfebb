import type { Transaction } from '../../platform/sql/database.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import { digestAlgorithm } from '@acrux/shared/standards/oci/digest.ts'
import { type BlobLocation, findProven, StagedChangedError } from '../../storage/index.ts'
import type { UploadContext } from './context.ts'
import { findIntactLocation, linkBlob, recordBlob } from '../blobs/blob-store.ts'
import { type OciCall, sendEmpty } from '../protocol/call.ts'
import { OciError } from '../protocol/errors.ts'
import { requireWritable } from '../repositories/locks.ts'
import type { QuotaPlace } from '../quotas/quotas.ts'
import { changeEvent, type RepositoryTarget, requireCurrentCredential } from '../repositories/repositories.ts'
import { findRepository } from '../repositories/repository-store.ts'
import { otherWriter } from './running-uploads.ts'
import { isDigestOfStaged, stageBody } from './stage-body.ts'
import { deleteUpload, type OpenUpload } from './upload-store.ts'
import { blobHeaders, ownerOf, requireDigestParameter, requireUpload, uploadUnknown } from './uploads.ts'

/**
 * `PUT` of an upload: appends the body, if any, and makes the staged bytes the blob `digest`. A wrong digest ends the
 * upload; a chunk with a wrong range does not. [OCI distribution-spec, Pushing a blob monolithically, Pushing a blob in
 * chunks]
 *
 * @throws OciError BLOB_UPLOAD_UNKNOWN, DIGEST_INVALID, RANGE_INVALID, SIZE_INVALID, BLOB_UPLOAD_INVALID or UNAVAILABLE
 */
export async function finishUpload(context: UploadContext, call: OciCall<'upload'>): Promise<void> {
  const { path, query, request } = call
  const upload = await requireUpload(context, call)
  const digest = requireDigestParameter(query)
  await context.running.alone(
    upload.id,
    async () => {
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
    },
    { ends: true },
  )
  sendEmpty(call, 201, blobHeaders(path.repository, digest))
}

/** The blob that the staged bytes are claimed to be. */
export type Claim = { readonly digest: Digest; readonly sizeBytes: number }

/**
 * Makes the staged bytes of an upload a blob of its repository, and ends the upload. When it returns, both survive a
 * power failure. The caller must be the only writer of the upload.
 *
 * @throws OciError DIGEST_INVALID, BLOB_UPLOAD_UNKNOWN, REGISTRY_DISALLOWED_OPERATION or UNAVAILABLE
 */
export async function finishStaged(
  context: UploadContext,
  call: RepositoryTarget,
  upload: OpenUpload,
  claim: Claim,
): Promise<void> {
  const { digest, sizeBytes } = claim
  if (!(await isDigestOfStaged(context, upload.id, sizeBytes, digest))) {
    const wasOpen = await context.database.transaction((transaction) => deleteUpload(transaction, upload.id))
    await context.blobs.discard(upload.id)
    // Another server may have finished the upload before this one became its writer, and moved its bytes.
    if (!wasOpen) throw uploadUnknown()
    throw new OciError('DIGEST_INVALID', { detail: { digest, sizeBytes } })
  }
  const known = await findIntact(context, claim)
  if (known.location !== undefined && (await adopt(context, call, upload, { digest, location: known.location }))) return
  try {
    await commit(context, call, upload, { ...claim, lost: known.lost })
  } finally {
    context.staging.settle(upload.id)
  }
}

/** The location of these bytes if they are already stored, or the location in the row if they are lost or corrupt. */
async function findIntact(
  context: UploadContext,
  { digest, sizeBytes }: Claim,
): Promise<{ readonly location?: BlobLocation; readonly lost?: BlobLocation }> {
  const row = await context.blobReads.byDigest.first({ digest })
  if (row === undefined) return {}
  const isIntact = row.size_bytes === sizeBytes && (await context.integrity.isIntact(row))
  return isIntact ? { location: row.location } : { lost: row.location }
}

/** Ends the upload with bytes that are already stored, unless they have been collected. */
async function adopt(
  context: UploadContext,
  call: RepositoryTarget,
  upload: OpenUpload,
  { digest, location }: { readonly digest: Digest; readonly location: BlobLocation },
): Promise<boolean> {
  const nowMs = context.clock.now()
  const grace = { nowMs, gracePeriodMs: context.settings.gracePeriodMs }
  const adopted = await context.quotas.reserving(
    (reservation) =>
      context.database.transaction(async (transaction) => {
        if ((await findIntactLocation(transaction, digest)) !== location) return false
        await endUpload(context, transaction, call, upload)
        const link = () => linkBlob(transaction, upload.repository_id, digest, grace)
        await reservation.measure(transaction, placeOf(call, upload), link)
        return true
      }),
    upload.id,
  )
  if (adopted) await context.blobs.discard(upload.id)
  return adopted
}

/**
 * Commits the bytes first, then the rows. If the transaction fails, the bytes are deleted only if certainly no row
 * names them: an `OciError` is thrown before the commit. Otherwise the garbage collection decides.
 */
async function commit(
  context: UploadContext,
  call: RepositoryTarget,
  upload: OpenUpload,
  { digest, sizeBytes, lost }: Claim & { readonly lost: BlobLocation | undefined },
): Promise<void> {
  const location = await context.blobs.commit(upload.id, digest).catch((error: unknown) => {
    throw error instanceof StagedChangedError ? otherWriter(error) : error
  })
  const nowMs = context.clock.now()
  try {
    await requireSize(context, location, sizeBytes)
    const record = async (transaction: Transaction) => {
      const recorded = await recordBlob(transaction, { digest, location, sizeBytes, lost }, nowMs)
      await linkBlob(transaction, upload.repository_id, digest, {
        nowMs,
        gracePeriodMs: context.settings.gracePeriodMs,
      })
      if (recorded.replaced !== undefined) {
        await context.audit.record(transaction, changeEvent(call, 'blob.repair', `@${digest}`))
      }
      return recorded
    }
    const kept = await context.quotas.reserving(
      (reservation) =>
        context.database.transaction(async (transaction) => {
          await endUpload(context, transaction, call, upload)
          return reservation.measure(transaction, placeOf(call, upload), () => record(transaction))
        }),
      upload.id,
    )
    if (kept.location !== location) await context.blobs.delete(location)
    if (kept.replaced !== undefined) {
      context.integrity.figures.repaired += 1
      await context.blobs.delete(kept.replaced)
    }
  } catch (error) {
    if (error instanceof OciError) await context.blobs.delete(location)
    throw error
  }
}

/**
 * The bytes at a new location are as many as were hashed. A process that was stopped for a while may have written after another one
 * had claimed the upload, and a store may have read the staged bytes wrongly.
 */
async function requireSize({ blobs }: UploadContext, location: BlobLocation, sizeBytes: number): Promise<void> {
  const stored = await findProven(blobs, location)
  if (stored?.sizeBytes !== sizeBytes) throw uploadUnknown()
}

/**
 * Ends the upload in the transaction that makes it a blob, so that it happens only once.
 *
 * @throws OciError BLOB_UPLOAD_UNKNOWN if it has expired, its repository was deleted, or another process has claimed it
 * @throws OutdatedCredentialError
 */
async function endUpload(
  { running }: UploadContext,
  transaction: Transaction,
  { registry, path, caller }: RepositoryTarget,
  upload: OpenUpload,
): Promise<void> {
  const repository = await findRepository(transaction, registry.rid, path.repository)
  if (repository?.id !== upload.repository_id) throw uploadUnknown()
  requireCurrentCredential(caller, repository)
  requireWritable(repository)
  if (!(await deleteUpload(transaction, upload.id, running.writer))) throw uploadUnknown()
}

function placeOf({ registry, path }: RepositoryTarget, { repository_id }: OpenUpload): QuotaPlace {
  return { rid: registry.rid, repository: path.repository, repositoryId: repository_id }
}
