import { credentialKinds } from '../credentials/index.ts'
import { createSign, hash, randomUUID } from 'node:crypto'
import { errors, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Clock } from '../platform/process/clock.ts'
import type { KeyRing, SigningKey } from '../platform/keys/key-ring.ts'
import { andThen } from '../platform/memory/authority-memory.ts'
import type { Registry } from '../resources/index.ts'
import type { AccessScope } from '../standards/oauth/access-scope.ts'
import { type Credential, tokenSubject } from './credential.ts'

/** How long an ACR refresh token can be used: 3 hours. [acr-protocol §1.8] */
export const refreshTokenSeconds = 3 * 60 * 60
/** How long an ACR access token can be used: 75 minutes. [acr-protocol §1.8] */
export const accessTokenSeconds = 75 * 60

const issuer = 'Azure Container Registry'
/** What our tokens are signed with. */
export const algorithm = 'ES256'

/** Longer tokens would not fit into a header together with everything else that a client sends. */
const tokenLengthLimit = 12 * 1024

/** How many tokens are remembered that were believed once. */
const verifiedTokenLimit = 10_000

/** Three parts in the alphabet of base64url, without padding: other spellings of a token are none. [RFC 7515 §2] */
const compactForm = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** Whether a text has the form of a token of ours. */
export function mayBeAcrToken(text: string): boolean {
  return text.length <= tokenLengthLimit && compactForm.test(text)
}

export type AcrTokenKind = 'refresh_token' | 'access_token'

/** What a token of ours says, once everything in it was checked. */
export type VerifiedAcrToken = {
  readonly credential: Credential
  readonly access: readonly AccessScope[]
  /** How many repositories had been deleted when it was issued. */
  readonly deletionsSeen: number
  readonly expiresAtMs: number
  /** Which key signed it: see {@link AcrTokens.keyStands}. */
  readonly keyId: string
}

export type MintedToken = { readonly token: string; readonly issuedAtMs: number; readonly expiresAtMs: number }

export type MintOptions = {
  readonly registry: Registry
  readonly credential: Credential
  /** What a refresh token names. */
  readonly tenantId?: string
  /** What an access token gives. `untag` among the actions is ours and stays out of the public claim. */
  readonly access?: readonly AccessScope[]
  /** The token ends with what it was got by. */
  readonly notAfterMs?: number | undefined
  /** Of an access token: how many repositories had been deleted when it, or the one that it was got by, was issued. */
  readonly deletionsSeen?: number
}

/** All that is known of a token before it is signed; any number may be signed of it, each of them another one. */
export type PreparedToken = {
  readonly lifeSeconds: number
  readonly notAfterMs: number | undefined
  /** The claims that are the same in each, as JSON without the braces around it. */
  readonly claims: string
  /** The same of the claim that only we read. */
  readonly ownClaims: string
}

/** Mints and verifies the tokens of the registries of this server. */
export interface AcrTokens {
  /** @throws TokenTooLongError when the access asked for does not fit into a token */
  mint(kind: AcrTokenKind, options: MintOptions): MintedToken | Promise<MintedToken>
  /** Mints what was prepared: with an id and times of its own. Throws as `mint` does. */
  mintPrepared(prepared: PreparedToken): MintedToken | Promise<MintedToken>
  /** Undefined for everything that is no unexpired token of this kind for this very registry. */
  verify(
    kind: AcrTokenKind,
    token: string,
    registry: Registry,
  ): VerifiedAcrToken | undefined | Promise<VerifiedAcrToken | undefined>
  /** Whether a key that signed is still believed: it may have been withdrawn since. */
  keyStands(keyId: string): boolean | Promise<boolean>
}

/** The access that was asked for makes a token that no client could send. */
export class TokenTooLongError extends Error {
  override readonly name = 'TokenTooLongError'
}

