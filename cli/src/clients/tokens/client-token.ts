import { X509Certificate, constants, createHash, createPrivateKey, randomUUID, sign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { failure } from '../../framework/command/failure.ts'
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

/** The type of every client assertion. [RFC 7523 §2.2] */
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const lifetimeSeconds = 600

const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * A client assertion, signed with the key in a PEM file that also contains the certificate. With `sendsChain`, the
 * assertion contains the certificates, for applications that trust a subject and an issuer. [RFC 7523 §3; RFC 7515
 * §4.1.6, §4.1.8]
 *
 * @throws CommandFailure if the file cannot be used
 */
async function certificateAssertion(
  { file, sendsChain }: { readonly file: string; readonly sendsChain: boolean },
  clientId: string,
  tokenUrl: string,
): Promise<string> {
  try {
    const pem = await readFile(file, 'utf8')
    const certificates = (pem.match(certificatePattern) ?? []).map((each) => new X509Certificate(each))
    const [certificate] = certificates
    if (certificate === undefined) throw new Error('the file contains no certificate')
    const key = createPrivateKey(pem)
    const header = {
      alg: 'PS256',
      typ: 'JWT',
      'x5t#S256': createHash('sha256').update(certificate.raw).digest('base64url'),
      ...(sendsChain && { x5c: certificates.map(({ raw }) => raw.toString('base64')) }),
    }
    const issuedAt = Math.floor(Date.now() / 1000)
    const claims = {
      aud: tokenUrl,
      iss: clientId,
      sub: clientId,
      jti: randomUUID(),
      iat: issuedAt,
      nbf: issuedAt,
      exp: issuedAt + lifetimeSeconds,
    }
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const input = `${encode(header)}.${encode(claims)}`
    const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    return `${input}.${sign('sha256', Buffer.from(input), options).toString('base64url')}`
  } catch (error) {
    throw failure(
      `the certificate file ${file} cannot be used: ${plainReason(error)}`,
      'use a PEM file with an RSA key and the certificate of this key',
      error,
    )
  }
}
