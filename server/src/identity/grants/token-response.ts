import type { AccessToken } from '../tokens/access-token.ts'

/** One second less than the lifetime, so that no client uses a token in its last second. [Entra, client credentials flow] */
function expiresInSeconds({ issuedAtSeconds, expiresAtSeconds }: AccessToken): number {
  return Math.max(0, expiresAtSeconds - issuedAtSeconds - 1)
}

/** The token response of version 2. [RFC 6749 §5.1] */
export function tokenResponseV2(issued: AccessToken) {
  const seconds = expiresInSeconds(issued)
  return { token_type: 'Bearer', expires_in: seconds, ext_expires_in: seconds, access_token: issued.token }
}

/** The token response of version 1, in which numbers are strings. */
export function tokenResponseV1(issued: AccessToken, resource: string) {
  const seconds = String(expiresInSeconds(issued))
  return {
    token_type: 'Bearer',
    expires_in: seconds,
    ext_expires_in: seconds,
    expires_on: String(issued.expiresAtSeconds),
    not_before: String(issued.issuedAtSeconds),
    resource,
    access_token: issued.token,
  }
}
