import { assertionType, certificateAssertion } from './client-assertion.ts'
import type { HttpClient } from '../http/http.ts'
import { type TokenResponse, requestToken } from './token-request.ts'

/** How an application authenticates at the token endpoint. */
export type ClientCredential =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'certificate'; readonly file: string; readonly sendsChain: boolean }
  /** A token of an external issuer. */
  | { readonly kind: 'assertion'; readonly assertion: string }

/** A request for a token as an application. */
type ClientTokenRequest = {
  readonly clientId: string
  readonly scope: string
  readonly credential: ClientCredential
}

/** Requests a token as an application. [RFC 6749 §4.4] @throws TokenDenied if the endpoint denies it */
export async function requestClientToken(
  http: HttpClient,
  url: string,
  { clientId, scope, credential }: ClientTokenRequest,
): Promise<TokenResponse> {
  const form = { client_id: clientId, grant_type: 'client_credentials', scope }
  if (credential.kind === 'secret') return requestToken(http, url, { ...form, client_secret: credential.secret })
  const assertion =
    credential.kind === 'assertion' ? credential.assertion : await certificateAssertion(credential, clientId, url)
  return requestToken(http, url, { ...form, client_assertion_type: assertionType, client_assertion: assertion })
}
