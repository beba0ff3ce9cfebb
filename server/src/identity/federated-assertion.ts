import type { Credentials, FederatedMatch, OutsideAssertion } from '../credentials/index.ts'
import type { Directory } from '../directory/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import { type CompactToken, audiencesOf, instantClaim, textClaim } from './compact-token.ts'
import type { IssuerKeys } from './issuer-keys.ts'
import { type TimeProblem, isSignedByIssuer, livesLongerThan, timeProblemOf } from './outside-token.ts'

/** Whom a token of an outside issuer proves; or what it failed by. */
export type FederatedProof =
  | Extract<FederatedMatch, { readonly outcome: 'matched' | 'disabled' }>
  | {
      readonly outcome:
        Exclude<FederatedMatch['outcome'], 'matched' | 'disabled'> | 'claims' | 'signature' | 'lifetime' | TimeProblem
    }

export type FederatedRooms = {
  readonly credentials: Credentials
  readonly directory: Directory
  readonly clock: Clock
  readonly issuerKeys: IssuerKeys
  /** A token that holds for longer is denied. */
  readonly maxWorkloadTokenSeconds: number
}

/** An issuer, a subject or an audience that is longer is trusted by no credential. */
const longestText = 600

/** What a token says of itself, in the words of the directory; undefined where it does not say who it is about. */
export function outsideAssertion({ claims }: CompactToken): OutsideAssertion | undefined {
  const issuer = textClaim(claims, 'iss')
  const subject = textClaim(claims, 'sub')
  if (issuer === undefined || subject === undefined) return undefined
  if (issuer.length > longestText || subject.length > longestText) return undefined
  return { issuer, subject, audiences: audiencesOf(claims), claim: (name) => textClaim(claims, name) }
}

/**
 * Proves an application, or the only one of all that trusts the token. Its issuer is asked for keys only if somebody's
 * credential names it. Whether subject and audience are trusted is told only to who holds a token of that issuer.
 *
 * @throws IssuerUnavailableError
 */
export async function proveFederated(
  { credentials, clock, issuerKeys, maxWorkloadTokenSeconds }: FederatedRooms,
  token: CompactToken,
  appId: string | undefined,
): Promise<FederatedProof> {
  const assertion = outsideAssertion(token)
  if (assertion === undefined) return { outcome: 'claims' }
  const match = await credentials.matchFederatedCredential(assertion, appId)
  if (match.outcome === 'issuer') return match
  if (!(await isSignedByIssuer(issuerKeys, { issuer: assertion.issuer }, token))) return { outcome: 'signature' }
  if (instantClaim(token.claims, 'iat') === undefined) return { outcome: 'no-times' }
  const problem = timeProblemOf(token, clock.now())
  if (problem !== undefined) return { outcome: problem }
  return livesLongerThan(token, maxWorkloadTokenSeconds) ? { outcome: 'lifetime' } : match
}
