import { X509Certificate, randomUUID } from 'node:crypto'
import type { CertificateRow } from '../records/rows.ts'

/** Attackers can factor shorter RSA keys. */
const minKeyBits = 2048

/** A certificate in the form of Graph's `keyCredentials`. */
export type KeyCredential = {
  readonly keyId: string | undefined
  readonly displayName: string | null
  readonly startsAtMs: number | undefined
  readonly expiresAtMs: number | undefined
  /** The base64 text of the DER, in which blanks and line ends are allowed. Null keeps the stored certificate with this `keyId`. */
  readonly key: string | null
}

/** The certificate is unusable. The message is the message of Microsoft Graph. */
export class UnusableCertificateError extends Error {
  override readonly name = 'UnusableCertificateError'
}

const base64Pattern = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * Creates the row of a certificate. The certificate must have an RSA key of at least 2048 bits, and the credential is valid only while the
 * certificate is valid.
 *
 * @throws UnusableCertificateError
 */
export function makeCertificate(
  holder: { readonly holderId: string; readonly appId: string },
  credential: KeyCredential & { readonly key: string },
): CertificateRow {
  const certificate = readCertificate(credential.key)
  const validFromMs = certificate.validFromDate.getTime()
  const validToMs = certificate.validToDate.getTime()
  const startsAtMs = credential.startsAtMs ?? validFromMs
  const expiresAtMs = credential.expiresAtMs ?? validToMs
  if (expiresAtMs > validToMs) throw new UnusableCertificateError('Key credential end date is invalid.')
  if (startsAtMs < validFromMs) throw new UnusableCertificateError('Key credential start date is invalid.')
  return {
    id: randomUUID(),
    holder_id: holder.holderId,
    app_id: holder.appId,
    key_id: credential.keyId ?? randomUUID(),
    display_name: credential.displayName,
    thumbprint: certificate.fingerprint.replaceAll(':', ''),
    starts_at_ms: startsAtMs,
    expires_at_ms: expiresAtMs,
    der: certificate.raw,
  }
}

function readCertificate(key: string): X509Certificate {
  const text = key.replaceAll(/\s+/g, '')
  if (!base64Pattern.test(text)) throw new UnusableCertificateError('The key of the key credential is not base64.')
  const der = Buffer.from(text, 'base64')
  try {
    const certificate = new X509Certificate(der)
    // Node also reads PEM, and ignores the text after the certificate. The server stores only the bytes that the client sent.
    if (!certificate.raw.equals(der))
      throw new UnusableCertificateError('The key of the key credential is not a DER certificate.')
    const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey
    if (asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) < minKeyBits) {
      throw new UnusableCertificateError(
        `The key of the key credential must be an RSA key of at least ${minKeyBits} bits.`,
      )
    }
    return certificate
  } catch (error) {
    if (error instanceof UnusableCertificateError) throw error
    throw new UnusableCertificateError('The key of the key credential is not a certificate.', { cause: error })
  }
}
