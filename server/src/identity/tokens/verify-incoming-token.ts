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
import { shownText } from '@acrux/shared/standards/http/shown-text.ts'
import { issuersOf } from './tenants.ts'
import type {
  IdentityRejection,
  PresentedToken,
  TokenVerdict,
  VerifyAccessToken,
  VerifyIncomingToken,
  VerifyWorkloadToken,
} from './model.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

type IncomingOptions = {
  readonly directory: Directory
  readonly issuers: Issuers
  readonly audiences: Audiences
  readonly publicOrigin: PublicOrigin
  readonly verifyAccessToken: VerifyAccessToken
}

/**
 * Creates the verification of any token that the exchange accepts: of this provider, of a trusted tenant, or a workload token.
 * The issuer of the token selects the verification.
 */
export function createIncomingTokenVerifier(options: IncomingOptions): VerifyIncomingToken {
  const { directory, issuers, audiences: ownAudiences, publicOrigin, verifyAccessToken } = options
  const { trustedTenants } = issuers

  return async (text, audiences, appId) => {
    const token = parseCompactToken(text)
    const issuer = token === undefined ? undefined : textClaim(token.claims, 'iss')
    if (token === undefined || issuer === undefined) return rejected('malformed')
    const { tenantId } = await directory.tenant()
    if (isOwnIssuer(issuer, publicOrigin, tenantId)) return verifyAccessToken(text, audiences)
    if (!trustedTenants.isIssuer(issuer)) {
      // A federated credential may name an audience of this provider, and a registry may disable that audience.
      const known = audiencesOf(token.claims).map((aud) => ownAudiences.find(aud)?.audience)
      const isDisabled = known.some((audience) => audience !== undefined && !audiences.includes(audience))
      return verdictOf(issuers, token, { appId, tenantId, isDisabled })
    }
    return orUnavailable(async () => {
      const result = await trustedTenants.verify(token, audiences)
      const verdict = result.ok
        ? ({
            ok: true,
            identity: { ...result.identity, credentialKind: 'external-principal', credentialExpiresAtMs: undefined },
          } as const)
        : result
      return withPresented(verdict, presentedBy(token))
    })
  }
}

/** Creates the verification of a workload token that is sent in place of a password. */
export function createWorkloadTokenVerifier(options: Omit<IncomingOptions, 'verifyAccessToken'>): VerifyWorkloadToken {
  const { directory, issuers, audiences: ownAudiences, publicOrigin } = options
  return async (text, appId) => {
    const token = parseCompactToken(text)
    const issuer = token === undefined ? undefined : textClaim(token.claims, 'iss')
    // Issuers of workload tokens are URLs. The issuer of ACR tokens is not.
    if (token === undefined || issuer?.startsWith('https://') !== true) return undefined
    const { tenantId } = await directory.tenant()
    if (isOwnIssuer(issuer, publicOrigin, tenantId) || issuers.trustedTenants.isIssuer(issuer)) return undefined
    // A token for ARM, Graph or ACR is meant for the exchange of any registry.
    const isDisabled = audiencesOf(token.claims).some((aud) => ownAudiences.find(aud) !== undefined)
    return verdictOf(issuers, token, { appId, tenantId, isDisabled })
  }
}

function isOwnIssuer(issuer: string, publicOrigin: PublicOrigin, tenantId: string): boolean {
  return Object.values<string>(issuersOf(publicOrigin, tenantId)).includes(issuer)
}

/** Verifies a workload token. With `isDisabled`, its audience is not accepted. */
function verdictOf(
  issuers: Issuers,
  token: CompactToken,
  { appId, tenantId, isDisabled }: { appId: string | undefined; tenantId: string; isDisabled: boolean },
): Promise<TokenVerdict> {
  return orUnavailable(async () => {
    const result = await issuers.verifyWorkloadToken(token, appId)
    const isRejected = result.outcome === 'matched' && isDisabled
    const verdict = isRejected ? rejected('audience') : toVerdict(result, token, tenantId)
    return unverified.has(result.outcome) ? verdict : withPresented(verdict, presentedBy(token))
  })
}

async function orUnavailable(verify: () => Promise<TokenVerdict>): Promise<TokenVerdict> {
  try {
    return await verify()
  } catch (error) {
    if (error instanceof IssuerUnavailableError) return rejected('issuer-unavailable')
    throw error
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
  const [audience, ...more] = audiencesOf(claims)
  return {
    issuer,
    subject,
    audience: more.length === 0 ? audience : undefined,
    expiresAtMs: expiresAt === undefined ? undefined : expiresAt * 1000,
  }
}

function toVerdict(result: WorkloadTokenResult, { claims }: CompactToken, tenantId: string): TokenVerdict {
  if (result.outcome !== 'matched' && result.outcome !== 'disabled') return rejected(reasonOf(result.outcome))
  const { servicePrincipal, credentialId } = result
  if (result.outcome === 'disabled') {
    const { objectId } = servicePrincipal
    return { ...rejected('principal'), owner: { kind: 'service-principal', objectId, credentialId } }
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

function reasonOf(outcome: Exclude<WorkloadTokenResult['outcome'], 'matched' | 'disabled'>): IdentityRejection {
  switch (outcome) {
    case 'no-times':
      return 'claims'
    case 'several':
      return 'several-applications'
    default:
      return outcome
  }
}

function rejected(reason: IdentityRejection): { readonly ok: false; readonly reason: IdentityRejection } {
  return { ok: false, reason }
}
