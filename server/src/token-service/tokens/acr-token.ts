import { createSign, hash, randomUUID } from 'node:crypto'
import { errors, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../../platform/memory/max-entries.ts'
import { type Clock, maxClockDifferenceMs } from '../../platform/process/clock.ts'
import type { KeyRing, SigningKey } from '../../platform/keys/key-ring.ts'
import type { Registry } from '../../resources/index.ts'
import type { AccessScope } from '@acrux/shared/standards/oauth/access-scope.ts'
import type { Credential } from './credential.ts'
import {
  issuer,
  type AcrTokenKind,
  type TokenContents,
  type PreparedToken,
  type Claims,
  parseClaims,
  prepareToken,
  toCredential,
} from './acr-token-claims.ts'

/** The signature algorithm of ACR tokens. */
export const algorithm = 'ES256'

/** Longer tokens would not fit into the headers of a request together with the others. */
const maxTokenLength = 12 * 1024

/** How many verified refresh tokens are cached. A hit takes 9 µs, and a verification 300 µs. */
const maxRefreshTokens = 5_000

/** Three parts in base64url without padding; no other spelling of a token is accepted. [RFC 7515 §2] */
const compactForm = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** Whether a text has the form of an ACR token. */
export function mayBeAcrToken(text: string): boolean {
  return text.length <= maxTokenLength && compactForm.test(text)
}

/** A token that passed all checks. */
export type VerifiedAcrToken = {
  readonly credential: Credential
  readonly access: readonly AccessScope[]
  /** Only for a refresh token: the access to which its owner narrowed the login. Undefined if it is not narrowed. */
  readonly narrowedTo: readonly AccessScope[] | undefined
  /** The number of repositories that had been deleted when it was issued. */
  readonly deletionsSeen: number
  readonly notBeforeMs: number
  readonly expiresAtMs: number
  /** The signing key: see {@link AcrTokens.keyStands}. */
  readonly keyId: string
}

export type IssuedToken = { readonly token: string; readonly issuedAtMs: number; readonly expiresAtMs: number }

/** Issues and verifies the ACR tokens of the registries of this server. */
export interface AcrTokens {
  /** @throws TokenTooLongError if the access does not fit into a token */
  issue(kind: AcrTokenKind, options: TokenContents): Promise<IssuedToken>
  /** Issues a prepared token with its own id and times. Throws like `issue`. */
  issuePrepared(prepared: PreparedToken): Promise<IssuedToken>
  /** Undefined unless it is an unexpired token of this kind for exactly this registry. */
  verify(kind: AcrTokenKind, token: string, registry: Registry): Promise<VerifiedAcrToken | undefined>
  /** Whether a signing key is still valid; it can be withdrawn. */
  keyStands(keyId: string): Promise<boolean>
}

/** The requested access makes a token that is too long to be sent. */
export class TokenTooLongError extends Error {
  override readonly name = 'TokenTooLongError'
}

/**
 * Whether a cached token is valid. One that is issued later than now was cached before the clock was set back; a small
 * correction of the clock does not end it.
 */
export function isValidAt(
  { notBeforeMs, expiresAtMs }: Pick<VerifiedAcrToken, 'notBeforeMs' | 'expiresAtMs'>,
  nowMs: number,
): boolean {
  return nowMs < expiresAtMs && notBeforeMs <= nowMs + maxClockDifferenceMs
}

/** Creates the issuer and verifier of ACR tokens, which have their own key ring. */
export function createAcrTokens({ keys, clock }: { readonly keys: KeyRing; readonly clock: Clock }): AcrTokens {
  // Until it expires, only the key of a verified refresh token is checked again. The callers check its credential.
  const refreshTokens = new LRUCache<string, VerifiedAcrToken>(maxEntries(maxRefreshTokens))

  function signed(key: SigningKey, prepared: PreparedToken): IssuedToken {
    const { lifeSeconds, notAfterMs, claims, ownClaims } = prepared
    const issuedAtMs = clock.now()
    const issuedAt = Math.floor(issuedAtMs / 1000)
    const limit = notAfterMs === undefined ? Infinity : Math.floor(notAfterMs / 1000)
    const expiresAt = Math.min(issuedAt + lifeSeconds, limit)
    const tokenClaims = `"jti":"${randomUUID()}","nbf":${issuedAt},"exp":${expiresAt},"iat":${issuedAt}`
    const token = signCompact(key, `{${tokenClaims},${claims},"acrux":{${ownClaims}}}`)
    if (token.length > maxTokenLength) throw new TokenTooLongError('the requested access does not fit into one token')
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
      narrowedTo: claims.acrux.narrowedTo,
      deletionsSeen: claims.acrux.deletions,
      notBeforeMs: claims.nbf * 1000,
      expiresAtMs: claims.exp * 1000,
      keyId,
    }
  }

  const keyStands = async (keyId: string) => (await keys.verifier(keyId)) !== undefined

  const issuePrepared = async (prepared: PreparedToken) => signed(await keys.current(), prepared)

  return {
    issue: (kind, options) => issuePrepared(prepareToken(kind, options)),
    issuePrepared,
    keyStands,
    verify: async (kind, token, registry) => {
      if (!mayBeAcrToken(token)) return undefined
      // The gate caches access tokens by their header.
      if (kind === 'access_token') return check(kind, token, registry)
      const { rid, tokenGeneration, loginServer } = registry
      const key = `${rid} ${tokenGeneration} ${loginServer} ${hash('sha256', token, 'base64')}`
      const known = refreshTokens.get(key)
      if (known !== undefined && isValidAt(known, clock.now())) {
        return (await keyStands(known.keyId)) ? known : undefined
      }
      const verified = await check(kind, token, registry)
      if (verified !== undefined) refreshTokens.set(key, verified)
      return verified
    },
  }
}

/**
 * Signs a compact JWS over ASCII [RFC 7515 §7.1]. `jose` signs through WebCrypto, which takes more than twice the processor
 * time of the signature itself. Verification always uses `jose`.
 */
function signCompact({ kid, keyObject }: SigningKey, payload: string): string {
  const header = `{"alg":"${algorithm}","typ":"JWT","kid":"${kid}"}`
  const input = `${base64url(header)}.${base64url(payload)}`
  // The one-shot `sign` is slower: it creates a job, as for another thread.
  const signer = createSign('sha256').update(input, 'latin1')
  return `${input}.${signer.sign({ key: keyObject, dsaEncoding: 'ieee-p1363' }, 'base64url')}`
}

function base64url(ascii: string): string {
  return Buffer.from(ascii, 'latin1').toString('base64url')
}

async function verifiedClaims(
  token: string,
  registry: Registry,
  keys: KeyRing,
  clock: Clock,
): Promise<{ readonly claims: Claims; readonly keyId: string } | undefined> {
  try {
    // The key is found by its id in our own key ring. Nothing else in the header is used.
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

/** The key id of a token is unknown. */
export class UnknownKeyError extends Error {}

/** The public key with an id. @throws UnknownKeyError */
export async function requireVerifier(keys: KeyRing, kid: string | undefined) {
  const key = kid === undefined || kid.length > 64 ? undefined : await keys.verifier(kid)
  if (key === undefined) throw new UnknownKeyError('no signing key has this id')
  return key
}
