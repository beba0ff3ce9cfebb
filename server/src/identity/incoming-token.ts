import type { Audiences } from './audiences.ts'
import { type CompactToken, audiencesOf, instantClaim, parseCompactToken, textClaim } from './compact-token.ts'
import { type FederatedProof, type FederatedRooms, proveFederated } from './federated-assertion.ts'
import { shownText } from '../standards/http/shown-text.ts'
import { IssuerUnavailableError } from './issuer-keys.ts'
import { issuersOf } from './tenants.ts'
import type { TrustedTenants } from './trusted-tenants.ts'
import type { IdentityRefusal, PresentedToken, TokenVerdict, VerifyAccessToken, VerifyIncomingToken } from './model.ts'

/**
 * Makes the verification of any token that may stand for somebody at the exchange: our own, one of a trusted tenant, or
 * one of an issuer that a federated credential trusts. Whose it is, its issuer says; nothing else is tried.
 */
export function createIncomingVerifier(
  options: FederatedRooms & {
    readonly publicOrigin: string
    readonly trustedTenants: TrustedTenants
    /** What our own provider issues for. */
    readonly ours: Audiences
    readonly verifyAccessToken: VerifyAccessToken
  },
): VerifyIncomingToken {
  const { directory, ours, publicOrigin, trustedTenants, verifyAccessToken } = options

  return async (text, audiences, appId) => {
    const token = parseCompactToken(text)
    const issuer = token === undefined ? undefined : textClaim(token.claims, 'iss')
    if (token === undefined || issuer === undefined) return refused('malformed')
    const { tenantId } = await directory.tenant()
    if (Object.values<string>(issuersOf(publicOrigin, tenantId)).includes(issuer)) {
      return verifyAccessToken(text, audiences)
    }
    try {
      // A credential may name an audience of ours as its own, and a registry may turn that down for everybody.
      const named = audiencesOf(token.claims).map((aud) => ours.find(aud)?.audience)
      const isRefused = named.some((audience) => audience !== undefined && !audiences.includes(audience))
      const presented = presentedBy(token)
      if (trustedTenants.isIssuer(issuer))
        return withPresented(await trustedTenants.verify(token, audiences), presented)
      const proof = await proveFederated(options, token, appId)
      const outcome = proof.outcome === 'matched' && isRefused ? refused('audience') : toOutcome(proof, token, tenantId)
      return unverified.has(proof.outcome) ? outcome : withPresented(outcome, presented)
    } catch (error) {
      if (error instanceof IssuerUnavailableError) return refused('issuer-unavailable')
      throw error
    }
  }
}

type Outcome = TokenVerdict

/** What is found before the signature is verified: nothing that such a token says may be believed. */
const unverified: ReadonlySet<FederatedProof['outcome']> = new Set(['issuer', 'claims', 'signature'])

function withPresented(outcome: Outcome, presented: PresentedToken | undefined): Outcome {
  if (presented === undefined) return outcome
  if (outcome.ok) return { ...outcome, identity: { ...outcome.identity, presented } }
  return outcome.reason === 'signature' || outcome.reason === 'issuer' ? outcome : { ...outcome, presented }
}

function presentedBy({ claims }: CompactToken): PresentedToken | undefined {
  const issuer = shownText(textClaim(claims, 'iss'))
  const subject = shownText(textClaim(claims, 'sub'))
  if (issuer === undefined || subject === undefined) return undefined
  const expiresAt = instantClaim(claims, 'exp')
  return { issuer, subject, expiresAtMs: expiresAt === undefined ? undefined : expiresAt * 1000 }
}

function toOutcome(proof: FederatedProof, { claims }: CompactToken, tenantId: string): Outcome {
  if (proof.outcome !== 'matched' && proof.outcome !== 'disabled') return refused(reasonOf(proof.outcome))
  const { servicePrincipal, credentialId } = proof
  if (proof.outcome === 'disabled') {
    const { objectId } = servicePrincipal
    return { ...refused('principal'), owner: { kind: 'service-principal', objectId, credentialId } }
  }
  return {
    ok: true,
    identity: {
      principal: { kind: 'service-principal', ...servicePrincipal },
      appId: servicePrincipal.appId,
      tenantId,
      // The credential says which audience that is, and it was compared.
      audience: 'acr',
      credentialId,
      credentialKind: 'federated-credential',
      credentialExpiresAtMs: undefined,
      issuedAtMs: (instantClaim(claims, 'iat') ?? 0) * 1000,
      expiresAtMs: (instantClaim(claims, 'exp') ?? 0) * 1000,
    },
  }
}

function reasonOf(outcome: Exclude<FederatedProof['outcome'], 'matched' | 'disabled'>): IdentityRefusal {
  switch (outcome) {
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
