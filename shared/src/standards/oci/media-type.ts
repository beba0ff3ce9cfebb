/** [OCI image-spec, Image Manifest] */
export const ociImageManifestType = 'application/vnd.oci.image.manifest.v1+json'
/** [OCI image-spec, Image Index] */
export const ociImageIndexType = 'application/vnd.oci.image.index.v1+json'
/** Withdrawn before image-spec 1.1 was released, but still pushed by old clients. [OCI image-spec 1.1.0-rc2, artifact.md] */
export const ociArtifactManifestType = 'application/vnd.oci.artifact.manifest.v1+json'
/** [Docker Image Manifest V2, Schema 2] */
export const dockerManifestType = 'application/vnd.docker.distribution.manifest.v2+json'
/** [Docker Image Manifest V2, Schema 2, Manifest List] */
export const dockerManifestListType = 'application/vnd.docker.distribution.manifest.list.v2+json'
/** [Docker Image Manifest V2, Schema 1] */
export const dockerSchema1Type = 'application/vnd.docker.distribution.manifest.v1+json'
/** [Docker Image Manifest V2, Schema 1] */
export const dockerSchema1SignedType = 'application/vnd.docker.distribution.manifest.v1+prettyjws'
/** The configuration of an image. [OCI image-spec, Image Configuration] */
export const ociImageConfigType = 'application/vnd.oci.image.config.v1+json'
/** The descriptor of `{}`, which means "no content". [OCI image-spec, Guidance for an Empty Descriptor] */
export const ociEmptyJsonType = 'application/vnd.oci.empty.v1+json'

// Content that is fetched from elsewhere by the descriptor's `urls`, and that a registry need not hold.
const nonDistributableTypes: ReadonlySet<string> = new Set([
  'application/vnd.docker.image.rootfs.foreign.diff.tar',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  'application/vnd.oci.image.layer.nondistributable.v1.tar',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
])

/** Whether a manifest may name content of this type that the registry does not store. [OCI image-spec, Non-Distributable Layers] */
export function isNonDistributable(mediaType: string): boolean {
  return nonDistributableTypes.has(mediaType.toLowerCase())
}

// [RFC 6838 §4.2] for the names, [RFC 9110 §5.6.3] for the blanks. A comma can only be there because a proxy joined
// two headers, and then it is unknown which one another reader uses.
const contentTypePattern =
  /^[\t ]*([A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126})[\t ]*(?:;[\t\x20-\x2b\x2d-\x7e]*)?$/

const maxContentTypeLength = 1024

/** The bare media type of a `Content-Type` header: lower case, without parameters; undefined if there is not exactly one. */
export function parseContentType(header: string | undefined): string | undefined {
  if (header === undefined || header.length > maxContentTypeLength) return undefined
  return contentTypePattern.exec(header)?.[1]?.toLowerCase()
}
