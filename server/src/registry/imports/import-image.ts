import { createHash, randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Transaction } from '../../platform/sql/database.ts'
import { type Digest, digestAlgorithm } from '../../standards/oci/digest.ts'
import { ManifestInvalidError, maxManifestSizeBytes } from '../../standards/oci/manifest.ts'
import { isNonDistributable, parseContentType } from '../../standards/oci/media-type.ts'
import type { Reference, Tag } from '../../standards/oci/reference.ts'
import type { RepositoryName } from '../../standards/oci/repository-name.ts'
import { TooManyBytesError } from '../../storage/index.ts'
import type { BlobParts } from '../blobs/blob-parts.ts'
import { holdsIntactBlob, linkBlob } from '../blobs/blob-store.ts'
import { finishStaged } from '../uploads/finish-upload.ts'
import { readImagePlatform } from '../manifests/image-config.ts'
import { ImportError, type ImportSource } from './import-source.ts'
import { requireWritable } from '../repositories/locks.ts'
import type { Parts } from '../parts.ts'
import { readManifest } from '../manifests/manifest-reader.ts'
import type { ReadManifest } from '../manifests/read-here.ts'
import { blobDescriptors, manifestDigest, storeManifest } from '../manifests/put-manifest.ts'
import type { Reservation } from '../quotas/quotas.ts'
import { type RepositoryTarget, requireCurrentCredential } from '../repositories/repositories.ts'
import { openRepository } from '../repositories/repository-store.ts'
import { deleteUpload, insertUpload, type OpenUpload } from '../uploads/upload-store.ts'

/** How many manifests one import may bring, and how deep they may lie in one another. */
const mostManifests = 1000
const deepestIndex = 4

/** What is imported to where. */
export type Import = {
  readonly id: string
  readonly source: ImportSource
  readonly reference: Reference
  readonly into: Omit<RepositoryTarget, 'path'>
  /** The tags to set, by repository; a repository may have none. */
  readonly targets: ReadonlyMap<RepositoryName, readonly Tag[]>
  readonly force: boolean
  readonly signal: AbortSignal
  /** Until when bytes that were staged for it are kept, should nobody come back to them. */
  readonly expiresAtMs: number
}

/** Whose the bytes are that are staged for an import. */
export function importCallerKey(id: string): string {
  return `import ${id}`
}

type Progress = { manifests: number; sizeBytes: number; readonly brought: Map<Digest, string> }
type Part = { readonly bytes: Uint8Array; readonly digest: Digest; readonly manifest: ReadManifest }

/**
 * Brings an image, with all that it names, into repositories. An index comes with its children. Tags are set last, each
 * with its manifest; what was brought before a failure is collected as that of any unfinished push.
 *
 * @throws ImportError, OciError
 */
export async function importImage(parts: Parts, blobParts: BlobParts, what: Import): Promise<Digest> {
  const root = await fetchManifest(what.source, what.reference)
  const progress: Progress = { manifests: 0, sizeBytes: 0, brought: new Map() }
  for (const [repository, tags] of what.targets) {
    await bring(parts, blobParts, what, { repository, tags, part: root, depth: 0, progress })
  }
  return root.digest
}

type Bringing = {
  readonly repository: RepositoryName
  readonly tags: readonly Tag[]
  readonly part: Part
  readonly depth: number
  readonly progress: Progress
}

async function bring(
  parts: Parts,
  blobParts: BlobParts,
  what: Import,
  { repository, tags, part, depth, progress }: Bringing,
): Promise<void> {
  const { manifest, digest, bytes } = part
  what.signal.throwIfAborted()
  progress.manifests += 1
  if (progress.manifests > mostManifests || depth > deepestIndex) {
    throw new ImportError('limit', `an image of more than ${mostManifests} manifests is not imported`)
  }
  for (const child of new Set(manifest.manifests.map((descriptor) => descriptor.digest))) {
    const childPart = await fetchManifest(what.source, { kind: 'digest', digest: child })
    await bring(parts, blobParts, what, { repository, tags: [], part: childPart, depth: depth + 1, progress })
  }
  const target = { ...what.into, path: { repository } }
  for (const blob of blobDescriptors(manifest).values()) {
    if (isNonDistributable(blob.mediaType)) continue
    progress.sizeBytes += blob.size
    if (progress.sizeBytes > blobParts.settings.maxBlobBytes) {
      throw new ImportError('limit', `an image of more than ${blobParts.settings.maxBlobBytes} bytes is not imported`)
    }
    await bringBlob(blobParts, what, target, blob, progress.brought)
  }
  const path = { kind: 'manifest', repository, reference: { kind: 'digest', digest } } as const
  const platform = await readImagePlatform(parts, target, manifest)
  await storeManifest(parts, { ...what.into, path }, { bytes, digest, tags, manifest, platform, movesTags: what.force })
}

