import { hash, randomBytes } from 'node:crypto'

/** The registered digest algorithms [OCI image-spec, Digests]. */
export type Algorithm = 'sha256' | 'sha512'

/** Media types [OCI image-spec, Media Types]. */
export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  nonDistributable: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
  octets: 'application/octet-stream',
} as const

/** The digest of the bytes as the registry writes it. */
export function digestBy(algorithm: Algorithm, bytes: Buffer): string {
  return `${algorithm}:${hash(algorithm, bytes)}`
}

/** A descriptor in a manifest. */
export interface Descriptor {
  mediaType: string
  digest: string
  size: number
  artifactType?: string
  annotations?: Record<string, string>
  platform?: { os: string; architecture: string } | null
  urls?: string[]
  data?: string | null
  newUnspecifiedField?: string | null
}

/** Bytes with their digest. */
export interface Content {
  bytes: Buffer
  digest: string
}

/** A manifest or index, ready to be pushed. */
export interface Document extends Content {
  mediaType: string
  descriptor: Descriptor
}

/** Random bytes, so that no other test has the same. */
export function randomContent(sizeBytes: number, algorithm: Algorithm = 'sha256'): Content {
  return contentOf(randomBytes(sizeBytes), algorithm)
}

/** These bytes, with their digest. */
export function contentOf(bytes: Buffer | string, algorithm: Algorithm = 'sha256'): Content {
  const buffer = Buffer.from(bytes)
  return { bytes: buffer, digest: digestBy(algorithm, buffer) }
}

/** The descriptor of a blob. */
export function describe(content: Content, mediaType: string): Descriptor {
  return { mediaType, digest: content.digest, size: content.bytes.length }
}

/** The two bytes `{}`, config of artifacts that have none [OCI image-spec, Guidelines for Artifact Usage]. */
export const emptyJson: Content = contentOf('{}')

/** A descriptor of {@link emptyJson}. */
export const emptyDescriptor: Descriptor = describe(emptyJson, mediaTypes.empty)

/** Serialises a manifest or index. Undefined fields are omitted; further fields may have any JSON value. */
export function documentOf(
  fields: { mediaType?: string; [field: string]: unknown },
  options: { algorithm?: Algorithm; contentType?: string } = {},
): Document {
  const content = contentOf(JSON.stringify({ schemaVersion: 2, ...fields }, undefined, 3), options.algorithm)
  const mediaType = options.contentType ?? fields.mediaType ?? mediaTypes.manifest
  return { ...content, mediaType, descriptor: describe(content, mediaType) }
}
