import { type CryptoKey, compactVerify, errors } from 'jose'
import type { KeyObject } from 'node:crypto'
import { type CompactToken, instantClaim } from './compact-token.ts'
import type { ExternalIssuer, IssuerKeys } from './issuer-keys.ts'
import { isSignatureAlgorithm } from './verification-key.ts'

/** How many seconds the clock of an external issuer may be ahead of ours. */
export const externalClockSkewSeconds = 300

/** How many seconds a token is accepted after `exp`. */
const expiryLeewaySeconds = 30

/** Why the times of a token are not accepted. */
export type TimeProblem = 'expired' | 'not-yet-valid' | 'no-times'

/**
 * Checks `exp`, and `nbf` and `iat` if present. A token is accepted from 300 seconds before it becomes valid until 30 seconds
 * after it expires. Undefined if the times are accepted. [RFC 7519 §4.1.4, §4.1.5, §4.1.6]
 */
export function findTimeProblem({ claims }: CompactToken, nowMs: number): TimeProblem | undefined {
  const nowSeconds = nowMs / 1000
  const expiresAt = instantClaim(claims, 'exp')
  if (expiresAt === undefined) return 'no-times'
  for (const name of ['nbf', 'iat']) {
    const startsAt = instantClaim(claims, name)
    if (startsAt === undefined && Object.hasOwn(claims, name)) return 'no-times'
    if (startsAt !== undefined && startsAt > nowSeconds + externalClockSkewSeconds) return 'not-yet-valid'
  }
  return nowSeconds >= expiresAt + expiryLeewaySeconds ? 'expired' : undefined
}

/** Whether a token is valid for more than `seconds`, counted from `iat` or an earlier `nbf`, plus the clock skew. */
export function livesLongerThan({ claims }: CompactToken, seconds: number): boolean {
  const from = Math.min(instantClaim(claims, 'iat') ?? 0, instantClaim(claims, 'nbf') ?? Infinity)
  return (instantClaim(claims, 'exp') ?? Infinity) - from > seconds + externalClockSkewSeconds
}

/** Whether the signature of a token is valid for this key and `alg`, regardless of the algorithm that the token names. */
export async function isSignedBy({ text }: CompactToken, key: KeyObject | CryptoKey, alg: string): Promise<boolean> {
  try {
    await compactVerify(text, key, { algorithms: [alg] })
    return true
  } catch (error) {
    // jose throws a TypeError for a key that does not fit the algorithm.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return false
    throw error
  }
}

/**
 * Whether this issuer signed the token.
 *
 * @throws IssuerUnavailableError
 */
export async function isSignedByIssuer(
  issuerKeys: IssuerKeys,
  issuer: ExternalIssuer,
  token: CompactToken,
): Promise<boolean> {
  const { alg, kid } = token
  if (!isSignatureAlgorithm(alg)) return false
  const found = await issuerKeys.find(issuer, { kid, alg })
  if (found === undefined || (found.issuer !== undefined && found.issuer !== issuer.issuer)) return false
  const { key } = found
  return issuerKeys.hasSigned(key, token.text, () => isSignedBy(token, key, alg))
}
