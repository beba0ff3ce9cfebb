import {
  blobDescriptors,
  BlobSizeError,
  manifestDigest,
  type ParsedManifest,
  type RegistryContent,
  type RepositoryTarget,
} from '../registry/index.ts'
import { type Digest, digestAlgorithm } from '@acrux/shared/standards/oci/digest.ts'
import { ManifestInvalidError, maxManifestSizeBytes } from '@acrux/shared/standards/oci/manifest.ts'
import { isNonDistributable, parseContentType } from '@acrux/shared/standards/oci/media-type.ts'
import type { Reference, Tag } from '@acrux/shared/standards/oci/reference.ts'
import type { RepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import type { ImportSource } from './import-source.ts'
import { ImportError, type ImportRequest } from './model.ts'

/** The maximum number of manifests of one import, and their greatest depth within indexes. */
const maxManifests = 1000
const maxIndexDepth = 4

/** An import under way. */
export type Import = Pick<ImportRequest, 'reference' | 'into' | 'targets' | 'force'> & {
  readonly id: string
  readonly source: ImportSource
  /** Called before each change. @throws if the import must not continue */
  readonly requirePermitted: () => Promise<void>
  /** When staged bytes may be deleted if this process stops. */
  readonly expiresAtMs: number
}

/** The owner of the bytes that are staged for an import. */
export function importCallerKey(id: string): string {
  return `import ${id}`
}

type Progress = { manifests: number; sizeBytes: number; readonly brought: Map<Digest, string> }
type Part = { readonly bytes: Uint8Array; readonly digest: Digest; readonly manifest: ParsedManifest }

/**
 * Copies an image, with everything that it names, into repositories. An index is copied with its children. Tags are set
 * last, with the manifest. Content that was copied before a failure is garbage-collected like that of an unfinished push.
 *
 * @throws ImportError, OciError
 */
export async function importImage(content: RegistryContent, what: Import): Promise<Digest> {
  const root = await fetchManifest(content, what.source, what.reference)
  const progress: Progress = { manifests: 0, sizeBytes: 0, brought: new Map() }
  for (const [repository, tags] of what.targets) {
    await bring(content, what, { repository, tags, part: root, depth: 0, progress })
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
  content: RegistryContent,
  what: Import,
  { repository, tags, part, depth, progress }: Bringing,
): Promise<void> {
  const { manifest, digest, bytes } = part
  const { maxBlobBytes } = content.limits
  progress.manifests += 1
  if (progress.manifests > maxManifests || depth > maxIndexDepth) {
    throw new ImportError('limit', `the image has more than ${maxManifests} manifests`)
  }
  for (const child of new Set(manifest.manifests.map((descriptor) => descriptor.digest))) {
    const childPart = await fetchManifest(content, what.source, { kind: 'digest', digest: child })
    await bring(content, what, { repository, tags: [], part: childPart, depth: depth + 1, progress })
  }
  const target = { ...what.into, path: { repository } }
  for (const blob of blobDescriptors(manifest).values()) {
    if (isNonDistributable(blob.mediaType)) continue
    progress.sizeBytes += blob.size
    if (progress.sizeBytes > maxBlobBytes) {
      throw new ImportError('limit', `the image has more than ${maxBlobBytes} bytes`)
    }
    await what.requirePermitted()
    await bringBlob(content, what, target, { blob, brought: progress.brought })
  }
  await what.requirePermitted()
  await content.putManifest(target, { bytes, digest, manifest, tags, movesTags: what.force })
}

async function fetchManifest(content: RegistryContent, source: ImportSource, reference: Reference): Promise<Part> {
  const { bytes, contentType } = await source.manifest(reference)
  const algorithm = reference.kind === 'digest' ? digestAlgorithm(reference.digest) : 'sha256'
  const digest = manifestDigest(algorithm, bytes)
  if (reference.kind === 'digest' && digest !== reference.digest) {
    throw new ImportError('source', `the source sent bytes that do not match ${reference.digest}`)
  }
  if (bytes.byteLength > maxManifestSizeBytes) throw new ImportError('limit', 'the manifest is too large')
  try {
    const type = contentType === undefined ? undefined : parseContentType(contentType)
    const manifest = await content.parseManifest({ bytes, contentType: type })
    return { bytes, digest, manifest }
  } catch (error) {
    if (!(error instanceof ManifestInvalidError)) throw error
    throw new ImportError('source', `the manifest of the source is not accepted: ${error.message}`, { cause: error })
  }
}

type BlobToBring = {
  readonly blob: { readonly digest: Digest; readonly size: number }
  /** By digest, the id of a repository that this import has brought the blob into. */
  readonly brought: Map<Digest, string>
}

/** Links a blob that the target, or a repository of this import, holds with intact bytes; any other blob is fetched. */
async function bringBlob(
  content: RegistryContent,
  { id, source, expiresAtMs }: Import,
  target: RepositoryTarget,
  { blob, brought }: BlobToBring,
): Promise<void> {
  const { digest, size: sizeBytes } = blob
  // If the bytes are corrupt, they are quarantined, and the blob is fetched.
  await content.verifyBlob(digest)
  const { repositoryId, isHeld } = await content.holdBlob(target, digest, brought.get(digest))
  if (!isHeld) {
    const found = await source.blob(digest)
    if ('heldBy' in found) {
      const linked = await content.holdBlob(target, digest, found.heldBy)
      if (!linked.isHeld) throw new ImportError('not-found', `the source no longer contains ${digest}`)
    } else {
      const incoming = { digest, sizeBytes, repositoryId, callerKey: importCallerKey(id), expiresAtMs }
      await content.storeBlob(target, incoming, found).catch((error: unknown) => {
        throw error instanceof BlobSizeError ? wrongSize(digest, error) : error
      })
    }
  }
  brought.set(digest, repositoryId)
}

function wrongSize(digest: Digest, cause: BlobSizeError): ImportError {
  return new ImportError('source', `the size of the content that the source sent differs from the size of ${digest}`, {
    cause,
  })
}
