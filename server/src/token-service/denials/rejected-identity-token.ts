import { type DecisionRecord, type RecordedChange, failedBefore } from '../../access/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { IdentityRefusal, PresentedToken, RefusedToken } from '../../identity/index.ts'
import { failureOfPrincipal } from './explain-denial.ts'

/** Explains the rejection of an identity token by the first check that failed, for the decision log. */
export async function explainRejectedIdentityToken(
  directory: Pick<Directory, 'findPrincipal'>,
  refused: RefusedToken,
): Promise<DecisionRecord> {
  const { presented, reason } = refused
  return { ...(await explainReason(directory, refused)), ...recordPresented(presented, reason === 'expired') }
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
  { reason, owner }: RefusedToken,
): Promise<DecisionRecord> {
  if (owner === undefined || (reason !== 'principal' && reason !== 'credential'))
    return failedBefore(reason, changeFor(reason))
  const [failure, kind] = await failureOfPrincipal(directory, owner.objectId)
  return failedBefore(failure, { kind })
}

function changeFor(reason: IdentityRefusal): RecordedChange {
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
