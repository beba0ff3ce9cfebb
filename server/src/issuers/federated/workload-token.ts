import type { Credentials, FederatedMatch, ExternalAssertion } from '../../credentials/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { type CompactToken, audiencesOf, instantClaim, parseCompactToken, textClaim } from '../keys/compact-token.ts'
import { type IssuerKeys, IssuerUnavailableError } from '../keys/issuer-keys.ts'
import { type TimeProblem, findTimeProblem, isSignedByIssuer, livesLongerThan } from '../keys/external-token.ts'

/** The application that a workload token authenticates, or why it authenticates none. */
export type WorkloadTokenResult =
  | Extract<FederatedMatch, { readonly outcome: 'matched' | 'disabled' }>
  | {
      readonly outcome:
        Exclude<FederatedMatch['outcome'], 'matched' | 'disabled'> | 'claims' | 'signature' | 'lifetime' | TimeProblem
    }

export type FederatedContext = {
  readonly credentials: Credentials
  readonly clock: Clock
  readonly issuerKeys: IssuerKeys
  /** A token with a longer lifetime is denied. */
  readonly maxWorkloadTokenSeconds: number
}

/** No federated credential names a longer issuer or subject. */
const maxClaimLength = 600

/** The claims that federated credentials compare. Undefined for a token without issuer or subject. */
function parseAssertion({ claims }: CompactToken): ExternalAssertion | undefined {
  const issuer = textClaim(claims, 'iss')
  const subject = textClaim(claims, 'sub')
  if (issuer === undefined || subject === undefined) return undefined
  if (issuer.length > maxClaimLength || subject.length > maxClaimLength) return undefined
  return { issuer, subject, audiences: audiencesOf(claims), claim: (name) => textClaim(claims, name) }
}

/** What a token says about itself, and whether an application trusts it. */
export type WorkloadTokenTest = {
  readonly outcome: WorkloadTokenResult['outcome'] | 'issuer-unavailable'
  readonly assertion: ExternalAssertion
}

/**
 * Tests a pasted token as `verifyWorkloadToken` would verify it for this application. Undefined for a text that is not a token
 * with an issuer and a subject. Nothing in the assertion is verified if the outcome is not `matched`.
 */
export async function testWorkloadToken(
  context: FederatedContext,
  text: string,
  appId: string,
): Promise<WorkloadTokenTest | undefined> {
  const token = parseCompactToken(text)
  const assertion = token && parseAssertion(token)
  if (token === undefined || assertion === undefined) return undefined
  try {
    return { outcome: (await verifyWorkloadToken(context, token, appId)).outcome, assertion }
  } catch (error) {
    if (error instanceof IssuerUnavailableError) return { outcome: 'issuer-unavailable', assertion }
    throw error
  }
}

/**
 * Authenticates an application by a workload token. Without `appId`, exactly one application may trust the token. The issuer
 * is contacted only if a federated credential names it. The result says whether subject and audience are trusted only if the
 * signature is valid.
 *
 * @throws IssuerUnavailableError
 */
export async function verifyWorkloadToken(
  { credentials, clock, issuerKeys, maxWorkloadTokenSeconds }: FederatedContext,
  token: CompactToken,
  appId: string | undefined,
): Promise<WorkloadTokenResult> {
  const assertion = parseAssertion(token)
  if (assertion === undefined) return { outcome: 'claims' }
  const match = await credentials.matchFederatedCredential(assertion, appId)
  if (match.outcome === 'issuer') return match
  if (!(await isSignedByIssuer(issuerKeys, { issuer: assertion.issuer }, token))) return { outcome: 'signature' }
  if (instantClaim(token.claims, 'iat') === undefined) return { outcome: 'no-times' }
  const problem = findTimeProblem(token, clock.now())
  if (problem !== undefined) return { outcome: problem }
  return livesLongerThan(token, maxWorkloadTokenSeconds) ? { outcome: 'lifetime' } : match
}
