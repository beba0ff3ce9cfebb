import type { ExternalPerson } from '../../directory/index.ts'
import { parseTenantId } from '@acrux/shared/standards/azure/guid.ts'
import { shownText } from '@acrux/shared/standards/http/shown-text.ts'
import type { UpstreamFailure } from './errors.ts'
import type { UpstreamSettings } from './settings.ts'

/** The claims of an ID token. Its signature, issuer, audience, nonce and times are verified. */
export type IdTokenClaims = Readonly<Record<string, unknown>> & { readonly iss: string; readonly sub: string }

/** A person whom a provider authenticated. */
export type UpstreamPerson = Omit<ExternalPerson, 'expiresAtMs'> & {
  /** The claim `amr` of our own tokens: `fed`, and `mfa` if the provider verified more than one factor. [RFC 8176] */
  readonly methods: readonly string[]
  /** When the provider last authenticated the person, if it says so. */
  readonly authenticatedAtMs: number | undefined
}

const maxGroups = 1000

/**
 * Reads the identity and the groups of a person. People of Entra are identified by tenant and object id, all others by
 * issuer and subject. These are never assigned to another person. Email addresses and user names may be, so the server only
 * displays them.
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
 * Whether the e-mail address is verified, so that it may be passed on to applications, which identify accounts by it. Entra's
 * claim for it is `xms_edov`. It is required if several tenants are allowed, because each can enter any address into its own
 * directory. [OpenID Connect Core §5.1; Entra, optional claims reference]
 */
function isEmailVerified(
  { allowedTenants }: UpstreamSettings,
  { email_verified: verified, xms_edov: domainVerified }: IdTokenClaims,
): boolean {
  const isOfOneDirectory = allowedTenants.length <= 1
  const isDomainVerified = domainVerified === undefined ? isOfOneDirectory : isTrue(domainVerified)
  return isDomainVerified && (verified === undefined || isTrue(verified))
}

/** Some providers write booleans as strings or numbers. */
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
  if (groups === undefined) return omitsGroups(claim, claims) ? 'groups-left-out' : []
  if (!Array.isArray(groups) || groups.length > maxGroups) return 'groups-unreadable'
  const values = groups.filter((group): group is string => typeof group === 'string' && shownText(group) === group)
  return values.length === groups.length ? [...new Set(values)] : 'groups-unreadable'
}

/** Whether the provider left out the groups because there are too many. [Entra, groups overage claim; OpenID Connect Core §5.6.2] */
function omitsGroups(claim: string, { _claim_names: elsewhere, hasgroups }: IdTokenClaims): boolean {
  if (hasgroups === true || hasgroups === 'true') return true
  return typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, claim)
}

function isMultiFactor({ mfaAcrValues }: UpstreamSettings, { amr, acr }: IdTokenClaims): boolean {
  return (Array.isArray(amr) && amr.includes('mfa')) || (typeof acr === 'string' && mfaAcrValues.includes(acr))
}
