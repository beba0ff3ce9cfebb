import { type JsonObject, isJsonObject, ownValue, parseBoundedJson } from '@acrux/shared/standards/http/bounded-json.ts'

/** A signed token that was split into its parts. Its signature is not verified yet. */
export type CompactToken = {
  readonly text: string
  readonly alg: string
  readonly kid: string | undefined
  readonly header: JsonObject
  readonly claims: JsonObject
}

/** Tokens of external issuers carry groups and certificates. Clients send larger tokens in forms, not in headers. */
const maxTokenLength = 16 * 1024
const maxHeaderBytes = 6 * 1024
const maxHeaderDepth = 4
const maxClaimsDepth = 8
const maxKeyIdLength = 512

/** Three parts of base64url without padding. [RFC 7515 §2] */
const compactForm = /^(?<header>[\w-]+)\.(?<claims>[\w-]+)\.(?<signature>[\w-]+)$/

/**
 * Header parameters that change what is signed, or how it is read. None of these parameters is supported, so a token
 * with one of them is denied. [RFC 7515 §4.1.11; RFC 7516 §4.1.3; RFC 7797 §3]
 */
const unsupportedParameters = ['crit', 'b64', 'zip', 'enc']

/**
 * Splits a compact JWS, with bounds on size and depth. Undefined for any other text, and for JSON with duplicate members.
 * Keys and URLs in the header are not read. [RFC 8725 §3.1, §3.10]
 */
export function parseCompactToken(text: string): CompactToken | undefined {
  if (text.length > maxTokenLength) return undefined
  const parts = compactForm.exec(text)?.groups
  const [headerBytes, claimsBytes, signature] = ['header', 'claims', 'signature'].map((name) => decode(parts?.[name]))
  if (headerBytes === undefined || claimsBytes === undefined || signature === undefined) return undefined
  if (headerBytes.length > maxHeaderBytes) return undefined
  const header = parseBoundedJson(headerBytes, maxHeaderDepth)
  const claims = parseBoundedJson(claimsBytes, maxClaimsDepth)
  if (!isJsonObject(header) || !isJsonObject(claims)) return undefined
  if (unsupportedParameters.some((name) => Object.hasOwn(header, name))) return undefined
  const alg = ownValue(header, 'alg')
  const kid = ownValue(header, 'kid')
  if (typeof alg !== 'string') return undefined
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > maxKeyIdLength)) return undefined
  return { text, alg, kid, header, claims }
}

/** The bytes of a part. Undefined if the text is not the canonical encoding of its bytes. [RFC 4648 §3.5] */
function decode(part: string | undefined): Buffer | undefined {
  const bytes = Buffer.from(part ?? '', 'base64url')
  return bytes.length > 0 && bytes.toString('base64url') === part ? bytes : undefined
}

/** The value of a claim if it is a string. */
export function textClaim(claims: JsonObject, name: string): string | undefined {
  const value = ownValue(claims, name)
  return typeof value === 'string' ? value : undefined
}

/** The value of a claim if it is an instant: seconds since the epoch, possibly with a fraction. [RFC 7519 §2] */
export function instantClaim(claims: JsonObject, name: string): number | undefined {
  const value = ownValue(claims, name)
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= 1e11 ? value : undefined
}

/** The audiences of a token: one, or a list. Empty for any other value. [RFC 7519 §4.1.3] */
export function audiencesOf(claims: JsonObject): readonly string[] {
  const value = ownValue(claims, 'aud')
  if (typeof value === 'string') return [value]
  const isList = Array.isArray(value) && value.length <= 16 && value.every((each) => typeof each === 'string')
  return isList ? value : []
}
