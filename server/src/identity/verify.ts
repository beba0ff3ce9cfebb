import { createHash } from 'node:crypto'
import { errors, jwtVerify } from 'jose'
import type { Credentials } from '../credentials/index.ts'
import type { Directory } from '../directory/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { KeyRing } from '../platform/keys/key-ring.ts'
import { isJsonObject, ownValue, parseBoundedJson } from '../standards/http/bounded-json.ts'
import { type AccessTokenClaims, accessTokenClaims, accessTokenType } from './access-token.ts'
import type { Audiences } from './audiences.ts'
import type { Clients } from './clients.ts'
import { issuersOf } from './tenants.ts'
import { accessTokenSeconds, clockSkewSeconds, signingAlgorithm } from './token-parameters.ts'
import type {
  IdentityRefusal,
  PresentedToken,
  RefusedToken,
  TokenAudience,
  TokenOwner,
  VerifiedIdentity,
  VerifyAccessToken,
} from './model.ts'

export type VerifierOptions = {
  readonly credentials: Credentials
  readonly directory: Directory
  readonly clock: Clock
  readonly keys: KeyRing
  readonly audiences: Audiences
  readonly clients: Clients
  readonly publicOrigin: string
}

type Outcome<Value> = { readonly ok: true; readonly value: Value } | RefusedToken

/** What a token said when its signature held. */
type Proven = { readonly claims: AccessTokenClaims; readonly audience: TokenAudience; readonly keyId: string }

/** Ours have about 1,300 characters. */
const longestToken = 8192
const longestHeader = 512
const tokenPattern = /^([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
const keyIdPattern = /^[A-Z0-9:]{59}$/

/** How many tokens whose signature held are remembered, by their hash. */
const memoryLimit = 20_000

/** Three parts in the alphabet of base64url, without padding: other spellings of a token are none. [RFC 7515 §2] */
const compactForm = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** Makes the verification of IdP access tokens. */
export function createVerifier(options: VerifierOptions): VerifyAccessToken {
  const { clock, audiences } = options
  const memory = new Map<string, Proven>()

  async function prove(token: string): Promise<Outcome<Proven>> {
    if (token.length > longestToken || !compactForm.test(token)) return refused('malformed')
    const hash = createHash('sha256').update(token).digest('base64')
    const known = memory.get(hash)
    if (known !== undefined) {
      const stands = (await options.keys.verifier(known.keyId)) !== undefined
      return stands ? { ok: true, value: known } : refused('signature')
    }
    const proven = await checkSignatureAndClaims(options, token)
    if (!proven.ok) return proven
    if (memory.size >= memoryLimit) forgetOldest(memory)
    memory.set(hash, proven.value)
    return proven
  }

  return async (token, wanted) => {
    const proven = await prove(token)
    if (!proven.ok) return proven
    const { claims, audience } = proven.value
    // A remembered token is as old as any other.
    const owner = ownerOf(claims)
    const presented = presentedBy(claims)
    if (clock.now() >= (claims.exp + clockSkewSeconds) * 1000) return { ...refused('expired'), owner, presented }
    if (!wanted.includes(audience) || audiences.find(claims.aud)?.audience !== audience)
      return { ...refused('audience'), owner, presented }
    const standing = await checkStanding(options, claims)
    return standing.ok
      ? { ok: true, identity: toIdentity(proven.value, standing.value) }
      : { ...standing, owner, presented }
  }
}

/** Everything that a token says for itself. Nothing of its header is believed but which of our keys signed it. */
async function checkSignatureAndClaims(
  { directory, clock, keys, audiences, publicOrigin }: VerifierOptions,
  token: string,
): Promise<Outcome<Proven>> {
  const kid = readKeyId(token)
  if (kid === undefined) return refused('malformed')
  const key = await keys.verifier(kid)
  if (key === undefined) return refused('signature')
  const { tenantId } = await directory.tenant()
  const issuers = issuersOf(publicOrigin, tenantId)
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [signingAlgorithm],
      typ: accessTokenType,
      issuer: Object.values(issuers),
      audience: audiences.spellings(['arm', 'acr', 'graph', 'userinfo']),
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(clock.now()),
      requiredClaims: ['iat', 'nbf', 'exp', 'sub', 'oid', 'tid'],
    })
    const parsed = accessTokenClaims.safeParse(payload)
    if (!parsed.success) return refused('claims')
    const claims = parsed.data
    if (claims.iat > clock.now() / 1000 + clockSkewSeconds) return refused('not-yet-valid')
    if (claims.exp > Math.min(claims.iat + accessTokenSeconds, claims.acrux_cred_exp)) return refused('claims')
    if (claims.iss !== issuers[claims.ver]) return refused('issuer')
    if (claims.tid !== tenantId || claims.azp !== claims.appid || claims.sub !== claims.oid) return refused('claims')
    const audience = audiences.find(claims.aud)?.audience
    return audience === undefined ? refused('audience') : { ok: true, value: { claims, audience, keyId: kid } }
  } catch (error) {
    const refusal = refused(refusalOf(error))
    // Of all that a token says for itself, the times are looked at last.
    const expired = error instanceof errors.JWTExpired ? accessTokenClaims.safeParse(error.payload) : undefined
    return expired?.success === true
      ? { ...refusal, owner: ownerOf(expired.data), presented: presentedBy(expired.data) }
      : refusal
  }
}

