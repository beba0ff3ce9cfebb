import { compactVerify, errors } from 'jose'
import type { PresentedToken } from '../../identity/index.ts'
import type { KeyRing } from '../../platform/keys/key-ring.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Registry } from '../../resources/index.ts'
import { type AcrTokenKind, parseClaims, toCredential } from '../tokens/acr-token-claims.ts'
import { UnknownKeyError, algorithm, mayBeAcrToken, requireVerifier } from '../tokens/acr-token.ts'
import type { Credential } from '../tokens/credential.ts'

/** Why an ACR token was rejected. */
export type RejectedAcrToken = {
  /** The first check of the token that failed; undefined if only its credential is no longer valid. */
  readonly failure:
    | 'invalid-credential'
    | 'token-of-another-kind'
    | 'registry-was-made-again'
    | 'another-registry'
    | 'mode-was-switched'
    | 'credential-is-expired'
    | undefined
  /** The credential that the token was issued for, if it is a token of this registry. */
  readonly credential: Credential | undefined
  /** The claims of the token, if it is a token of this registry. */
  readonly presented?: PresentedToken
}

/**
 * Creates the explanation of rejected ACR tokens, of any of the accepted kinds. It verifies the signature again before it
 * reads a claim. Called only on denial; it never accepts a token.
 */
export function createRejectedAcrTokens({ keys, clock }: { readonly keys: KeyRing; readonly clock: Clock }) {
  return async (kinds: readonly AcrTokenKind[], token: string, registry: Registry): Promise<RejectedAcrToken> => {
    const claims = await signedClaims(keys, token)
    if (claims === undefined) return { failure: 'invalid-credential', credential: undefined }
    if (claims.rid !== registry.rid) {
      // A registry that is deleted and created again keeps its name, and gets another rid.
      const failure = claims.aud === registry.loginServer ? 'registry-was-made-again' : 'another-registry'
      return { failure, credential: undefined }
    }
    const credential = toCredential(claims.acrux.credential, claims.sub)
    const presented = { issuer: registry.loginServer, subject: claims.sub, expiresAtMs: claims.exp * 1000 }
    if (!kinds.includes(claims.grant_type)) return { failure: 'token-of-another-kind', credential, presented }
    if (claims.acrux.generation !== registry.tokenGeneration)
      return { failure: 'mode-was-switched', credential, presented }
    const isExpired = clock.now() >= claims.exp * 1000
    return { failure: isExpired ? 'credential-is-expired' : undefined, credential, presented }
  }
}

export type ExplainRejectedAcrToken = ReturnType<typeof createRejectedAcrTokens>

async function signedClaims(keys: KeyRing, token: string) {
  if (!mayBeAcrToken(token)) return undefined
  try {
    const verifier = ({ kid }: { readonly kid?: string }) => requireVerifier(keys, kid)
    const { payload } = await compactVerify(token, verifier, { algorithms: [algorithm] })
    return parseClaims(JSON.parse(Buffer.from(payload).toString()))
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof UnknownKeyError) return undefined
    throw error
  }
}
