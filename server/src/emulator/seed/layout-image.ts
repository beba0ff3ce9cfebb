import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import { type Descriptor, ManifestInvalidError, parseManifest } from '@acrux/shared/standards/oci/manifest.ts'
import { ociImageIndexType } from '@acrux/shared/standards/oci/media-type.ts'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { ImportError, type ImportSource } from '../../imports/index.ts'
import type { PreparedImage } from './generated-image.ts'
import { type LayoutFiles, blobName, openLayout } from './layout-files.ts'

/** The annotation that names an image in a layout. [OCI image-spec, Annotations] */
const nameAnnotation = 'org.opencontainers.image.ref.name'

/**
 * Reads an image from an OCI layout. If the layout has several images, the tag selects one.
 *
 * @throws Error whose message says why the layout cannot be used
 */
export async function readLayoutImage(place: string, tag: string | undefined): Promise<PreparedImage> {
  const files = await openLayout(place).catch((error: unknown) => {
    throw new Error(`${place} cannot be read: ${plainReason(error)}`, { cause: error })
  })
  const { mediaType, digest, size } = await chooseImage(files, place, tag)
  if ((await files.read(blobName(digest))) === undefined) throw new Error(`${place} has no manifest ${digest}`)
  return { mediaType, digest, size, source: sourceOf(files, { mediaType, digest }) }
}

async function chooseImage(files: LayoutFiles, place: string, tag: string | undefined): Promise<Descriptor> {
  const bytes = await files.read('index.json')
  if (bytes === undefined) throw new Error(`${place} is not an OCI layout, because index.json is missing`)
  const images = childrenOf(bytes, ociImageIndexType)
  const [first] = images
  if (first === undefined) throw new Error(`${place} has no image in its index.json`)
  if (images.length === 1) return first
  const chosen = images.find(({ annotations }) => tag !== undefined && annotations?.[nameAnnotation] === tag)
  if (chosen !== undefined) return chosen
  const names = images.map(({ annotations, digest }) => annotations?.[nameAnnotation] ?? digest)
  throw new Error(`${place} has ${images.length} images, but no image has the name ${tag ?? ''}: ${names.join(', ')}`)
}

function sourceOf(files: LayoutFiles, root: Pick<Descriptor, 'mediaType' | 'digest'>): ImportSource {
  // The manifests of an old layout do not contain their types, but the descriptors do.
  const types = new Map<Digest, string>([[root.digest, root.mediaType]])
  return {
    manifest: async (reference) => {
      const digest = reference.kind === 'digest' ? reference.digest : root.digest
      const bytes = await files.read(blobName(digest))
      if (bytes === undefined) throw new ImportError('not-found', `the layout has no manifest ${digest}`)
      const contentType = types.get(digest)
      for (const child of childrenOf(bytes, contentType)) types.set(child.digest, child.mediaType)
      return { bytes, contentType }
    },
    blob: async (digest) => {
      const blob = files.blob(digest)
      if (blob === undefined) throw new ImportError('not-found', `the layout has no blob ${digest}`)
      return blob
    },
  }
}

/** The manifests of an index. @throws Error if the manifest is invalid */
function childrenOf(bytes: Uint8Array, contentType: string | undefined): readonly Descriptor[] {
  try {
    return parseManifest(bytes, contentType).manifests
  } catch (error) {
    if (!(error instanceof ManifestInvalidError)) throw error
    throw new ImportError('source', `a manifest of the layout is invalid: ${error.message}`, { cause: error })
  }
}
