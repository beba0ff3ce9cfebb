import {
  foldedKeys,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  misspeltKey,
  ownValue,
  parseBoundedJson,
} from '../http/bounded-json.ts'
import { type Annotations, type Descriptor, readAnnotations, readDescriptor, readTypeName } from './descriptor.ts'
import { ManifestInvalidError } from './descriptor.ts'
import {
  dockerManifestListType,
  dockerManifestType,
  dockerSchema1SignedType,
  dockerSchema1Type,
  ociArtifactManifestType,
  ociImageIndexType,
  ociImageManifestType,
} from './media-type.ts'

export type { Annotations, Descriptor } from './descriptor.ts'
export { ManifestInvalidError } from './descriptor.ts'

/** The parsed part of a manifest. Its bytes are stored separately, unchanged. */
export type Manifest = {
  /** The lower-case media type of the manifest, without parameters. */
  readonly mediaType: string
  /** An index names manifests, and an image names blobs. A manifest that names neither is an image. */
  readonly kind: 'image' | 'index'
  /** The artifact type in the referrers list: the document's own, or else the type of its configuration. */
  readonly artifactType?: string
  readonly subject?: Descriptor
  readonly config?: Descriptor
  readonly layers: readonly Descriptor[]
  readonly manifests: readonly Descriptor[]
  readonly annotations: Annotations
}

/** The maximum size of a manifest, in bytes. [OCI distribution-spec, Pushing Manifests] */
export const maxManifestSizeBytes = 4 * 1024 * 1024

const maxDepth = 100
/** Images have dozens of layers, indexes have dozens of images, and artifacts with one layer per file have hundreds. */
const maxDescriptors = 2000
/** Enough for that many descriptors with a platform and two annotations each. */
const maxValues = 20_000

const structuralKeys = foldedKeys([
  'schemaVersion',
  'mediaType',
  'artifactType',
  'config',
  'layers',
  'blobs',
  'manifests',
  'subject',
  'annotations',
  'fsLayers',
  'history',
])

/**
 * Parses a manifest that was sent as `contentType`, the result of `parseContentType`.
 *
 * The content type determines the kind. A `mediaType` inside must be equal, and a document that is valid both as an image
 * and as an index is rejected. [OCI image-spec, Image Manifest, Image Index; GHSA-mc8v-mgrf-8f4m]
 *
 * @throws {ManifestInvalidError} for anything else
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): Manifest {
  const document = readDocument(bytes)
  const mediaType = agreedMediaType(document, contentType)
  rejectSchema1(document, mediaType)
  switch (mediaType) {
    case ociImageManifestType:
    case dockerManifestType:
      return readImage(document, mediaType)
    case ociImageIndexType:
    case dockerManifestListType:
      return readIndex(document, mediaType)
    case ociArtifactManifestType:
      return readArtifact(document, mediaType)
    default:
      return readUnknown(document, mediaType)
  }
}

function readDocument(bytes: Uint8Array): JsonObject {
  if (bytes.length > maxManifestSizeBytes) throw new ManifestInvalidError('the manifest is larger than 4 MiB')
  const document = parseBoundedJson(bytes, maxDepth, maxValues)
  if (document === undefined) {
    throw new ManifestInvalidError(
      `the manifest is not JSON in UTF-8 with fewer than ${maxDepth} levels and at most ${maxValues} values`,
    )
  }
  if (!isJsonObject(document)) throw new ManifestInvalidError('the manifest is not a JSON object')
  const misspelt = misspeltKey(document, structuralKeys)
  if (misspelt !== undefined) throw new ManifestInvalidError(`the field ${misspelt} has the wrong case`)
  return document
}

function agreedMediaType(document: JsonObject, contentType: string | undefined): string {
  const own = readTypeName(document, 'mediaType', '')?.toLowerCase()
  const mediaType = contentType ?? own
  if (mediaType === undefined) throw new ManifestInvalidError('neither Content-Type nor mediaType has the media type')
  if (own !== undefined && own !== mediaType) {
    throw new ManifestInvalidError('the field mediaType and the header Content-Type do not agree')
  }
  return mediaType
}

function rejectSchema1(document: JsonObject, mediaType: string): void {
  const isSchema1Type = mediaType === dockerSchema1Type || mediaType === dockerSchema1SignedType
  if (isSchema1Type || ownValue(document, 'schemaVersion') === 1 || has(document, 'fsLayers')) {
    throw new ManifestInvalidError(
      'Docker image manifests of schema 1 are not supported; push schema 2 or an OCI image instead',
    )
  }
}

function readImage(document: JsonObject, mediaType: string): Manifest {
  requireSchema2(document)
  if (has(document, 'manifests')) throw new ManifestInvalidError('an image manifest must not have the field manifests')
  const config = readDescriptor(ownValue(document, 'config'), 'config')
  const layers = readDescriptors(document, 'layers')
  return {
    ...readCommon(document, mediaType, config.mediaType),
    kind: 'image',
    config,
    layers,
    manifests: [],
  }
}

function readIndex(document: JsonObject, mediaType: string): Manifest {
  requireSchema2(document)
  for (const key of ['config', 'layers', 'history']) {
    if (has(document, key)) throw new ManifestInvalidError(`an index must not have the field ${key}`)
  }
  if (!Object.hasOwn(document, 'manifests')) throw new ManifestInvalidError('manifests is missing')
  const manifests = readDescriptors(document, 'manifests')
  return { ...readCommon(document, mediaType), kind: 'index', layers: [], manifests }
}

function readArtifact(document: JsonObject, mediaType: string): Manifest {
  for (const key of ['config', 'layers', 'manifests']) {
    if (has(document, key)) throw new ManifestInvalidError(`an artifact manifest must not have the field ${key}`)
  }
  const layers = readDescriptors(document, 'blobs')
  return { ...readCommon(document, mediaType), kind: 'image', layers, manifests: [] }
}

/**
 * Reads the known fields of a manifest of an unknown type. A field of another shape is ignored, unless it names digests:
 * then it must follow the rules, so that the manifest stays pullable.
 */
