import type { ExternalPerson } from '../directory/index.ts'
import { parseTenantId } from '../standards/azure/guid.ts'
import { shownText } from '../standards/http/shown-text.ts'
import type { UpstreamFailure } from './errors.ts'
import type { UpstreamSettings } from './settings.ts'

/** The claims of an id token whose signature, issuer, audience, nonce and times were checked. */
export type IdTokenClaims = Readonly<Record<string, unknown>> & { readonly iss: string; readonly sub: string }

/** Somebody whom a provider proved. */
export type UpstreamPerson = Omit<ExternalPerson, 'standsUntilMs'> & {
  /** As the claim `amr` of our own tokens: `fed`, and `mfa` where the provider asked for more than one factor. [RFC 8176] */
  readonly methods: readonly string[]
  /** When the person last proved themselves there, where it tells. */
  readonly authenticatedAtMs: number | undefined
}

const mostGroups = 1000

/**
 * Reads who somebody is, and in which groups. Entra's people are known by tenant and object id, all others by issuer and
 * subject: both are given once and never again, which no e-mail address and no user name is. Those are shown and no more.
 */
export function readUpstreamPerson(
  settings: UpstreamSettings,
  claims: IdTokenClaims,
): { readonly person: UpstreamPerson } | { readonly failure: UpstreamFailure } {
  const key = settings.kind === 'entra' ? entraKey(settings, claims) : { issuer: settings.issuer, subject: claims.sub }
  if (typeof key === 'string') return { failure: key }
  if (!/^[\x21-\x7e]{1,255}$/.test(key.subject)) return { failure: 'bad-answer' }
  const groups = readGroups(settings.groupsClaim, claims)
  if (typeof groups === 'string') return { failure: groups }
  if (settings.requireGroup !== undefined && !groups.includes(settings.requireGroup))
    return { failure: 'group-missing' }
  const userName = shownText(claims['preferred_username'])
  const { auth_time: authTime } = claims
  return {
    person: {
      ...key,
      provider: settings.name,
      displayName: shownText(claims['name']) ?? userName ?? key.subject,
      userName,
      mail: isEmailVerified(settings, claims) ? shownText(claims['email']) : undefined,
      groups,
      methods: isMultiFactor(settings, claims) ? ['fed', 'mfa'] : ['fed'],
      authenticatedAtMs: typeof authTime === 'number' && authTime > 0 ? Math.floor(authTime * 1000) : undefined,
    },
  }
}

/**
 * Whether an e-mail address may be passed on, which applications take for the account's: not if the provider says that it was not
 * verified. `xms_edov` is Entra's word for it. Each of several tenants can write any address into its own directory, so there the
 * claim is required. [OpenID Connect Core §5.1; Entra, optional claims reference]
 */
function isEmailVerified(
  { allowedTenants }: UpstreamSettings,
  { email_verified: verified, xms_edov: domainVerified }: IdTokenClaims,
): boolean {
  const isOfOneDirectory = allowedTenants.length <= 1
  const isDomainVerified = domainVerified === undefined ? isOfOneDirectory : isTrue(domainVerified)
  return isDomainVerified && (verified === undefined || isTrue(verified))
}

/** Some providers write truth as text or as a number. */
function isTrue(claim: unknown): boolean {
  return claim === true || claim === 'true' || claim === 1 || claim === '1'
}

/** [Entra, ID token claims reference: `tid` and `oid` together are what to key on] */
function entraKey(
  { allowedTenants }: UpstreamSettings,
  { iss, tid, oid }: IdTokenClaims,
): { readonly issuer: string; readonly subject: string } | UpstreamFailure {
  const tenantId = typeof tid === 'string' ? parseTenantId(tid) : undefined
  const objectId = typeof oid === 'string' ? parseTenantId(oid) : undefined
  if (tenantId === undefined || objectId === undefined) return 'bad-answer'
  if (!iss.toLowerCase().endsWith(`/${tenantId}/v2.0`)) return 'bad-answer'
  if (allowedTenants.length > 0 && !allowedTenants.includes(tenantId)) return 'tenant'
  return { issuer: iss, subject: objectId }
}

function readGroups(claim: string, claims: IdTokenClaims): readonly string[] | UpstreamFailure {
  const groups = Object.hasOwn(claims, claim) ? claims[claim] : undefined
  if (groups === undefined) return leavesOut(claim, claims) ? 'groups-left-out' : []
  if (!Array.isArray(groups) || groups.length > mostGroups) return 'groups-unreadable'
  const values = groups.filter((group): group is string => typeof group === 'string' && shownText(group) === group)
  return values.length === groups.length ? [...new Set(values)] : 'groups-unreadable'
}

/** Where the groups are too many, a claim says where to ask for them. [Entra, groups overage claim; OpenID Connect Core §5.6.2] */
function leavesOut(claim: string, { _claim_names: elsewhere, hasgroups }: IdTokenClaims): boolean {
  if (hasgroups === true || hasgroups === 'true') return true
  return typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, claim)
}

function isMultiFactor({ mfaAcrValues }: UpstreamSettings, { amr, acr }: IdTokenClaims): boolean {
  return (Array.isArray(amr) && amr.includes('mfa')) || (typeof acr === 'string' && mfaAcrValues.includes(acr))
}