/** Opens the mint. Its keys are a ring of their own. */
export function createAcrTokens({ keys, clock }: { readonly keys: KeyRing; readonly clock: Clock }): AcrTokens {
  // A token that was believed is, until its end, not checked again, but for its key: whether its credential stands is
  // asked elsewhere.
  const verifiedTokens = new Map<string, VerifiedAcrToken>()

  function signed(key: SigningKey, prepared: PreparedToken): MintedToken {
    const { lifeSeconds, notAfterMs, claims, ownClaims } = prepared
    const issuedAtMs = clock.now()
    const issuedAt = Math.floor(issuedAtMs / 1000)
    const limit = notAfterMs === undefined ? Infinity : Math.floor(notAfterMs / 1000)
    const expiresAt = Math.min(issuedAt + lifeSeconds, limit)
    const ofThisOne = `"jti":"${randomUUID()}","nbf":${issuedAt},"exp":${expiresAt},"iat":${issuedAt}`
    const token = signCompact(key, `{${ofThisOne},${claims},"acrux":{${ownClaims}}}`)
    if (token.length > tokenLengthLimit) throw new TokenTooLongError('the access asked for does not fit into one token')
    return { token, issuedAtMs, expiresAtMs: expiresAt * 1000 }
  }

  async function check(kind: AcrTokenKind, token: string, registry: Registry): Promise<VerifiedAcrToken | undefined> {
    const verified = await verifiedClaims(token, registry, keys, clock)
    if (verified === undefined) return undefined
    const { claims, keyId } = verified
    if (claims.grant_type !== kind || claims.rid !== registry.rid) return undefined
    if (claims.acrux.generation !== registry.tokenGeneration) return undefined
    return {
      credential: toCredential(claims.acrux.credential, claims.sub),
      access: [
        ...claims.access,
        ...claims.acrux.untag.map((name) => ({ type: 'repository', name, actions: ['untag'] })),
      ],
      deletionsSeen: claims.acrux.deletions,
      expiresAtMs: claims.exp * 1000,
      keyId,
    }
  }

  const keyStands = (keyId: string) => andThen(keys.verifier(keyId), (key) => key !== undefined)

  const mintPrepared = (prepared: PreparedToken) => andThen(keys.current(), (key) => signed(key, prepared))

  return {
    mint: (kind, options) => mintPrepared(prepareToken(kind, options)),
    mintPrepared,
    keyStands,
    verify: (kind, token, registry) => {
      if (!mayBeAcrToken(token)) return undefined
      const place = `${registry.rid} ${registry.tokenGeneration} ${registry.loginServer}`
      const key = `${kind} ${place} ${hash('sha256', token, 'base64')}`
      const known = verifiedTokens.get(key)
      if (known !== undefined && clock.now() < known.expiresAtMs) {
        return andThen(keyStands(known.keyId), (stands) => (stands ? known : undefined))
      }
      return check(kind, token, registry).then((verified) => {
        if (verified === undefined) return undefined
        if (verifiedTokens.size >= verifiedTokenLimit) verifiedTokens.delete(verifiedTokens.keys().next().value ?? '')
        verifiedTokens.set(key, verified)
        return verified
      })
    },
  }
}

/**
 * A compact JWS [RFC 7515 §7.1] over ASCII. Signed here and not by `jose`, whose way through WebCrypto costs more than
 * twice the processor time of the signature itself; what is verified goes through `jose` always.
 */
function signCompact({ kid, keyObject }: SigningKey, payload: string): string {
  const input = `${headerOf(kid)}.${Buffer.from(payload, 'latin1').toString('base64url')}`
  // In one call it would cost more: that makes a job of it, as for another thread.
  const signer = createSign('sha256').update(input, 'latin1')
  return `${input}.${signer.sign({ key: keyObject, dsaEncoding: 'ieee-p1363' }, 'base64url')}`
}

let latestHeader: { readonly kid: string; readonly encoded: string } | undefined

/** The first part of a token. There is one for as long as the key signs. */
function headerOf(kid: string): string {
  if (latestHeader?.kid !== kid) {
    const encoded = Buffer.from(`{"alg":"${algorithm}","typ":"JWT","kid":"${kid}"}`).toString('base64url')
    latestHeader = { kid, encoded }
  }
  return latestHeader.encoded
}

async function verifiedClaims(
  token: string,
  registry: Registry,
  keys: KeyRing,
  clock: Clock,
): Promise<{ readonly claims: Claims; readonly keyId: string } | undefined> {
  try {
    // The key is found by its id in our own ring; nothing else in the header is looked at.
    const { payload, protectedHeader } = await jwtVerify(token, ({ kid }) => requireVerifier(keys, kid), {
      algorithms: [algorithm],
      issuer,
      audience: registry.loginServer,
      typ: 'JWT',
      requiredClaims: ['exp', 'nbf', 'iat', 'sub', 'jti'],
      currentDate: new Date(clock.now()),
    })
    const claims = parseClaims(payload)
    return claims && { claims, keyId: protectedHeader.kid ?? '' }
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof UnknownKeyError) return undefined
    throw error
  }
}

/** A token names a key that is none of ours. */
export class UnknownKeyError extends Error {}

/** The key that verifies what one of this id signed. @throws UnknownKeyError */
export async function requireVerifier(keys: KeyRing, kid: string | undefined) {
  const key = kid === undefined || kid.length > 64 ? undefined : await keys.verifier(kid)
  if (key === undefined) throw new UnknownKeyError('no key of ours has this id')
  return key
}

/** Object id, application, kind and id of the credential, and whether a token for ARM was shown. */
const directoryClaims = {
  o: z.string(),
  a: z.string(),
  ck: z.enum(credentialKinds).optional(),
  c: z.string().optional(),
  arm: z.literal(true).optional(),
}

const credentialSchema = z.discriminatedUnion('k', [
  z.strictObject({ k: z.literal('anonymous') }),
  z.strictObject({ k: z.literal('admin'), n: z.enum(['password', 'password2']), g: z.int() }),
  z.strictObject({ k: z.literal('token'), t: z.string(), p: z.string() }),
  z.strictObject({ k: z.literal('sp'), ...directoryClaims }),
  z.strictObject({ k: z.literal('user'), ...directoryClaims }),
])
type CredentialClaim = z.infer<typeof credentialSchema>

