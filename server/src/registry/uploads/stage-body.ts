import { createHash, type Hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { streamBody } from '../../platform/http/slow-clients.ts'
import type { CallerBudget } from '../../platform/limits/caller-budget.ts'
import { parseContentRange } from '@acrux/shared/standards/http/byte-range.ts'
import { type Digest, digestAlgorithm, type DigestAlgorithm } from '@acrux/shared/standards/oci/digest.ts'
import type { RepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import { outageOf } from '../../platform/process/outage.ts'
import { BrokenSourceError, TooManyBytesError } from '../../storage/index.ts'
import { currentWork, requireStanding, withoutCaller } from '../../platform/process/authorized-work.ts'
import type { UploadContext } from './context.ts'
import { OciError } from '../protocol/errors.ts'
import type { UploadOwner } from '../quotas/staged-bytes.ts'
import { ClientGoneError } from '../protocol/read-body.ts'
import { endUpload } from './end-upload.ts'
import { paceBody } from './pace-body.ts'
import type { RunningHash } from './running-uploads.ts'
import { prolongUpload } from './upload-store.ts'
import { uploadHeaders } from './uploads.ts'

/** An upload and the request that writes to it. */
export type Staging = {
  readonly uploadId: string
  readonly owner: UploadOwner
  readonly repository: RepositoryName
  readonly expiresAtMs: number
  readonly request: IncomingMessage
  readonly algorithm: DigestAlgorithm
  /** The budget of the sender. */
  readonly budget: CallerBudget
}

/**
 * Appends the body of a request to an upload, and returns the number of staged bytes. The caller must be the only
 * writer of the upload. A chunk with a wrong range or length leaves the upload as it was; a client that disconnects
 * leaves what it sent. A full disk or an exceeded quota ends the upload. A caller whose permission is revoked meanwhile is
 * denied within about a second, at the latest after the last byte.
 *
 * @throws OciError RANGE_INVALID, SIZE_INVALID or DENIED, or the denial of the caller
 * @throws StorageFullError
 * @throws ClientGoneError
 */
export async function stageBody(context: UploadContext, staging: Staging): Promise<number> {
  streamBody(staging.request)
  try {
    return await stage(context, staging)
  } catch (error) {
    const isFull = outageOf(error)?.kind === 'disk-full'
    const isDenied = error instanceof OciError && error.code === 'DENIED'
    if (isFull || isDenied) await endUpload(context, staging.uploadId)
    if (isFull) await context.reclaimSpace()
    throw error
  }
}

async function stage(context: UploadContext, staging: Staging): Promise<number> {
  const { uploadId, owner, repository, request } = staging
  await context.staging.prepare(uploadId, owner, repository)
  const offset = await stagedSizeBytes(context, uploadId)
  const chunkBytes = requirePlace(staging, offset)
  const limitBytes = Math.min(offset + (chunkBytes ?? Infinity), context.settings.maxBlobBytes)
  const comingBytes = declaredBytes(request)
  if (offset + comingBytes > limitBytes) throw tooLong(context, offset, chunkBytes)
  if (comingBytes > 0) await context.staging.requireRoomFor(uploadId, comingBytes)
  const sizeBytes = await append(context, staging, offset, limitBytes).catch((error: unknown) => {
    throw error instanceof TooManyBytesError ? tooLong(context, offset, chunkBytes) : error
  })
  if (chunkBytes === undefined || sizeBytes === offset + chunkBytes) return sizeBytes
  context.running.dropHash(uploadId)
  const requireWriter = () => context.running.requireClaim(uploadId)
  await context.blobs.append(uploadId, Readable.from([]), { offset, requireWriter })
  throw wrongLength()
}

/** How many bytes are staged. If bytes of an earlier request are not found, the store is verified, and read again. */
async function stagedSizeBytes({ blobs, staged }: UploadContext, uploadId: string): Promise<number> {
  const sizeBytes = await blobs.stagedSizeBytes(uploadId)
  if (sizeBytes !== undefined || (staged.get(uploadId)?.stagedBytes ?? 0) === 0) return sizeBytes ?? 0
  await blobs.requireSelf()
  return (await blobs.stagedSizeBytes(uploadId)) ?? 0
}

/**
 * Whether the staged bytes have the digest, by the running hash or, if that is missing or has another algorithm, by
 * reading the bytes.
 */
export async function isDigestOfStaged(
  context: UploadContext,
  uploadId: string,
  sizeBytes: number,
  digest: Digest,
): Promise<boolean> {
  const algorithm = digestAlgorithm(digest)
  const running = context.running.takeHash(uploadId, sizeBytes, algorithm)
  const hash = running?.algorithm === algorithm ? running.hash : await hashStaged(context, uploadId, algorithm)
  return `${algorithm}:${hash.digest('hex')}` === digest
}

async function hashStaged(context: UploadContext, uploadId: string, algorithm: DigestAlgorithm): Promise<Hash> {
  const hash = createHash(algorithm)
  for await (const piece of await context.blobs.readStaged(uploadId)) hash.update(piece as Uint8Array)
  return hash
}

async function append(context: UploadContext, staging: Staging, offset: number, limitBytes: number): Promise<number> {
  const { uploadId, request, algorithm } = staging
  const running = context.running.takeHash(uploadId, offset, algorithm)
  const lifetime = new Lifetime(context, staging)
  const checkCaller = currentWork()?.checkOfPieces()
  const observe = (piece: Uint8Array) => {
    checkCaller?.()
    lifetime.prolong()
    if (running === undefined) return
    running.hash.update(piece)
    running.sizeBytes += piece.byteLength
  }
  lifetime.prolong()
  try {
    const sizeBytes = await context.blobs.append(uploadId, request, {
      offset,
      observe,
      pace: (bytes) => paceBody(staging.budget, request.socket, bytes),
      ownsChunks: true,
      sizeLimitBytes: limitBytes,
      requireWriter: () => context.running.requireClaim(uploadId),
    })
    await requireStanding()
    keep(context, uploadId, running)
    return sizeBytes
  } catch (error) {
    if (error instanceof BrokenSourceError) {
      keep(context, uploadId, running)
      throw new ClientGoneError('the client disconnected during the upload', { cause: error })
    }
    throw error
  } finally {
    await lifetime.settle()
  }
}

/**
 * Extends the lifetime of an upload while bytes arrive: a slow upload may take longer than the lifetime of an idle one.
 */
class Lifetime {
  #context: UploadContext
  #uploadId: string
  #expiresAtMs: number
  #prolonging: Promise<void> | undefined

  constructor(context: UploadContext, { uploadId, expiresAtMs }: Staging) {
    this.#context = context
    this.#uploadId = uploadId
    this.#expiresAtMs = expiresAtMs
  }

  prolong(): void {
    const { clock, database, settings } = this.#context
    const nowMs = clock.now()
    if (this.#expiresAtMs - nowMs > settings.uploadLifetimeMs / 2) return
    this.#expiresAtMs = nowMs + settings.uploadLifetimeMs
    const expiresAtMs = this.#expiresAtMs
    const before = this.#prolonging
    this.#prolonging = (async () => {
      await before
      await withoutCaller(() =>
        database.transaction((transaction) => prolongUpload(transaction, this.#uploadId, expiresAtMs)),
      )
    })()
    // Awaited when all bytes have arrived; until then it must not be an unhandled rejection.
    this.#prolonging.catch(() => undefined)
  }

  async settle(): Promise<void> {
    await this.#prolonging
  }
}

function keep({ running: uploads }: UploadContext, uploadId: string, running: RunningHash | undefined): void {
  if (running !== undefined) uploads.putHashBack(uploadId, running)
}

/**
 * Checks the range of a chunk, and returns its length; undefined for a stream without a range.
 *
 * @throws OciError RANGE_INVALID with the current size, for a chunk that starts elsewhere
 */
function requirePlace({ repository, uploadId, request }: Staging, offset: number): number | undefined {
  const header = request.headers['content-range']
  if (header === undefined) return undefined
  const range = parseContentRange(header)
  if (range === undefined || range.start !== offset) {
    throw new OciError('RANGE_INVALID', {
      detail: { offset },
      headers: uploadHeaders(repository, uploadId, offset),
    })
  }
  const chunkBytes = range.end - range.start + 1
  const { 'content-length': length } = request.headers
  if (length !== undefined && Number(length) !== chunkBytes) throw wrongLength()
  return chunkBytes
}

function declaredBytes(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0)
}

function tooLong({ settings }: UploadContext, offset: number, chunkBytes: number | undefined): OciError {
  if (chunkBytes !== undefined && offset + chunkBytes <= settings.maxBlobBytes) return wrongLength()
  return new OciError('SIZE_INVALID', { status: 413, message: `a blob has at most ${settings.maxBlobBytes} bytes` })
}

function wrongLength(): OciError {
  return new OciError('SIZE_INVALID', { message: 'the length of the chunk differs from the Content-Range header' })
}