function presentedBy({ iss, sub, exp }: AccessTokenClaims): PresentedToken {
  return { issuer: iss, subject: sub, expiresAtMs: exp * 1000 }
}

function ownerOf({ idtyp, oid, acrux_cred: credentialId }: AccessTokenClaims): TokenOwner {
  return { kind: idtyp === 'app' ? 'service-principal' : 'user', objectId: oid, credentialId }
}

/**
 * The key id of a header that is exactly ours: algorithm, type and key id, and nothing else. A header that brings its
 * own key or URL, or asks for extensions, is not read any further. [RFC 8725 §3.1, §3.10]
 */
function readKeyId(token: string): string | undefined {
  const header = tokenPattern.exec(token)?.[1]
  if (header === undefined || header.length > longestHeader) return undefined
  const value = parseBoundedJson(Buffer.from(header, 'base64url'), 2)
  if (!isJsonObject(value) || Object.keys(value).length !== 3) return undefined
  if (ownValue(value, 'alg') !== signingAlgorithm || ownValue(value, 'typ') !== accessTokenType) return undefined
  const kid = ownValue(value, 'kid')
  return typeof kid === 'string' && keyIdPattern.test(kid) ? kid : undefined
}

function refusalOf(error: unknown): IdentityRefusal {
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return 'issuer'
    if (error.claim === 'aud') return 'audience'
    return error.claim === 'nbf' && error.reason === 'check_failed' ? 'not-yet-valid' : 'claims'
  }
  if (error instanceof errors.JOSEError) return 'malformed'
  throw error
}

/**
 * What may end at any moment, and is therefore asked at every call: the principal, the credential or sign-in that proved
 * it, and for a person the client that acts for them.
 */
async function checkStanding({ credentials, directory, clients }: VerifierOptions, claims: AccessTokenClaims) {
  const principal = await directory.findPrincipal(claims.oid)
  if (principal === undefined || principal.kind === 'group' || !principal.enabled) return refused('principal')
  switch (claims.idtyp) {
    case 'app':
      if (principal.kind !== 'service-principal' || principal.appId !== claims.appid) return refused('principal')
      break
    case 'user':
      if (principal.kind !== 'user') return refused('principal')
      if ((await clients.find(claims.appid)) === undefined) return refused('credential')
      break
  }
  const credential = { kind: claims.acrux_cred_kind, id: claims.acrux_cred }
  const stands = await credentials.credentialStands(claims.oid, credential)
  return stands ? ({ ok: true, value: principal } as const) : refused('credential')
}

function toIdentity({ claims, audience }: Proven, principal: VerifiedIdentity['principal']): VerifiedIdentity {
  return {
    principal,
    appId: claims.appid,
    tenantId: claims.tid,
    audience,
    credentialId: claims.acrux_cred,
    credentialKind: claims.acrux_cred_kind,
    credentialExpiresAtMs: claims.acrux_cred_exp * 1000,
    issuedAtMs: claims.iat * 1000,
    expiresAtMs: claims.exp * 1000,
  }
}

function refused(reason: IdentityRefusal): RefusedToken {
  return { ok: false, reason }
}

/** A map yields its keys in the order in which they came. */
function forgetOldest(memory: Map<string, unknown>): void {
  for (const key of memory.keys()) {
    memory.delete(key)
    if (memory.size < memoryLimit * 0.9) return
  }
}
