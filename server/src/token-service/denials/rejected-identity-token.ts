import { type DecisionRecord, type RecordedChange, failedBefore } from '../../authorization/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { IdentityRejection, PresentedToken, RejectedToken } from '../../identity/index.ts'
import { failureOfPrincipal } from './explain-denial.ts'

/** Explains the rejection of an identity token by the first check that failed, for the decision log. */
export async function explainRejectedIdentityToken(
  directory: Pick<Directory, 'findPrincipal'>,
  denied: RejectedToken,
): Promise<DecisionRecord> {
  const { presented, reason } = denied
  return { ...(await explainReason(directory, denied)), ...recordPresented(presented, reason === 'expired') }
}

/** The failures that the sender of the token can fix. Others are not explained. */
const explanations: ReadonlyMap<IdentityRejection, string> = new Map([
  ['expired', 'the token has expired'],
  ['audience', 'the token is for another audience, or for several audiences'],
  ['lifetime', 'the lifetime of the token exceeds the maximum'],
  ['issuer', 'the issuer of the token is not trusted'],
  ['subject', 'no federated credential trusts the subject of the token'],
  ['several-applications', 'more than one application trusts the token'],
  ['issuer-unavailable', 'the keys of the issuer of the token could not be fetched'],
])

/** The message about a rejected token to its sender. `howToName` says how to name one of several applications. */
export function rejectionText(reason: IdentityRejection, howToName: string): string {
  const explanation = explanations.get(reason)
  if (explanation === undefined) return 'token validation failed'
  const advice = reason === 'several-applications' ? `: ${howToName}` : ''
  return `token validation failed: ${explanation}${advice}`
}

/** Describes the token. Its sender may read its claims, and they were verified. */
export function presentedText({ presented }: Pick<DecisionRecord, 'presented'>): string {
  if (presented === undefined) return ''
  const { issuer, subject, expiredAt, wantedAudience } = presented
  const expired = expiredAt === null ? '' : `expired at ${expiredAt}, `
  const wanted = wantedAudience === undefined ? '' : `wanted the audience ${wantedAudience}, `
  return ` (${expired}${wanted}issuer ${issuer}, subject ${subject})`
}

/** The claims of a token for the decision log; undefined if its signature was not verified. */
export function recordPresented(
  presented: PresentedToken | undefined,
  isExpired: boolean,
): Pick<DecisionRecord, 'presented'> {
  if (presented === undefined) return {}
  const { issuer, subject, expiresAtMs } = presented
  const expiredAt = isExpired && expiresAtMs !== undefined ? new Date(expiresAtMs).toISOString() : null
  return { presented: { issuer, subject, expiredAt } }
}

async function explainReason(
  directory: Pick<Directory, 'findPrincipal'>,
  { reason, owner }: RejectedToken,
): Promise<DecisionRecord> {
  if (owner === undefined || (reason !== 'principal' && reason !== 'credential'))
    return failedBefore(reason, changeFor(reason))
  const [failure, kind] = await failureOfPrincipal(directory, owner.objectId)
  return failedBefore(failure, { kind })
}

function changeFor(reason: IdentityRejection): RecordedChange {
  switch (reason) {
    case 'malformed':
    case 'signature':
    case 'expired':
    case 'not-yet-valid':
    case 'claims':
    case 'credential':
      return { kind: 'sign-in-again' }
    case 'audience':
    case 'lifetime':
      return { kind: 'get-new-token', access: null }
    case 'principal':
      return { kind: 'enable-principal' }
    case 'issuer':
    case 'subject':
      return { kind: 'add-federated-credential' }
    case 'several-applications':
      return { kind: 'name-application' }
    case 'issuer-unavailable':
      return { kind: 'try-again' }
  }
}
