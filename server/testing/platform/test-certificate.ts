import 'reflect-metadata'
import { X509Certificate } from 'node:crypto'
import { X509CertificateGenerator } from '@peculiar/x509'

/** A self-signed certificate in the format of az, for tests. */
export async function selfSignedCertificate(
  notBefore: Date,
  notAfter: Date,
  key: { readonly modulusLength: number } | 'P-256' = { modulusLength: 2048 },
) {
  const algorithm =
    key === 'P-256'
      ? { name: 'ECDSA', namedCurve: key, hash: 'SHA-256' }
      : {
          name: 'RSASSA-PKCS1-v1_5',
          hash: 'SHA-256',
          publicExponent: new Uint8Array([1, 0, 1]),
          modulusLength: key.modulusLength,
        }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '03e8',
    name: 'CN=CLI-Login',
    notBefore,
    notAfter,
    signingAlgorithm: algorithm,
    keys,
  })
  const der = Buffer.from(certificate.rawData)
  return {
    der,
    pem: certificate.toString('pem'),
    /** The lines of base64 that az reads from the PEM. */
    wrapped: der.toString('base64').replaceAll(/.{64}/g, '$&\n'),
    thumbprint: new X509Certificate(der).fingerprint.replaceAll(':', ''),
    privateKey: keys.privateKey,
  }
}
