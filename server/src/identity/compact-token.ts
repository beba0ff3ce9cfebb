import { type JsonObject, isJsonObject, ownValue, parseBoundedJson } from '../standards/http/bounded-json.ts'

/** A signed token of somebody else, taken apart. Nothing of it is proved yet. */
export type CompactToken = {
  readonly text: string
  readonly alg: string
  readonly kid: string | undefined
  readonly header: JsonObject
  readonly claims: JsonObject
}

/** Tokens of others carry groups and certificates; what does not fit into a header is sent in forms. */
const longestToken = 16 * 1024
const largestHeader = 6 * 1024
const deepestHeader = 4
const deepestClaims = 8
const longestKeyId = 512

/** Three parts in the alphabet of base64url, without padding: other spellings of a token are none. [RFC 7515 §2] */
const compactForm = /^(?<header>[\w-]+)\.(?<claims>[\w-]+)\.(?<signature>[\w-]+)$/

/**
 * Header parameters that change what is signed, or how it is read. Nobody here understands one of them, so a token that
 * has one is refused. [RFC 7515 §4.1.11; RFC 7516 §4.1.3; RFC 7797 §3]
 */
const notUnderstood = ['crit', 'b64', 'zip', 'enc']

/**
 * Takes a compact JWS apart within bounds of size and depth; undefined for everything else, and for what names a member
 * twice. Keys and URLs in the header are not read. [RFC 8725 §3.1, §3.10]
 */
export function parseCompactToken(text: string): CompactToken | undefined {
  if (text.length > longestToken) return undefined
  const parts = compactForm.exec(text)?.groups
  const [headerBytes, claimsBytes, signature] = ['header', 'claims', 'signature'].map((name) => decode(parts?.[name]))
  if (headerBytes === undefined || claimsBytes === undefined || signature === undefined) return undefined
  if (headerBytes.length > largestHeader) return undefined
  const header = parseBoundedJson(headerBytes, deepestHeader)
  const claims = parseBoundedJson(claimsBytes, deepestClaims)
  if (!isJsonObject(header) || !isJsonObject(claims)) return undefined
  if (notUnderstood.some((name) => Object.hasOwn(header, name))) return undefined
  const alg = ownValue(header, 'alg')
  const kid = ownValue(header, 'kid')
  if (typeof alg !== 'string') return undefined
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > longestKeyId)) return undefined
  return { text, alg, kid, header, claims }
}

/** The bytes of a part; undefined where other text would give the same. [RFC 4648 §3.5] */
function decode(part: string | undefined): Buffer | undefined {
  const bytes = Buffer.from(part ?? '', 'base64url')
  return bytes.length > 0 && bytes.toString('base64url') === part ? bytes : undefined
}

/** The value of a claim, where it is a text. */
export function textClaim(claims: JsonObject, name: string): string | undefined {
  const value = ownValue(claims, name)
  return typeof value === 'string' ? value : undefined
}

/** The value of a claim, where it is an instant: seconds since the epoch, which may have a fraction. [RFC 7519 §2] */
export function instantClaim(claims: JsonObject, name: string): number | undefined {
  const value = ownValue(claims, name)
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= 1e11 ? value : undefined
}

/** The audiences of a token: one, or a list of them; none for everything else. [RFC 7519 §4.1.3] */
export function audiencesOf(claims: JsonObject): readonly string[] {
  const value = ownValue(claims, 'aud')
  if (typeof value === 'string') return [value]
  const isList = Array.isArray(value) && value.length <= 16 && value.every((each) => typeof each === 'string')
  return isList ? value : []
}
