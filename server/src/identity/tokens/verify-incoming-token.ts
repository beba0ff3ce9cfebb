import type { Audiences } from './audiences.ts'
import {
  type CompactToken,
  IssuerUnavailableError,
  type Issuers,
  type WorkloadTokenResult,
  audiencesOf,
  instantClaim,
  parseCompactToken,
  textClaim,
} from '../../issuers/index.ts'
import type { Directory } from '../../directory/index.ts'
import { shownText } from '../../standards/http/shown-text.ts'
import { issuersOf } from './tenants.ts'
import type { IdentityRefusal, PresentedToken, TokenVerdict, VerifyAccessToken, VerifyIncomingToken } from './model.ts'

/**
 * Creates the verification of any token that the exchange accepts: of this provider, of a trusted tenant, or a workload token.
 * The issuer of the token selects the verification.
 */
export function createIncomingTokenVerifier({
  directory,
  issuers,
  audiences: ownAudiences,
  publicOrigin,
  verifyAccessToken,
}: {
  readonly directory: Directory
  readonly issuers: Issuers
  readonly audiences: Audiences
  readonly publicOrigin: string
  readonly verifyAccessToken: VerifyAccessToken
}): VerifyIncomingToken {
  const { trustedTenants } = issuers

  return async (text, audiences, appId) => {
    const token = parseCompactToken(text)
    const issuer = token === undefined ? undefined : textClaim(token.claims, 'iss')
    if (token === undefined || issuer === undefined) return refused('malformed')
    const { tenantId } = await directory.tenant()
    if (Object.values<string>(issuersOf(publicOrigin, tenantId)).includes(issuer)) {
      return verifyAccessToken(text, audiences)
    }
    try {
      // A federated credential may name an audience of this provider, and a registry may disable that audience.
      const known = audiencesOf(token.claims).map((aud) => ownAudiences.find(aud)?.audience)
      const isDisabled = known.some((audience) => audience !== undefined && !audiences.includes(audience))
      const presented = presentedBy(token)
      if (trustedTenants.isIssuer(issuer)) {
        const result = await trustedTenants.verify(token, audiences)
        const verdict = result.ok
          ? ({
              ok: true,
              identity: { ...result.identity, credentialKind: 'external-principal', credentialExpiresAtMs: undefined },
            } as const)
          : result
        return withPresented(verdict, presented)
      }
      const result = await issuers.verifyWorkloadToken(token, appId)
      const verdict =
        result.outcome === 'matched' && isDisabled ? refused('audience') : toVerdict(result, token, tenantId)
      return unverified.has(result.outcome) ? verdict : withPresented(verdict, presented)
    } catch (error) {
      if (error instanceof IssuerUnavailableError) return refused('issuer-unavailable')
      throw error
    }
  }
}

/** The outcomes of tokens whose signature was not verified: their claims may be false. */
const unverified: ReadonlySet<WorkloadTokenResult['outcome']> = new Set(['issuer', 'claims', 'signature'])

function withPresented(verdict: TokenVerdict, presented: PresentedToken | undefined): TokenVerdict {
  if (presented === undefined) return verdict
  if (verdict.ok) return { ...verdict, identity: { ...verdict.identity, presented } }
  return verdict.reason === 'signature' || verdict.reason === 'issuer' ? verdict : { ...verdict, presented }
}

function presentedBy({ claims }: CompactToken): PresentedToken | undefined {
  const issuer = shownText(textClaim(claims, 'iss'))
  const subject = shownText(textClaim(claims, 'sub'))
  if (issuer === undefined || subject === undefined) return undefined
  const expiresAt = instantClaim(claims, 'exp')
  return { issuer, subject, expiresAtMs: expiresAt === undefined ? undefined : expiresAt * 1000 }
}

function toVerdict(result: WorkloadTokenResult, { claims }: CompactToken, tenantId: string): TokenVerdict {
  if (result.outcome !== 'matched' && result.outcome !== 'disabled') return refused(reasonOf(result.outcome))
  const { servicePrincipal, credentialId } = result
  if (result.outcome === 'disabled') {
    const { objectId } = servicePrincipal
    return { ...refused('principal'), owner: { kind: 'service-principal', objectId, credentialId } }
  }
  return {
    ok: true,
    identity: {
      principal: { kind: 'service-principal', ...servicePrincipal },
      appId: servicePrincipal.appId,
      tenantId,
      // The token has the audience of the federated credential, which is for the registry.
      audience: 'acr',
      credentialId,
      credentialKind: 'federated-credential',
      credentialExpiresAtMs: undefined,
      issuedAtMs: (instantClaim(claims, 'iat') ?? 0) * 1000,
      expiresAtMs: (instantClaim(claims, 'exp') ?? 0) * 1000,
    },
  }
}

function reasonOf(outcome: Exclude<WorkloadTokenResult['outcome'], 'matched' | 'disabled'>): IdentityRefusal {
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