async function fetchManifest(source: ImportSource, reference: Reference): Promise<Part> {
  const { bytes, contentType } = await source.manifest(reference)
  const digest =
    reference.kind === 'digest'
      ? manifestDigest(digestAlgorithm(reference.digest), bytes)
      : manifestDigest('sha256', bytes)
  if (reference.kind === 'digest' && digest !== reference.digest) {
    throw new ImportError('source', `the source sent other bytes than those of ${reference.digest}`)
  }
  if (bytes.byteLength > maxManifestSizeBytes) throw new ImportError('limit', 'the manifest is too large')
  try {
    const type = contentType === undefined ? undefined : parseContentType(contentType)
    const manifest = await readManifest({ bytes, contentType: type })
    return { bytes, digest, manifest }
  } catch (error) {
    if (!(error instanceof ManifestInvalidError)) throw error
    throw new ImportError('source', `the manifest of the source is not accepted: ${error.message}`, { cause: error })
  }
}

type Blob = { readonly digest: Digest; readonly size: number }

/**
 * A blob that a repository of this server holds, be it by this import, is held by one more if its bytes are intact; any
 * other is fetched.
 */
async function bringBlob(
  parts: BlobParts,
  what: Import,
  target: RepositoryTarget,
  blob: Blob,
  brought: Map<Digest, string>,
): Promise<void> {
  const known = await parts.blobReads.byDigest.first({ digest: blob.digest })
  // One that is corrupt is in quarantine when this returns, and held by nobody as far as an import goes.
  if (known !== undefined) await parts.integrity.isIntact(known)
  const { id: repositoryId, holds } = await openTarget(parts, target, blob.digest, brought.get(blob.digest))
  if (!holds) {
    const found = await what.source.blob(blob.digest)
    if ('heldBy' in found) {
      const { holds: linked } = await openTarget(parts, target, blob.digest, found.heldBy)
      if (!linked) throw new ImportError('not-found', `the source no longer has ${blob.digest}`)
    } else await fetchBlob(parts, what, target, { ...blob, repositoryId }, found)
  }
  brought.set(blob.digest, repositoryId)
}

/** Opens the repository, and has it hold the blob if it or the other one does. */
async function openTarget(
  { database, clock, settings, quotas }: BlobParts,
  { registry, caller, path }: RepositoryTarget,
  digest: Digest,
  heldBy: string | undefined,
): Promise<{ readonly id: string; readonly holds: boolean }> {
  const nowMs = clock.now()
  const { rid } = registry
  const open = async (transaction: Transaction, { measure }: Reservation) => {
    const { id, ...repository } = await openRepository(transaction, rid, path.repository, nowMs)
    requireCurrentCredential(caller, repository)
    requireWritable(repository)
    const holds =
      (await holdsIntactBlob(transaction, id, digest)) ||
      (heldBy !== undefined && (await holdsIntactBlob(transaction, heldBy, digest)))
    const link = () => linkBlob(transaction, id, digest, { nowMs, leaseMs: settings.leaseMs })
    if (holds) await measure(transaction, { rid, repository: path.repository, repositoryId: id }, link)
    return { id, holds }
  }
  return quotas.reserving((reservation) => database.transaction((transaction) => open(transaction, reservation)))
}

async function fetchBlob(
  parts: BlobParts,
  { id: importId, expiresAtMs }: Import,
  target: RepositoryTarget,
  { digest, size, repositoryId }: Blob & { readonly repositoryId: string },
  body: Readable,
): Promise<void> {
  const nowMs = parts.clock.now()
  const upload: OpenUpload = {
    id: randomUUID(),
    repository_id: repositoryId,
    expires_at_ms: expiresAtMs,
    predecessor_deletion: null,
  }
  const { rid } = target.registry
  const row = { id: upload.id, rid, repository_id: repositoryId, caller_key: importCallerKey(importId) }
  await parts.database.transaction((transaction) =>
    insertUpload(transaction, { ...row, started_at_ms: nowMs, expires_at_ms: expiresAtMs }),
  )
  await parts.running.alone(upload.id, async () => {
    try {
      const owner = { rid, repositoryId, callerKey: row.caller_key }
      await parts.staging.prepare(upload.id, owner, target.path.repository)
      await parts.staging.requireRoomFor(upload.id, size)
      await stage(parts, upload.id, { digest, size }, body)
      await finishStaged(parts, target, upload, { digest, sizeBytes: size })
    } catch (error) {
      parts.running.forget(upload.id)
      await parts.database.transaction((transaction) => deleteUpload(transaction, upload.id))
      await parts.blobs.discard(upload.id)
      throw error
    }
  })
}

async function stage(parts: BlobParts, uploadId: string, { digest, size }: Blob, body: Readable): Promise<void> {
  const algorithm = digestAlgorithm(digest)
  const hash = createHash(algorithm)
  const options = { offset: 0, sizeLimitBytes: size, observe: (piece: Uint8Array) => void hash.update(piece) }
  const sizeBytes = await parts.blobs.append(uploadId, body, options).catch((error: unknown) => {
    body.destroy()
    throw error instanceof TooManyBytesError ? wrongSize(digest) : error
  })
  if (sizeBytes !== size) throw wrongSize(digest)
  parts.running.keepHash(uploadId, { algorithm, hash, sizeBytes })
}

function wrongSize(digest: Digest): ImportError {
  return new ImportError('source', `the source sent another number of bytes than ${digest} has`)
}
