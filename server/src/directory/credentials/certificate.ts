import { X509Certificate, randomUUID } from 'node:crypto'
import type { CertificateRow } from '../tables.ts'

/** Shorter RSA keys can be factored. */
const leastKeyBits = 2048

/** A certificate as Graph's `keyCredentials` carry it, checked as far as its form goes. */
export type KeyCredential = {
  readonly keyId: string | undefined
  readonly displayName: string | null
  readonly startsAtMs: number | undefined
  readonly expiresAtMs: number | undefined
  /** base64 of the DER, blanks and line ends allowed; null where the certificate is already known by its `keyId`. */
  readonly key: string | null
}

/** What is wrong with a certificate, in the words of Graph. */
export class UnusableCertificateError extends Error {
  override readonly name = 'UnusableCertificateError'
}

const base64Pattern = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * The row of a certificate that may later prove its holder: an RSA key of 2048 bits or more, for a time within the
 * certificate's own.
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
  if (!base64Pattern.test(text)) throw new UnusableCertificateError('Key credential key is not base64.')
  const der = Buffer.from(text, 'base64')
  try {
    const certificate = new X509Certificate(der)
    // Node reads PEM as well, and goes on silently after the certificate; what is stored is exactly what was sent.
    if (!certificate.raw.equals(der)) throw new UnusableCertificateError('Key credential key is no DER certificate.')
    const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey
    if (asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) < leastKeyBits) {
      throw new UnusableCertificateError(`Key credential key must be RSA of at least ${leastKeyBits} bits.`)
    }
    return certificate
  } catch (error) {
    if (error instanceof UnusableCertificateError) throw error
    throw new UnusableCertificateError('Key credential key is no certificate.', { cause: error })
  }
}
