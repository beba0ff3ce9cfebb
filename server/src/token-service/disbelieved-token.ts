import { compactVerify, errors } from 'jose'
import type { PresentedToken } from '../identity/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { KeyRing } from '../platform/keys/key-ring.ts'
import type { Registry } from '../resources/index.ts'
import {
  type AcrTokenKind,
  UnknownKeyError,
  algorithm,
  mayBeAcrToken,
  parseClaims,
  requireVerifier,
  toCredential,
} from './acr-token.ts'
import type { Credential } from './credential.ts'

/** What is known of a token of ours that was not believed. */
export type DisbelievedToken = {
  /** The check that failed first; undefined where none of those of the token itself did. */
  readonly failure:
    | 'invalid-credential'
    | 'token-of-another-kind'
    | 'registry-was-made-again'
    | 'another-registry'
    | 'mode-was-switched'
    | 'credential-is-expired'
    | undefined
  /** To whom it was given, where that was at this very registry. */
  readonly credential: Credential | undefined
  /** What the token says of itself; absent where it is not of this registry. */
  readonly presented?: PresentedToken
}

/**
 * Looks once more at a token that was not believed, to tell why: only what we signed is believed to say anything. It is
 * asked when somebody was refused, and lets nobody in.
 */
export function createDisbelief({ keys, clock }: { readonly keys: KeyRing; readonly clock: Clock }) {
  return async (kinds: readonly AcrTokenKind[], token: string, registry: Registry): Promise<DisbelievedToken> => {
    const claims = await signedClaims(keys, token)
    if (claims === undefined) return { failure: 'invalid-credential', credential: undefined }
    if (claims.rid !== registry.rid) {
      // A registry that is made again has the name of the one before, and is another.
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
