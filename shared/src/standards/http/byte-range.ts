/** The requested part of a representation. Both ends are inclusive and start at 0. */
export type ByteRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' }

const whole: ByteRange = { kind: 'whole' }
const unsatisfiable: ByteRange = { kind: 'unsatisfiable' }

const rangePattern = /^bytes=[\t ]*([0-9]{0,400})-([0-9]{0,400})[\t ]*$/i
const contentRangePattern = /^(?:bytes[ \t]+)?([0-9]{1,16})-([0-9]{1,16})(?:\/(?:\*|([0-9]{1,16})))?$/i

/**
 * Parses a `Range` header for a representation of `sizeBytes`.
 *
 * A range that is malformed, has another unit, or asks for several ranges is ignored, as HTTP allows. A range
 * that ends before it begins is unsatisfiable. [RFC 9110 §14.1.1, §14.1.2, §14.2]
 */
export function parseByteRange(header: string | undefined, sizeBytes: number): ByteRange {
  const match = header === undefined ? null : rangePattern.exec(header)
  if (match === null) return whole
  const [, first = '', last = ''] = match
  if (first === '') return last === '' ? whole : suffix(Number(last), sizeBytes)
  const start = Number(first)
  const end = last === '' ? Infinity : Number(last)
  if (start > end) return unsatisfiable
  return start >= sizeBytes ? unsatisfiable : { kind: 'part', start, end: Math.min(end, sizeBytes - 1) }
}

/** The last `lengthBytes`. A suffix of an empty representation is satisfiable: it is the whole. */
function suffix(lengthBytes: number, sizeBytes: number): ByteRange {
  if (lengthBytes === 0) return unsatisfiable
  return sizeBytes === 0 ? whole : { kind: 'part', start: Math.max(0, sizeBytes - lengthBytes), end: sizeBytes - 1 }
}

/**
 * Parses the `Content-Range` of a chunk: `0-99` as in the specification, or `bytes 0-99/*` as in HTTP. Both ends are
 * inclusive. [OCI distribution-spec, Pushing a blob in chunks; RFC 9110 §14.4]
 */
export function parseContentRange(header: string | undefined): { start: number; end: number } | undefined {
  const match = header === undefined ? null : contentRangePattern.exec(header)
  if (match === null) return undefined
  const start = Number(match[1])
  const end = Number(match[2])
  const size = match[3] === undefined ? Infinity : Number(match[3])
  return start <= end && end < size && Number.isSafeInteger(end) ? { start, end } : undefined
}
