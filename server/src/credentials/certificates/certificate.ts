import { X509Certificate, randomUUID } from 'node:crypto'
import type { CertificateRow } from '../records/rows.ts'

/** Shorter RSA keys can be factored. */
const minKeyBits = 2048

/** A certificate in the form of Graph's `keyCredentials`. */
export type KeyCredential = {
  readonly keyId: string | undefined
  readonly displayName: string | null
  readonly startsAtMs: number | undefined
  readonly expiresAtMs: number | undefined
  /** base64 of the DER, blanks and line ends allowed; null for the present certificate with this `keyId`. */
  readonly key: string | null
}

/** The certificate is unusable. The message is Graph's. */
export class UnusableCertificateError extends Error {
  override readonly name = 'UnusableCertificateError'
}

const base64Pattern = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * The row of a certificate that authenticates its holder: an RSA key of at least 2048 bits, with a lifetime within that of
 * the certificate.
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
    // Node also reads PEM, and ignores what follows the certificate. Only the bytes that were sent are stored.
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
