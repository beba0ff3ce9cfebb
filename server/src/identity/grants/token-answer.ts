import type { AccessToken } from '../access-token.ts'

/** One second less, so that no client uses a token in its last one. [Entra, client credentials flow] */
function expiresInSeconds({ issuedAtSeconds, expiresAtSeconds }: AccessToken): number {
  return Math.max(0, expiresAtSeconds - issuedAtSeconds - 1)
}

/** The answer of version 2 of the protocol. [RFC 6749 §5.1] */
export function answerV2(issued: AccessToken) {
  const seconds = expiresInSeconds(issued)
  return { token_type: 'Bearer', expires_in: seconds, ext_expires_in: seconds, access_token: issued.token }
}

/** The answer of version 1, in which numbers are strings. */
export function answerV1(issued: AccessToken, resource: string) {
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
