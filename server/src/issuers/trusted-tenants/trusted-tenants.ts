import type { Directory, SigningPrincipal } from '../../directory/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { shownText } from '@acrux/shared/standards/http/shown-text.ts'
import { type CompactToken, audiencesOf, instantClaim, textClaim } from '../keys/compact-token.ts'
import type { ExternalIssuer, IssuerKeys } from '../keys/issuer-keys.ts'
import { findTimeProblem, isSignedByIssuer } from '../keys/external-token.ts'

/** A tenant of Microsoft Entra whose access tokens are accepted. */
export type TrustedTenant = {
  /** In lower case. */
  readonly tenantId: string
  /** The origin of its OpenID configuration. */
  readonly authorityHost: string
}

type Cloud = { readonly v1: string; readonly v2: string; readonly arm: readonly string[] }

const publicCloud: Cloud = {
  v1: 'https://sts.windows.net',
  v2: 'https://login.microsoftonline.com',
  arm: ['https://management.core.windows.net', 'https://management.azure.com'],
}

/** The national clouds, by authority host. [Entra, national clouds] */
const clouds: ReadonlyMap<string, Cloud> = new Map([
  [
    'https://login.microsoftonline.us',
    {
      v1: 'https://sts.windows.net',
      v2: 'https://login.microsoftonline.us',
      arm: ['https://management.core.usgovcloudapi.net', 'https://management.usgovcloudapi.net'],
    },
  ],
  [
    'https://login.partner.microsoftonline.cn',
    {
      v1: 'https://sts.chinacloudapi.cn',
      v2: 'https://login.partner.microsoftonline.cn',
      arm: ['https://management.core.chinacloudapi.cn', 'https://management.chinacloudapi.cn'],
    },
  ],
])

/** ACR's audience is the same in every cloud. [azure-sdk-for-net#34785] */
const acrOrigin = 'https://containerregistry.azure.net'
const acrAppId = '6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26'

/** An issuer of a trusted tenant. A tenant has one for each version of its tokens. */
type TenantIssuer = ExternalIssuer & {
  readonly tenantId: string
  readonly version: '1.0' | '2.0'
  readonly audiences: ReadonlyMap<string, AzureAudience>
}

/** The Azure service that an access token is for. */
export type AzureAudience = 'arm' | 'acr'

/** The principal of a valid access token. */
export type TenantIdentity = {
  readonly principal: SigningPrincipal
  /** The application that requested the token. */
  readonly appId: string
  readonly tenantId: string
  readonly audience: AzureAudience
  readonly credentialId: string
  readonly issuedAtMs: number
  readonly expiresAtMs: number
}

/** Why an access token is denied. */
export type TenantTokenRejection =
  'issuer' | 'signature' | 'expired' | 'not-yet-valid' | 'claims' | 'audience' | 'principal'

export type TenantTokenResult =
  | { readonly ok: true; readonly identity: TenantIdentity }
  | { readonly ok: false; readonly reason: TenantTokenRejection }

/** The verification of access tokens of trusted tenants. */
export interface TrustedTenants {
  /** Whether this is the issuer of a trusted tenant. */
  isIssuer(issuer: string): boolean
  /** Verifies an access token for one of `audiences`. @throws IssuerUnavailableError */
  verify(token: CompactToken, audiences: readonly string[]): Promise<TenantTokenResult>
}

/** Creates the verification of access tokens of these tenants. No other issuer is contacted. */
export function createTrustedTenants(options: {
  readonly directory: Directory
  readonly clock: Clock
  readonly issuerKeys: IssuerKeys
  readonly tenants: readonly TrustedTenant[]
}): TrustedTenants {
  const { directory, clock, issuerKeys, tenants } = options
  const issuers = new Map(tenants.flatMap((tenant) => issuersOf(tenant)).map((each) => [each.issuer, each]))

  return {
    isIssuer: (issuer) => issuers.has(issuer),
    verify: async (token, audiences) => {
      const { claims } = token
      const issuer = issuers.get(textClaim(claims, 'iss') ?? '')
      if (issuer === undefined) return rejected('issuer')
      if (!(await isSignedByIssuer(issuerKeys, issuer, token))) return rejected('signature')
      const problem = findTimeProblem(token, clock.now())
      if (problem !== undefined) return rejected(problem === 'no-times' ? 'claims' : problem)
      const read = parseClaims(token, issuer)
      if (read === undefined) return rejected('claims')
      if (read.audience === undefined || !audiences.includes(read.audience)) return rejected('audience')
      const { tenantId } = issuer
      const { audience, kind, objectId, appId } = read
      const registered = await directory.externalPrincipals.register(
        { tenantId, objectId, kind },
        namesOf(token, objectId, appId),
      )
      if (registered === undefined) return rejected('principal')
      const { principal, credentialId } = registered
      const { issuedAtMs, expiresAtMs } = read
      return { ok: true, identity: { principal, appId, tenantId, audience, credentialId, issuedAtMs, expiresAtMs } }
    },
  }
}