function readUnknown(document: JsonObject, mediaType: string): Manifest {
  const isIndex = looksLikeDescriptors(ownValue(document, 'manifests'))
  const isImage = ['layers', 'blobs'].some((key) => looksLikeDescriptors(ownValue(document, key)))
  if (isIndex && isImage) throw new ManifestInvalidError('a manifest must not have both layers and manifests')
  if (isIndex) {
    const manifests = readDescriptors(document, 'manifests')
    return { ...readCommon(document, mediaType), kind: 'index', layers: [], manifests }
  }
  const configValue = ownValue(document, 'config')
  const config = looksLikeDescriptor(configValue) ? readDescriptor(configValue, 'config') : undefined
  const layers = ['layers', 'blobs'].flatMap((key) =>
    looksLikeDescriptors(ownValue(document, key)) ? readDescriptors(document, key) : [],
  )
  return {
    ...readCommon(document, mediaType, config?.mediaType),
    kind: 'image',
    ...(config !== undefined && { config }),
    layers,
    manifests: [],
  }
}

function readCommon(
  document: JsonObject,
  mediaType: string,
  configType?: string,
): Pick<Manifest, 'mediaType' | 'artifactType' | 'subject' | 'annotations'> {
  const artifactType = readTypeName(document, 'artifactType', '') ?? configType
  return {
    mediaType,
    ...(artifactType !== undefined && { artifactType }),
    ...(has(document, 'subject') && { subject: readDescriptor(ownValue(document, 'subject'), 'subject') }),
    annotations: readAnnotations(ownValue(document, 'annotations'), 'annotations') ?? {},
  }
}

function readDescriptors(document: JsonObject, key: string): readonly Descriptor[] {
  // Go encodes a nil list as null.
  const value = ownValue(document, key) ?? []
  if (!Array.isArray(value)) throw new ManifestInvalidError(`${key} is not an array`)
  if (value.length > maxDescriptors) throw new ManifestInvalidError(`${key} has more than ${maxDescriptors} entries`)
  return (value as readonly JsonValue[]).map((entry, index) => readDescriptor(entry, `${key}[${index}]`))
}

function requireSchema2(document: JsonObject): void {
  if (ownValue(document, 'schemaVersion') !== 2) throw new ManifestInvalidError('schemaVersion is not 2')
}

/** Whether the field has a value other than null. */
function has(document: JsonObject, key: string): boolean {
  return (ownValue(document, key) ?? null) !== null
}

function looksLikeDescriptor(value: JsonValue | undefined): boolean {
  return isJsonObject(value) && Object.hasOwn(value, 'digest')
}

function looksLikeDescriptors(value: JsonValue | undefined): boolean {
  return Array.isArray(value) && (value as readonly JsonValue[]).some(looksLikeDescriptor)
}
