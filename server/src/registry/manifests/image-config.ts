import { hash } from 'node:crypto'
import { isJsonObject, ownValue, parseBoundedJson } from '@acrux/shared/standards/http/bounded-json.ts'
import { type Digest, digestAlgorithm, digestHex } from '@acrux/shared/standards/oci/digest.ts'
import type { Manifest } from '@acrux/shared/standards/oci/manifest.ts'
import { BlobMissingError } from '../../storage/index.ts'
import type { ManifestContext } from './context.ts'
import type { RepositoryTarget } from '../repositories/repositories.ts'

/** The platform of an image. The platform comes from the configuration of the image. */
export type ImagePlatform = { readonly architecture: string | null; readonly os: string | null }

/**
 * The maximum size of a configuration, which is usually a few kilobytes. If a configuration is larger, the platform of its image is
 * unknown.
 */
const maxConfigBytes = 1024 * 1024
const maxDepth = 100
const unknownPlatform: ImagePlatform = { architecture: null, os: null }

/** Reads the platform from the configuration of an image in the repository. Returns nulls if the image has no configuration. */
export async function readImagePlatform(
  context: ManifestContext,
  call: RepositoryTarget,
  { config }: Pick<Manifest, 'config'>,
): Promise<ImagePlatform> {
  if (config === undefined || !config.mediaType.endsWith('json')) return unknownPlatform
  const bytes = await readSmallBlob(context, call, config.digest)
  const document = bytes === undefined ? undefined : parseBoundedJson(bytes, maxDepth)
  if (!isJsonObject(document)) return unknownPlatform
  return {
    architecture: shortText(ownValue(document, 'architecture')),
    os: shortText(ownValue(document, 'os')),
  }
}

/** Reads a small blob of the repository. */
async function readSmallBlob(
  context: ManifestContext,
  call: RepositoryTarget,
  digest: Digest,
): Promise<Uint8Array | undefined> {
  const { registry, path } = call
  const row = await context.blobReads.held.first({ rid: registry.rid, repository: path.repository, digest })
  if (row === undefined || row.size_bytes > maxConfigBytes) return undefined
  try {
    const bytes = Buffer.concat(await (await context.blobs.read(row.location)).toArray())
    if (hash(digestAlgorithm(digest), bytes, 'hex') === digestHex(digest)) return bytes
    // The next transaction rejects a manifest that names a quarantined blob.
    await context.integrity.verify(row)
    return undefined
  } catch (error) {
    // The blob has been deleted by garbage collection. The next transaction rejects the manifest.
    if (error instanceof BlobMissingError) return undefined
    throw error
  }
}

function shortText(value: unknown): string | null {
  return typeof value === 'string' && /^[\x20-\x7e]{1,128}$/.test(value) ? value : null
}
