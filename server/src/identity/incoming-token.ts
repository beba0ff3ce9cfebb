import { type CompactToken, instantClaim, parseCompactToken, textClaim } from './compact-token.ts'
import { type FederatedProof, type FederatedRooms, proveFederated } from './federated-assertion.ts'
import type { Identity, IdentityRefusal } from './index.ts'
import { IssuerUnavailableError } from './issuer-keys.ts'
import { issuersOf } from './tenants.ts'
import type { TrustedTenants } from './trusted-tenants.ts'

/**
 * Makes the verification of any token that may stand for somebody at the exchange: our own, one of a trusted tenant, or
 * one of an issuer that a federated credential trusts. Whose it is, its issuer says; nothing else is tried.
 */
export function createIncomingVerifier(
  options: FederatedRooms & {
    readonly publicOrigin: string
    readonly trustedTenants: TrustedTenants
    readonly verifyAccessToken: Identity['verifyAccessToken']
  },
): Identity['verifyIncomingToken'] {
  const { directory, publicOrigin, trustedTenants, verifyAccessToken } = options

  return async (text, audiences, appId) => {
    const token = parseCompactToken(text)
    const issuer = token === undefined ? undefined : textClaim(token.claims, 'iss')
    if (token === undefined || issuer === undefined) return refused('malformed')
    const { tenantId } = await directory.tenant()
    if (Object.values<string>(issuersOf(publicOrigin, tenantId)).includes(issuer)) {
      return verifyAccessToken(text, audiences)
    }
    try {
      if (trustedTenants.isIssuer(issuer)) return await trustedTenants.verify(token, audiences)
      return toOutcome(await proveFederated(options, token, appId), token, tenantId)
    } catch (error) {
      if (error instanceof IssuerUnavailableError) return refused('issuer-unavailable')
      throw error
    }
  }
}

function toOutcome(
  proof: FederatedProof,
  { claims }: CompactToken,
  tenantId: string,
): Awaited<ReturnType<Identity['verifyIncomingToken']>> {
  if (proof.outcome !== 'matched') return refused(reasonOf(proof.outcome))
  const { servicePrincipal, credentialId } = proof
  return {
    ok: true,
    identity: {
      principal: { kind: 'service-principal', ...servicePrincipal },
      appId: servicePrincipal.appId,
      tenantId,
      // The credential says which audience that is, and it was compared.
      audience: 'acr',
      credentialId,
      credentialExpiresAtMs: undefined,
      issuedAtMs: (instantClaim(claims, 'iat') ?? 0) * 1000,
      expiresAtMs: (instantClaim(claims, 'exp') ?? 0) * 1000,
    },
  }
}

function reasonOf(outcome: Exclude<FederatedProof['outcome'], 'matched'>): IdentityRefusal {
  switch (outcome) {
    case 'disabled':
      return 'principal'
    case 'no-times':
      return 'claims'
    case 'several':
      return 'several-applications'
    default:
      return outcome
  }
}

function refused(reason: IdentityRefusal): { readonly ok: false; readonly reason: IdentityRefusal } {
  return { ok: false, reason }
}
