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

/**
 * Reads UTF-8 JSON that nests less than `maxDepth` deep, or says undefined. The depth is counted before the text is
 * parsed, so that a hostile document costs one pass over its bytes. [RFC 8259]
 */
export function parseBoundedJson(bytes: Uint8Array, maxDepth: number): JsonValue | undefined {
  if (!isShallow(bytes, maxDepth)) return undefined
  try {
    const value: JsonValue = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
    return value
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

// No byte of a multi-byte UTF-8 sequence equals an ASCII one, so the bytes need not be decoded for this.
function isShallow(bytes: Uint8Array, maxDepth: number): boolean {
  let depth = 0
  let inString = false
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]
    if (inString) {
      if (byte === backslash) index++
      else if (byte === quote) inString = false
    } else if (byte === quote) inString = true
    else if (byte === openBrace || byte === openBracket) {
      depth++
      if (depth >= maxDepth) return false
    } else if (byte === closeBrace || byte === closeBracket) depth--
  }
  return true
}
