import {
  foldedKeys,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  misspeltKey,
  ownValue,
} from '../http/bounded-json.ts'
import { type Digest, parseDigest } from './digest.ts'

/** The bytes are not a manifest of the type that they were sent as. The message is for the client. */
export class ManifestInvalidError extends Error {
  override readonly name = 'ManifestInvalidError'
}

/** The platform of an image. Missing fields are empty strings. [OCI image-spec, Image Index] */
export type Platform = {
  readonly architecture: string
  readonly os: string
  readonly osVersion?: string
  readonly variant?: string
}

/** The annotations of a document. Clients choose the keys. */
export type Annotations = Readonly<Record<string, string>>

/** A reference to content by type, digest and size. [OCI image-spec, Content Descriptors] */
export type Descriptor = {
  readonly mediaType: string
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
  readonly artifactType?: string
  readonly platform?: Platform
  readonly annotations?: Annotations
  readonly urls?: readonly string[]
}

const maxTypeLength = 255
const fields = foldedKeys(['mediaType', 'digest', 'size', 'artifactType', 'platform', 'annotations', 'urls'])

/**
 * Reads one descriptor. `where` is its place in the document, such as `layers[2]`.
 *
 * @throws {ManifestInvalidError} if a field is missing or has the wrong type.
 */
export function readDescriptor(value: JsonValue | undefined, where: string): Descriptor {
  if (!isJsonObject(value)) throw new ManifestInvalidError(`${where} is not a descriptor`)
  const misspelt = misspeltKey(value, fields)
  if (misspelt !== undefined) throw new ManifestInvalidError(`${where}.${misspelt} has the wrong case`)
  const mediaType = readTypeName(value, 'mediaType', where)
  if (mediaType === undefined) throw new ManifestInvalidError(`${where}.mediaType is missing`)
  const artifactType = readTypeName(value, 'artifactType', where)
  const platform = readPlatform(ownValue(value, 'platform'), `${where}.platform`)
  const annotations = readAnnotations(ownValue(value, 'annotations'), `${where}.annotations`)
  const urls = readUrls(ownValue(value, 'urls'), `${where}.urls`)
  return {
    mediaType,
    digest: readDigest(ownValue(value, 'digest'), `${where}.digest`),
    size: readSize(ownValue(value, 'size'), `${where}.size`),
    ...(artifactType !== undefined && { artifactType }),
    ...(platform !== undefined && { platform }),
    ...(annotations !== undefined && { annotations }),
    ...(urls !== undefined && { urls }),
  }
}

/**
 * Reads an optional media type. Null and the empty string mean that it is missing.
 *
 * @throws {ManifestInvalidError} if it is not a string, too long, or has characters that are invalid in a header.
 */
export function readTypeName(object: JsonObject, key: string, where: string): string | undefined {
  const value = ownValue(object, key)
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string' || value.length > maxTypeLength || !/^[\x20-\x7e]+$/.test(value)) {
    throw new ManifestInvalidError(`${where === '' ? '' : `${where}.`}${key} is not a media type`)
  }
  return value
}

/**
 * Reads optional annotations. Null means that they are missing.
 *
 * @throws {ManifestInvalidError} if they are not an object that maps text to text.
 */
export function readAnnotations(value: JsonValue | undefined, where: string): Annotations | undefined {
  if (value === undefined || value === null) return undefined
  if (!isJsonObject(value)) throw new ManifestInvalidError(`${where} is not an object`)
  requireAnnotations(value, where)
  return value
}

function requireAnnotations(value: JsonObject, where: string): asserts value is JsonObject & Annotations {
  for (const [key, text] of Object.entries(value)) {
    // Code that copies annotations by assignment would set the prototype.
    if (key === '__proto__') throw new ManifestInvalidError(`${where} has a key that is not allowed`)
    requireText(key, `a key of ${where}`)
    requireText(text, `a value of ${where}`)
  }
}

function readDigest(value: JsonValue | undefined, where: string): Digest {
  const digest = typeof value === 'string' ? parseDigest(value) : undefined
  if (digest === undefined) throw new ManifestInvalidError(`${where} is not a sha256 or sha512 digest`)
  return digest
}

function readSize(value: JsonValue | undefined, where: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new ManifestInvalidError(`${where} is not a whole number of bytes`)
  }
  return value === 0 ? 0 : value
}

function readPlatform(value: JsonValue | undefined, where: string): Platform | undefined {
  if (value === undefined || value === null) return undefined
  if (!isJsonObject(value)) throw new ManifestInvalidError(`${where} is not an object`)
  const field = (key: string): string | undefined => {
    const text = ownValue(value, key)
    return text === undefined || text === null ? undefined : requireText(text, `${where}.${key}`)
  }
  const osVersion = field('os.version')
  const variant = field('variant')
  return {
    architecture: field('architecture') ?? '',
    os: field('os') ?? '',
    ...(osVersion !== undefined && { osVersion }),
    ...(variant !== undefined && { variant }),
  }
}

function readUrls(value: JsonValue | undefined, where: string): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) throw new ManifestInvalidError(`${where} is not an array`)
  return (value as readonly JsonValue[]).map((url) => requireText(url, `an entry of ${where}`))
}

// Lone surrogates have no UTF-8 form, and PostgreSQL rejects NUL: storing or sending the text would fail.
function requireText(value: JsonValue, what: string): string {
  if (typeof value !== 'string') throw new ManifestInvalidError(`${what} is not a string`)
  if (!value.isWellFormed() || value.includes('\0')) throw new ManifestInvalidError(`${what} is not valid Unicode text`)
  return value
}
