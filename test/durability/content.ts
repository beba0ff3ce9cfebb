import { randomFillSync } from 'node:crypto'
import { digestOf, type Descriptor } from '../harness/registry.ts'

/** A blob that can be made again from its number and size. */
export interface NumberedBlob {
  readonly number: number
  readonly digest: string
  readonly size: number
}

const pool = randomFillSync(Buffer.alloc(4 * 1024 * 1024))

/** The maximum size of a blob. */
export const largestBlob = pool.length / 2

/** The bytes of a blob: the same for the same number and size, within one process. */
export function contentOf(number: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  pool.copy(bytes, 0, (number * 4099) % largestBlob)
  bytes.write(`${number} `)
  return bytes
}

/** Makes the blob of a number. */
export function numberedBlob(number: number, size: number): NumberedBlob {
  return { number, size, digest: digestOf(contentOf(number, size)) }
}

/** A manifest as it goes over the wire, with the digests of what it needs. */
export interface ManifestContent {
  readonly mediaType: string
  readonly bytes: Buffer
  readonly digest: string
  readonly blobs: readonly string[]
  /** The digests of manifests in the same repository. */
  readonly manifests: readonly string[]
}

const imageType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'

function manifestContent(mediaType: string, document: unknown, blobs: string[], manifests: string[]): ManifestContent {
  const bytes = Buffer.from(JSON.stringify(document))
  return { mediaType, bytes, digest: digestOf(bytes), blobs, manifests }
}

/** An image manifest. */
export function imageManifest(
  config: NumberedBlob,
  layers: readonly NumberedBlob[],
  subject?: Descriptor,
): ManifestContent {
  const descriptor = (mediaType: string, { digest, size }: NumberedBlob): Descriptor => ({ mediaType, digest, size })
  const document = {
    schemaVersion: 2,
    mediaType: imageType,
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar', layer)),
    subject,
  }
  return manifestContent(imageType, document, [config.digest, ...layers.map(({ digest }) => digest)], [])
}

/** An index over manifests of the same repository. */
export function indexManifest(members: readonly ManifestContent[]): ManifestContent {
  const manifests = members.map(({ mediaType, digest, bytes }) => ({ mediaType, digest, size: bytes.length }))
  const document = { schemaVersion: 2, mediaType: indexType, manifests }
  return manifestContent(
    indexType,
    document,
    [],
    members.map(({ digest }) => digest),
  )
}
