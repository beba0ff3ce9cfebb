import { z } from 'zod'
import { credentialKinds } from '../../credentials/index.ts'
import type { Registry } from '../../resources/index.ts'
import type { AccessScope } from '@acrux/shared/standards/oauth/access-scope.ts'
import { type Credential, tokenSubject } from './credential.ts'

/** The lifetime of an ACR refresh token: 3 hours. [acr-protocol §1.8] */
export const refreshTokenSeconds = 3 * 60 * 60

/** The lifetime of an ACR access token: 75 minutes. [acr-protocol §1.8] */
export const accessTokenSeconds = 75 * 60

export const issuer = 'Azure Container Registry'

export type AcrTokenKind = 'refresh_token' | 'access_token'

/** The contents of a token before it is issued. */
export type TokenContents = {
  readonly registry: Registry
  readonly credential: Credential
  /** Only in refresh tokens. */
  readonly tenantId?: string
  /** Only in access tokens. The action `untag` is an extension and is omitted from the public claim. */
  readonly access?: readonly AccessScope[]
  /** The token expires no later than the credential that it was obtained by. */
  readonly notAfterMs?: number | undefined
  /** Only in refresh tokens: the access to which the owner narrowed the login. */
  readonly narrowedTo?: readonly AccessScope[] | undefined
  /** Only in access tokens: the number of deleted repositories when it, or the token that it was obtained by, was issued. */
  readonly deletionsSeen?: number
}

/** A token without id, times and signature. Any number of different tokens can be signed from it. */
export type PreparedToken = {
  readonly lifeSeconds: number
  readonly notAfterMs: number | undefined
  /** The claims that all of them have in common, as JSON without the enclosing braces. */
  readonly claims: string
  /** The members of the private claim `acrux`, in the same form. */
  readonly ownClaims: string
}

/** Object id, application id, the credential, and whether it was obtained by a token for ARM, or by which workload token. */
const directoryClaims = {
  o: z.string(),
  a: z.string(),
  // Kind and id are one claim: without its kind, an id would be a credential that nobody can revoke.
  c: z.strictObject({ k: z.enum(credentialKinds), id: z.string() }).optional(),
  arm: z.literal(true).optional(),
  aud: z.string().optional(),
}

const credentialSchema = z.discriminatedUnion('k', [
  z.strictObject({ k: z.literal('anonymous') }),
  z.strictObject({ k: z.literal('admin'), n: z.enum(['password', 'password2']), g: z.int() }),
  z.strictObject({ k: z.literal('token'), t: z.string(), p: z.string() }),
  z.strictObject({ k: z.literal('sp'), ...directoryClaims }),
  z.strictObject({ k: z.literal('user'), ...directoryClaims }),
])

type CredentialClaim = z.infer<typeof credentialSchema>

const accessSchema = z.array(z.strictObject({ type: z.string(), name: z.string(), actions: z.array(z.string()) }))

const claimsSchema = z.object({
  sub: z.string(),
  jti: z.string(),
  nbf: z.int(),
  exp: z.int(),
  rid: z.string(),
  aud: z.string(),
  grant_type: z.enum(['refresh_token', 'access_token']),
  access: accessSchema.default([]),
  /** A private claim. */
  acrux: z.strictObject({
    credential: credentialSchema,
    untag: z.array(z.string()),
    generation: z.int().default(0),
    deletions: z.int().default(0),
    narrowedTo: accessSchema.optional(),
  }),
})

export type Claims = z.infer<typeof claimsSchema>

/** Parses the claims of a token with a verified signature. */
export function parseClaims(payload: unknown): Claims | undefined {
  return claimsSchema.safeParse(payload).data
}

/**
 * Prepares the claims in ACR's form, with one private claim. Each token gets its id and times when it is signed.
 * [acr-protocol §1.8]
 */
export function prepareToken(kind: AcrTokenKind, options: TokenContents): PreparedToken {
  const { registry, credential, tenantId, access = [], notAfterMs, narrowedTo, deletionsSeen: deletions } = options
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
    ownClaims: plainBase64Json({ credential: toClaim(credential), untag, deletions, narrowedTo, ...generation }).slice(
      1,
      -1,
    ),
  }
}

function hasUntag({ actions }: AccessScope): boolean {
  return actions.includes('untag')
}

/** The access in the public claim: without extensions. */
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
      return { k: 'token', t: credential.password.tokenId, p: credential.password.passwordId }
    case 'directory': {
      const { principalKind, objectId: o, appId: a, credential: by, byArmToken, workloadAudience: aud } = credential
      const k = principalKind === 'user' ? 'user' : 'sp'
      const c = by === undefined ? {} : { c: { k: by.kind, id: by.id } }
      return { k, o, a, ...c, ...(byArmToken === true ? { arm: true } : {}), ...(aud !== undefined && { aud }) }
    }
  }
}

/** The credential in a token. */
export function toCredential(claim: CredentialClaim, subject: string): Credential {
  switch (claim.k) {
    case 'anonymous':
      return { kind: 'anonymous' }
    case 'admin':
      return { kind: 'admin', password: { name: claim.n, generation: claim.g } }
    case 'token':
      return { kind: 'scoped-token', name: subject, password: { tokenId: claim.t, passwordId: claim.p } }
    case 'sp':
    case 'user': {
      const principalKind = claim.k === 'user' ? 'user' : 'service-principal'
      const byArmToken = claim.arm === true ? { byArmToken: true as const } : {}
      const { o: objectId, a: appId, c, aud } = claim
      const by = c && { kind: c.k, id: c.id }
      const obtained = { ...byArmToken, ...(aud !== undefined && { workloadAudience: aud }) }
      return { kind: 'directory', principalKind, objectId, appId, subject, credential: by, ...obtained }
    }
  }
}

const escapedCharacter = /[>?~\u007f-\uffff]/

const everyEscapedCharacter = new RegExp(escapedCharacter, 'g')

/**
 * JSON in ASCII whose base64url has neither `-` nor `_`: the Azure SDKs for Python and Go decode a payload by the standard
 * alphabet. These two characters stand for the values 62 and 63, which ASCII text produces only by `>`, `?`, `~` and
 * DEL at every third place. If these are escaped, no text produces them. [acr-protocol §13 trap 8]
 */
function plainBase64Json(value: unknown): string {
  const text = JSON.stringify(value)
  if (!escapedCharacter.test(text)) return text
  return text.replaceAll(
    everyEscapedCharacter,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
