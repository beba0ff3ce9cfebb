/** A JSON value, before anything is known of its shape. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject

/** A JSON object, before anything is known of its shape. Read it by {@link ownValue}. */
export type JsonObject = { readonly [key: string]: JsonValue }

const quote = 0x22
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
const colon = 0x3a
const comma = 0x2c

/** How many values a document may hold where nothing else is said: far more than any client sends. */
const usualMaxValues = 10_000

/**
 * Reads UTF-8 JSON that nests less than `maxDepth` deep, holds no more than `maxValues` values and names nothing twice in
 * one object, or says undefined. Depth and values are counted before the text is parsed, so that a hostile document costs
 * one pass over its bytes. Of two members with one name some readers take the first and some the last. [RFC 8259 §4]
 */
export function parseBoundedJson(
  bytes: Uint8Array,
  maxDepth: number,
  maxValues: number = usualMaxValues,
): JsonValue | undefined {
  const writtenMembers = countMembers(bytes, maxDepth, maxValues)
  if (writtenMembers === undefined) return undefined
  try {
    const value: JsonValue = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
    return keptMembers(value) === writtenMembers ? value : undefined
  } catch {
    return undefined
  }
}

/** The value that the document itself has under `key`, never one inherited from a prototype. */
export function ownValue(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/**
 * The first of `keys` that the object has in another spelling. Go's decoder folds case, long s and the Kelvin sign, so
 * that a client in Go would read a value which an exact look-up here overlooks. [Go encoding/json, Unmarshal]
 */
export function misspeltKey(object: JsonObject, keys: ReadonlyMap<string, string>): string | undefined {
  for (const key of Object.keys(object)) {
    const known = keys.get(foldKey(key))
    if (known !== undefined && known !== key) return known
  }
  return undefined
}

/** The keys as {@link misspeltKey} wants them. */
export function foldedKeys(keys: readonly string[]): ReadonlyMap<string, string> {
  return new Map(keys.map((key) => [foldKey(key), key]))
}

/** Whether `value` is an object, and not null or an array. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function foldKey(key: string): string {
  return key.toUpperCase().toLowerCase()
}

/**
 * How many members the objects of a JSON text have together, of which each has its colon; undefined for a text that is too
 * deep or has too many values. No byte of a multi-byte UTF-8 sequence equals an ASCII one, so the bytes need not be decoded
 * for this.
 */
function countMembers(bytes: Uint8Array, maxDepth: number, maxValues: number): number | undefined {
  let depth = 0
  let members = 0
  // Every value but the first has a comma before it or is the first of its list or object; an empty one counts double.
  let values = 1
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]
    if (byte === quote) index = closingQuote(bytes, index + 1)
    else if (byte === colon) members++
    else if (byte === comma) values++
    else if (byte === openBrace || byte === openBracket) {
      depth++
      values++
      if (depth >= maxDepth) return undefined
    } else if (byte === closeBrace || byte === closeBracket) depth--
    if (values > maxValues) return undefined
  }
  return members
}

/** Of a string so much is looked at byte by byte; whether more follows, native code finds far sooner. */
const shortBytes = 64

/** Where a string ends that begins at `from`, behind its quote; the end of the text for one that does not end. */
function closingQuote(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length;) {
    const stop = at + shortBytes
    for (; at < stop; at++) {
      const byte = bytes[at]
      if (byte === backslash) at++
      else if (byte === quote) return at
    }
    const end = bytes.indexOf(quote, at)
    if (end === -1) return bytes.length
    let backslashes = 0
    while (end - backslashes > at && bytes[end - backslashes - 1] === backslash) backslashes++
    if (backslashes % 2 === 0) return end
    at = end + 1
  }
  return bytes.length
}

/** How many members were left when the text was parsed: fewer, when one name stood twice in an object. */
function keptMembers(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0
  const inner = Object.values(value)
  let members = isJsonObject(value) ? inner.length : 0
  for (const child of inner) members += keptMembers(child)
  return members
}
