import type { ExternalAssertion } from '../../credentials/index.ts'
import type { SigningPrincipal } from '../../directory/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'

/**
 * Authenticates the sender of a request by its `Authorization` header; undefined if that fails. The token of a request that
 * `isUnderWay` may have expired since it was accepted.
 */
export type GraphAuthenticate = (
  authorization: string | undefined,
  isUnderWay: boolean,
) => Promise<GraphSender | undefined>

/** The sender of a request, and the credential that their token was issued for. */
export type GraphSender = { readonly principal: SigningPrincipal; readonly credentialId?: string | undefined }

/** The consents of users. A port: another module stores them. */
export interface Consents {
  /** Returns at most `limit` consents: those of a user, those to an application, or those of a user to an application. */
  find(
    which: { readonly objectId?: string | undefined; readonly clientId?: string | undefined },
    limit: number,
  ): Promise<readonly Consent[]>
  /** Returns whether the consent existed. */
  withdraw(transaction: Transaction, consent: ConsentKey): Promise<boolean>
}

/** The consent of a user that an application acts for them at one resource. */
export type Consent = {
  readonly object_id: string
  readonly client_id: string
  readonly audience: string
  readonly given_at_ms: number
}

export type ConsentKey = Pick<Consent, 'object_id' | 'client_id' | 'audience'>

/** The name of an application that people sign in to. A port. Undefined for one that was deleted. */
export type FindClientName = (clientId: string) => Promise<string | undefined>

/** The outcomes of the test of a token of an external issuer. */
export const tokenTestOutcomes = [
  'matched',
  'issuer',
  'subject',
  'audience',
  'several',
  'disabled',
  'claims',
  'signature',
  'lifetime',
  'expired',
  'not-yet-valid',
  'no-times',
  'issuer-unavailable',
] as const

/** Tests a token for an application. A port. Undefined for a text that is not a token with an issuer and a subject. */
export type TestWorkloadToken = (
  text: string,
  appId: string,
) => Promise<
  { readonly outcome: (typeof tokenTestOutcomes)[number]; readonly assertion: ExternalAssertion } | undefined
>

/** A provider of the configuration at which people can sign in. */
export type IdentityProvider = {
  readonly name: string
  readonly displayName: string
  readonly kind: 'oidc' | 'entra'
  readonly issuer: string
  readonly clientId: string
  readonly allowedTenants: readonly string[]
  readonly requireGroup?: string | undefined
  readonly createUsers: boolean
  readonly signInHours: number
}
