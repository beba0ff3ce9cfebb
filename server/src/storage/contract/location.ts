import { createHash, randomBytes } from 'node:crypto'
import type { BlobLocation } from './model.ts'

const pattern = /^(sha256|sha512):((?:[0-9a-f]{64}){1,2})\.([0-9a-f]{24})$/

/** Where the mark of an upload is in the unique part of a location: the first digit is the driver's. */
const [markStart, markEnd] = [1, 12]

/**
 * A new location for `digest`, which is never used twice. Its unique part has a first digit of the driver, the mark of the
 * upload, and a part that is random, because an upload may be committed again.
 */
export function newLocation(digest: string, uploadId: string, firstDigit = '0'): BlobLocation {
  return locationAt(digest, newUnique(uploadId, firstDigit))
}

/** The unique part of a new location. */
export function newUnique(uploadId: string, firstDigit: string): string {
  return `${firstDigit}${uploadMark(uploadId)}${randomBytes(6).toString('hex')}`
}

/** The mark of an upload: every location to which it is committed has it. */
export function uploadMark(uploadId: string): string {
  return createHash('sha256')
    .update(uploadId)
    .digest('hex')
    .slice(0, markEnd - markStart)
}

/** The mark of the upload that was committed to a location. Locations of earlier versions have a random one. */
export function locationMark(location: BlobLocation): string {
  return locationUnique(location).slice(markStart, markEnd)
}

/** The location of `digest` with a unique part that was made before. */
export function locationAt(digest: string, unique: string): BlobLocation {
  return requireLocation(`${digest}.${unique}`)
}

/** The unique part of a location. */
export function locationUnique(location: BlobLocation): string {
  return location.slice(location.indexOf('.') + 1)
}

/** Parses a location. Paths can be built from its parts safely. */
export function parseLocation(text: string): BlobLocation | undefined {
  return isLocation(text) ? text : undefined
}

/** Parses a location from the database. @throws Error if it is invalid, because the database was altered */
export function requireLocation(text: string): BlobLocation {
  const location = parseLocation(text)
  if (location === undefined) throw new Error(`not the location of a blob: ${text.slice(0, 200)}`)
  return location
}

/** The digest of the bytes at a location. */
export function locationDigest(location: BlobLocation): string {
  return location.slice(0, location.indexOf('.'))
}

/** The path of a location relative to the directory of blobs: `sha256/ab/abcd….unique`. */
export function relativeFile(location: BlobLocation): string {
  const [, algorithm = '', hex = '', unique = ''] = pattern.exec(requireLocation(location)) ?? []
  return `${algorithm}/${hex.slice(0, 2)}/${hex}.${unique}`
}

function isLocation(text: string): text is BlobLocation {
  return pattern.test(text)
}
