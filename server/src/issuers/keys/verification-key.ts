import { type KeyObject, createPublicKey } from 'node:crypto'
import { type JsonObject, ownValue } from '@acrux/shared/standards/http/bounded-json.ts'

/** A published public key, for signatures of one algorithm. */
export type VerificationKey = {
  readonly key: KeyObject
  /** The only issuer whose tokens the key verifies, if the key set names it: Entra publishes keys of several issuers together. */
  readonly issuer: string | undefined
}

/**
 * The accepted signature algorithms and their key types. No algorithm is symmetric, because the public key would be
 * the secret.
 * [RFC 7518 §3.1; RFC 8037 §3.1; RFC 8725 §3.2]
 */
// prettier-ignore
const algorithms: ReadonlyMap<string, { readonly kty: string; readonly crv?: string }> = new Map([
  ['RS256', { kty: 'RSA' }],
  ['RS384', { kty: 'RSA' }],
  ['RS512', { kty: 'RSA' }],
  ['PS256', { kty: 'RSA' }],
  ['PS384', { kty: 'RSA' }],
  ['PS512', { kty: 'RSA' }],
  ['ES256', { kty: 'EC',  crv: 'P-256' }],
  ['ES384', { kty: 'EC',  crv: 'P-384' }],
  ['ES512', { kty: 'EC',  crv: 'P-521' }],
  ['EdDSA',   { kty: 'OKP', crv: 'Ed25519' }],
  ['Ed25519', { kty: 'OKP', crv: 'Ed25519' }],
])

/** The accepted signature algorithms. */
export const signatureAlgorithms: readonly string[] = [...algorithms.keys()]

/** Whether an algorithm is accepted. */
export function isSignatureAlgorithm(alg: string): boolean {
  return algorithms.has(alg)
}

const minRsaBits = 2048
const maxRsaBits = 8192
const base64url = /^[\w-]{1,1400}$/

/**
 * Parses a JWK as a key for signatures of this algorithm. Only its public parameters are read, never its certificates or
 * URLs. [RFC 7517 §4]
 */
export function parseVerificationKey(jwk: JsonObject, alg: string): VerificationKey | undefined {
  const wanted = algorithms.get(alg)
  if (wanted === undefined || ownValue(jwk, 'kty') !== wanted.kty) return undefined
  const use = ownValue(jwk, 'use')
  const operations = ownValue(jwk, 'key_ops')
  if (use !== undefined && use !== 'sig') return undefined
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return undefined
  if ((ownValue(jwk, 'alg') ?? alg) !== alg) return undefined
  if (wanted.crv !== undefined && ownValue(jwk, 'crv') !== wanted.crv) return undefined
  const key = importKey(jwk, wanted.kty)
  if (key === undefined) return undefined
  const issuer = ownValue(jwk, 'issuer')
  return { key, issuer: typeof issuer === 'string' ? issuer : undefined }
}

const numbersOf: Readonly<Record<string, readonly string[]>> = { RSA: ['n', 'e'], EC: ['x', 'y'], OKP: ['x'] }

function importKey(jwk: JsonObject, kty: string): KeyObject | undefined {
  const numbers: Record<string, string> = {}
  for (const name of numbersOf[kty] ?? []) {
    const value = ownValue(jwk, name)
    if (typeof value !== 'string' || !base64url.test(value)) return undefined
    numbers[name] = value
  }
  // A large exponent makes every verification slow.
  if (kty === 'RSA' && (numbers['e']?.length ?? 0) > 6) return undefined
  const crv = ownValue(jwk, 'crv')
  try {
    const key = createPublicKey({
      format: 'jwk',
      key: { kty, ...(typeof crv === 'string' ? { crv } : {}), ...numbers },
    })
    const bits = key.asymmetricKeyDetails?.modulusLength
    return bits === undefined || (bits >= minRsaBits && bits <= maxRsaBits) ? key : undefined
  } catch {
    return undefined
  }
}
