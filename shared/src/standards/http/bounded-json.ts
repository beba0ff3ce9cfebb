/** A JSON value of unknown shape. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject

/** A JSON object of unknown shape. Read its members with {@link ownValue}. */
export type JsonObject = { readonly [key: string]: JsonValue }

const quote = 0x22
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
const colon = 0x3a
const comma = 0x2c

/** The default maximum number of values, far more than any client sends. */
const defaultMaxValues = 10_000

/**
 * Parses UTF-8 JSON of less than `maxDepth` levels and at most `maxValues` values, without duplicate names in an object;
 * undefined for anything else. Depth and values are counted before parsing, so a hostile document costs one pass over its
 * bytes. Duplicates are rejected because some readers take the first and some the last. [RFC 8259 §4]
 */
export function parseBoundedJson(
  bytes: Uint8Array,
  maxDepth: number,
  maxValues: number = defaultMaxValues,
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

/** The value of the object's own member `key`, never one inherited from a prototype. */
export function ownValue(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/**
 * The first of `keys` that the object has in another spelling. Go's decoder folds case, long s and the Kelvin sign, so a
 * client in Go would read a value that an exact lookup here misses. [Go encoding/json, Unmarshal]
 */
export function misspeltKey(object: JsonObject, keys: ReadonlyMap<string, string>): string | undefined {
  for (const key of Object.keys(object)) {
    const known = keys.get(foldKey(key))
    if (known !== undefined && known !== key) return known
  }
  return undefined
}

/** The keys for {@link misspeltKey}, by their folded form. */
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
 * The number of members of all objects in a JSON text, by their colons; undefined if the text is too deep or has too many
 * values. No byte of a multi-byte UTF-8 sequence is ASCII, so the bytes need not be decoded.
 */
function countMembers(bytes: Uint8Array, maxDepth: number, maxValues: number): number | undefined {
  let depth = 0
  let members = 0
  // Every value but the first follows a comma or an opening bracket; an empty list or object is counted twice.
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

/** This much of a string is searched byte by byte; native code searches the rest of a longer one faster. */
const shortBytes = 64

/** The position of the closing quote of a string that begins at `from`; the end of the text if there is none. */
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

/** The number of members after parsing, which is lower if an object had duplicate names. */
function keptMembers(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0
  const inner = Object.values(value)
  let members = isJsonObject(value) ? inner.length : 0
  for (const child of inner) members += keptMembers(child)
  return members
}
