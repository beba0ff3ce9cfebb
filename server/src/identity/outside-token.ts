import { type CryptoKey, compactVerify, errors } from 'jose'
import type { KeyObject } from 'node:crypto'
import { type CompactToken, instantClaim } from './compact-token.ts'
import { type IssuerKeys, type OutsideIssuer } from './issuer-keys.ts'
import { clockSkewSeconds } from './token-parameters.ts'
import { isOutsideAlgorithm } from './verification-key.ts'

/** How far the clocks of others may be ahead of ours. That they may be behind is what the life of a token is for. */
export const outsideClockSkewSeconds = 300

/** What is wrong with the times of a token, if anything is. */
export type TimeProblem = 'expired' | 'not-yet-valid' | 'no-times'

/**
 * Checks `exp`, and `nbf` and `iat` where they are: taken up to 30 seconds after its end, and 300 seconds before its
 * beginning. [RFC 7519 §4.1.4, §4.1.5, §4.1.6]
 */
export function timeProblemOf({ claims }: CompactToken, nowMs: number): TimeProblem | undefined {
  const nowSeconds = nowMs / 1000
  const expiresAt = instantClaim(claims, 'exp')
  if (expiresAt === undefined) return 'no-times'
  for (const name of ['nbf', 'iat']) {
    const startsAt = instantClaim(claims, name)
    if (startsAt === undefined && Object.hasOwn(claims, name)) return 'no-times'
    if (startsAt !== undefined && startsAt > nowSeconds + outsideClockSkewSeconds) return 'not-yet-valid'
  }
  return nowSeconds >= expiresAt + clockSkewSeconds ? 'expired' : undefined
}

/** Whether a token holds for longer than so many seconds from `iat`, or an earlier `nbf`, and the leeway for clocks. */
export function livesLongerThan({ claims }: CompactToken, seconds: number): boolean {
  const from = Math.min(instantClaim(claims, 'iat') ?? 0, instantClaim(claims, 'nbf') ?? Infinity)
  return (instantClaim(claims, 'exp') ?? Infinity) - from > seconds + outsideClockSkewSeconds
}

/** Whether a signature holds. The algorithm is the one that was checked, not the one that the token says. */
export async function isSignedBy({ text }: CompactToken, key: KeyObject | CryptoKey, alg: string): Promise<boolean> {
  try {
    await compactVerify(text, key, { algorithms: [alg] })
    return true
  } catch (error) {
    // A key that does not fit its algorithm is a TypeError of jose's.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return false
    throw error
  }
}

/**
 * Whether an issuer that somebody configured signed the token.
 *
 * @throws IssuerUnavailableError
 */
export async function isSignedByIssuer(
  issuerKeys: IssuerKeys,
  issuer: OutsideIssuer,
  token: CompactToken,
): Promise<boolean> {
  const { alg, kid } = token
  if (!isOutsideAlgorithm(alg)) return false
  const found = await issuerKeys.find(issuer, { kid, alg })
  if (found === undefined || (found.issuer !== undefined && found.issuer !== issuer.issuer)) return false
  const { key } = found
  return issuerKeys.hasSigned(key, token.text, () => isSignedBy(token, key, alg))
}
