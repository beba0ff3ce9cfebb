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

/**
 * Reads UTF-8 JSON that nests less than `maxDepth` deep and names nothing twice in one object, or says undefined. The
 * depth is counted before the text is parsed, so that a hostile document costs one pass over its bytes. Of two members
 * with one name some readers take the first and some the last. [RFC 8259 §4]
 */
export function parseBoundedJson(bytes: Uint8Array, maxDepth: number): JsonValue | undefined {
  const writtenMembers = countMembers(bytes, maxDepth)
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
 * deep. No byte of a multi-byte UTF-8 sequence equals an ASCII one, so the bytes need not be decoded for this.
 */
function countMembers(bytes: Uint8Array, maxDepth: number): number | undefined {
  let depth = 0
  let members = 0
  let inString = false
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]
    if (inString) {
      if (byte === backslash) index++
      else if (byte === quote) inString = false
    } else if (byte === quote) inString = true
    else if (byte === colon) members++
    else if (byte === openBrace || byte === openBracket) {
      depth++
      if (depth >= maxDepth) return undefined
    } else if (byte === closeBrace || byte === closeBracket) depth--
  }
  return members
}

/** How many members were left when the text was parsed: fewer, when one name stood twice in an object. */
function keptMembers(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0
  const inner = Object.values(value)
  let members = isJsonObject(value) ? inner.length : 0
  for (const child of inner) members += keptMembers(child)
  return members
}