function issuersOf({ tenantId, authorityHost }: TrustedTenant): readonly TenantIssuer[] {
  const { v1, v2, arm } = clouds.get(authorityHost) ?? publicCloud
  const spellings = (origins: readonly string[]) => origins.flatMap((origin) => [origin, `${origin}/`])
  const audiences = new Map<string, AzureAudience>([
    ...spellings(arm).map((aud) => [aud, 'arm'] as const),
    ...[...spellings([acrOrigin]), acrAppId].map((aud) => [aud, 'acr'] as const),
  ])
  const shared = { tenantId, audiences }
  const configuration = '.well-known/openid-configuration'
  return [
    {
      ...shared,
      version: '1.0',
      issuer: `${v1}/${tenantId}/`,
      configurationUrl: `${authorityHost}/${tenantId}/${configuration}`,
    },
    {
      ...shared,
      version: '2.0',
      issuer: `${v2}/${tenantId}/v2.0`,
      configurationUrl: `${authorityHost}/${tenantId}/v2.0/${configuration}`,
    },
  ]
}

/** Parses the claims of an access token. Undefined if a required claim is missing or invalid. [Entra, access token claims reference] */
function parseClaims({ claims }: CompactToken, { tenantId, version, audiences }: TenantIssuer) {
  const objectId = parseGuid(textClaim(claims, 'oid') ?? '')
  const appId = parseGuid(textClaim(claims, version === '1.0' ? 'appid' : 'azp') ?? '')
  const issuedAt = instantClaim(claims, 'iat')
  const notBefore = instantClaim(claims, 'nbf')
  const expiresAt = instantClaim(claims, 'exp')
  if (objectId === undefined || appId === undefined) return undefined
  if (issuedAt === undefined || notBefore === undefined || expiresAt === undefined) return undefined
  if (textClaim(claims, 'tid') !== tenantId || textClaim(claims, 'ver') !== version) return undefined
  const kind = kindOf({ claims, objectId })
  if (kind === undefined) return undefined
  // A token with several audiences could be replayed from one to another.
  const [aud = '', ...others] = audiencesOf(claims)
  const audience = others.length === 0 ? audiences.get(aud) : undefined
  return { objectId, appId, kind, audience, issuedAtMs: issuedAt * 1000, expiresAtMs: expiresAt * 1000 }
}

/**
 * The kind of the token's principal. A user's token has scopes. An application's has no scopes, and the application is its
 * subject. Undefined if the claims contradict each other.
 */
function kindOf({
  claims,
  objectId,
}: Pick<CompactToken, 'claims'> & { readonly objectId: string }): 'user' | 'service-principal' | undefined {
  const idtyp = textClaim(claims, 'idtyp')
  const hasScopes = textClaim(claims, 'scp') !== undefined
  if (hasScopes) return idtyp === undefined || idtyp === 'user' ? 'user' : undefined
  const isSubject = textClaim(claims, 'sub') === objectId
  return (idtyp === undefined || idtyp === 'app') && isSubject ? 'service-principal' : undefined
}

function namesOf({ claims }: CompactToken, objectId: string, appId: string) {
  const firstOf = (...names: readonly string[]) =>
    names.map((name) => shownText(textClaim(claims, name))).find((text) => text !== undefined) ?? objectId
  const userNames = ['upn', 'unique_name', 'preferred_username']
  return { displayName: firstOf('name', ...userNames), userPrincipalName: firstOf(...userNames), appId }
}

function rejected(reason: TenantTokenRejection): TenantTokenResult {
  return { ok: false, reason }
}
