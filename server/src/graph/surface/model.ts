import type { SigningPrincipal } from '../../directory/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'

/** Proves the sender of a request by its `Authorization` header; undefined for nobody. */
export type GraphAuthenticate = (authorization: string | undefined) => Promise<GraphSender | undefined>

/** Who sent a request, and by which credential their token was got. */
export type GraphSender = { readonly principal: SigningPrincipal; readonly credentialId?: string | undefined }

/** The consents of people, which another module keeps. */
export interface Consents {
  /** Those of a person, of an application or of both; at most `limit`. */
  find(
    which: { readonly objectId?: string | undefined; readonly clientId?: string | undefined },
    limit: number,
  ): Promise<readonly Consent[]>
  /** Whether there was one. */
  withdraw(transaction: Transaction, consent: ConsentKey): Promise<boolean>
}

/** What a person consented to: that an application may act for them at one resource. */
export type Consent = {
  readonly object_id: string
  readonly client_id: string
  readonly audience: string
  readonly given_at_ms: number
}

export type ConsentKey = Pick<Consent, 'object_id' | 'client_id' | 'audience'>