const claimsSchema = z.object({
  sub: z.string(),
  jti: z.string(),
  exp: z.int(),
  rid: z.string(),
  aud: z.string(),
  grant_type: z.enum(['refresh_token', 'access_token']),
  access: z.array(z.strictObject({ type: z.string(), name: z.string(), actions: z.array(z.string()) })).default([]),
  /** What only we read. */
  acrux: z.strictObject({
    credential: credentialSchema,
    untag: z.array(z.string()),
    generation: z.int().default(0),
    deletions: z.int().default(0),
  }),
})
type Claims = z.infer<typeof claimsSchema>

/** What a token says whose signature was verified; undefined where it is in no form of ours. */
export function parseClaims(payload: unknown): Claims | undefined {
  return claimsSchema.safeParse(payload).data
}

/**
 * The claims in the form that ACR gives them, and beside them one of our own; its id and its times are given to each token
 * when it is signed. [acr-protocol §1.8]
 */
export function prepareToken(kind: AcrTokenKind, options: MintOptions): PreparedToken {
  const { registry, credential, tenantId, access = [], notAfterMs, deletionsSeen: deletions } = options
  const isRefresh = kind === 'refresh_token'
  const claims = {
    sub: tokenSubject(credential, registry),
    iss: issuer,
    aud: registry.loginServer,
    version: '1.0',
    rid: registry.rid,
    grant_type: kind,
    ...(credential.kind === 'directory' ? { appid: credential.appId } : {}),
    roles: [],
    ...(isRefresh
      ? { tenant: tenantId, permissions: { Actions: ['read'], NotActions: null } }
      : { access: publicAccess(access) }),
  }
  const untag = access.filter(hasUntag).map(({ name }) => name)
  const generation = registry.tokenGeneration === 0 ? {} : { generation: registry.tokenGeneration }
  return {
    lifeSeconds: isRefresh ? refreshTokenSeconds : accessTokenSeconds,
    notAfterMs,
    claims: plainBase64Json(claims).slice(1, -1),
    ownClaims: plainBase64Json({ credential: toClaim(credential), untag, deletions, ...generation }).slice(1, -1),
  }
}

function hasUntag({ actions }: AccessScope): boolean {
  return actions.includes('untag')
}

/** Access as the public claim shows it. */
export function publicAccess(access: readonly AccessScope[]): AccessScope[] {
  if (!access.some(hasUntag)) return [...access]
  return access.flatMap(({ type, name, actions }) => {
    const shown = actions.filter((action) => action !== 'untag')
    return shown.length === 0 ? [] : [{ type, name, actions: shown }]
  })
}

function toClaim(credential: Credential): CredentialClaim {
  switch (credential.kind) {
    case 'anonymous':
      return { k: 'anonymous' }
    case 'admin':
      return { k: 'admin', n: credential.password.name, g: credential.password.generation }
    case 'scoped-token':
      return { k: 'token', t: credential.proof.tokenId, p: credential.proof.passwordId }
    case 'directory': {
      const { principalKind, objectId: o, appId: a, credential: by, byArmToken } = credential
      const k = principalKind === 'user' ? 'user' : 'sp'
      const c = by === undefined ? {} : { ck: by.kind, c: by.id }
      return { k, o, a, ...c, ...(byArmToken === true ? { arm: true } : {}) }
    }
  }
}

/** What proved whom a token was given to. */
export function toCredential(claim: CredentialClaim, subject: string): Credential {
  switch (claim.k) {
    case 'anonymous':
      return { kind: 'anonymous' }
    case 'admin':
      return { kind: 'admin', password: { name: claim.n, generation: claim.g } }
    case 'token':
      return { kind: 'scoped-token', name: subject, proof: { tokenId: claim.t, passwordId: claim.p } }
    case 'sp':
    case 'user': {
      const principalKind = claim.k === 'user' ? 'user' : 'service-principal'
      const byArmToken = claim.arm === true ? { byArmToken: true as const } : {}
      const { o: objectId, a: appId, ck: kind, c: id } = claim
      const by = kind === undefined || id === undefined ? undefined : { kind, id }
      return { kind: 'directory', principalKind, objectId, appId, subject, credential: by, ...byArmToken }
    }
  }
}

const escapedCharacter = /[>?~\u007f-\uffff]/
const everyEscapedCharacter = new RegExp(escapedCharacter, 'g')

/**
 * JSON in ASCII whose base64url has neither `-` nor `_`: the Azure SDKs for Python and Go decode a payload by the standard
 * alphabet. Those two stand for the six bits 62 and 63, which ASCII text gives only by `>`, `?`, `~` and DEL in a third
 * place; escaped, no text gives them. [acr-protocol §13 trap 8]
 */
function plainBase64Json(value: unknown): string {
  const text = JSON.stringify(value)
  if (!escapedCharacter.test(text)) return text
  return text.replaceAll(
    everyEscapedCharacter,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
