import { withoutCaller } from '../../platform/process/authorized-work.ts'
import { createHash, randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { type Digest, digestAlgorithm } from '@acrux/shared/standards/oci/digest.ts'
import { TooManyBytesError } from '../../storage/index.ts'
import type { RepositoryTarget } from '../repositories/repositories.ts'
import type { UploadContext } from './context.ts'
import { finishStaged } from './finish-upload.ts'
import { deleteUpload, insertUpload, type OpenUpload } from './upload-store.ts'

/** A blob that is stored from a stream instead of a request. */
export type IncomingBlob = {
  readonly digest: Digest
  readonly sizeBytes: number
  /** The repository that is to hold it. */
  readonly repositoryId: string
  /** The owner of the staged bytes. */
  readonly callerKey: string
  /** When the staged bytes may be deleted if this process stops. */
  readonly expiresAtMs: number
}

/** A stream has more or fewer bytes than the blob that it was to contain. */
export class BlobSizeError extends Error {
  override readonly name = 'BlobSizeError'
}

/**
 * Stores a blob from a stream in a repository. When it returns, the blob survives a power failure.
 *
 * @throws BlobSizeError
 * @throws OciError DIGEST_INVALID, DENIED, BLOB_UPLOAD_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 * @throws StorageFullError
 */
export async function storeBlob(
  context: UploadContext,
  target: RepositoryTarget,
  blob: IncomingBlob,
  body: Readable,
): Promise<void> {
  const { digest, sizeBytes, repositoryId, callerKey, expiresAtMs } = blob
  const { rid } = target.registry
  const upload: OpenUpload = {
    id: randomUUID(),
    repository_id: repositoryId,
    expires_at_ms: expiresAtMs,
    predecessor_deletion: null,
  }
  const row = { id: upload.id, rid, repository_id: repositoryId, caller_key: callerKey }
  const started_at_ms = context.clock.now()
  await context.database.transaction((transaction) =>
    insertUpload(transaction, { ...row, started_at_ms, expires_at_ms: expiresAtMs, ...context.running.claim() }),
  )
  await context.running.alone(
    upload.id,
    async () => {
      try {
        await context.staging.prepare(upload.id, { rid, repositoryId, callerKey }, target.path.repository)
        await context.staging.requireRoomFor(upload.id, sizeBytes)
        await stage(context, upload.id, blob, body)
        await finishStaged(context, target, upload, { digest, sizeBytes })
      } catch (error) {
        context.running.dropHash(upload.id)
        // Also for a caller who was denied meanwhile.
        await withoutCaller(() => context.database.transaction((transaction) => deleteUpload(transaction, upload.id)))
        await context.blobs.discard(upload.id)
        throw error
      }
    },
    { ends: true, isClaimed: true },
  )
}

async function stage(
  context: UploadContext,
  uploadId: string,
  { digest, sizeBytes: expectedBytes }: IncomingBlob,
  body: Readable,
): Promise<void> {
  const algorithm = digestAlgorithm(digest)
  const hash = createHash(algorithm)
  const options = { offset: 0, sizeLimitBytes: expectedBytes, observe: (piece: Uint8Array) => void hash.update(piece) }
  const sizeBytes = await context.blobs.append(uploadId, body, options).catch((error: unknown) => {
    body.destroy()
    throw error instanceof TooManyBytesError ? wrongSize(digest) : error
  })
  if (sizeBytes !== expectedBytes) throw wrongSize(digest)
  context.running.putHashBack(uploadId, { algorithm, hash, sizeBytes })
}

function wrongSize(digest: Digest): BlobSizeError {
  return new BlobSizeError(`the size of the stream differs from the size of the blob ${digest}`)
}
