import { element, objectId } from './der.ts'

/** A certificate of a trust store, in DER, and the name under which the store lists it. */
export type TrustedCertificate = { readonly alias: string; readonly der: Uint8Array }

const tags = { integer: 0x02, octetString: 0x04, bmpString: 0x1e, sequence: 0x30, set: 0x31, explicit: 0xa0 }

const ids = {
  data: '1.2.840.113549.1.7.1',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  /** Java trusts only certificates with this attribute. */
  trustedKeyUsage: '2.16.840.1.113894.746875.1.1',
  anyExtendedKeyUsage: '2.5.29.37.0',
}

/**
 * Encodes a PKCS#12 store of trusted certificates for Java. The store contains no secret, so it is neither encrypted
 * nor authenticated. Java reads the store with any password and without a password. [RFC 7292; Java,
 * `sun.security.pkcs12.PKCS12KeyStore`]
 */
export function encodeTrustStore(certificates: readonly TrustedCertificate[]): Buffer {
  const version = element(tags.integer, Buffer.of(3))
  const bags = sequence(...certificates.map(bagOf))
  return sequence(version, dataInfo(sequence(dataInfo(bags))))
}

function bagOf({ alias, der }: TrustedCertificate): Buffer {
  const certificate = sequence(objectId(ids.x509Certificate), explicit(element(tags.octetString, der)))
  const name = Buffer.from(alias, 'utf16le').swap16()
  return sequence(
    objectId(ids.certificateBag),
    explicit(certificate),
    element(
      tags.set,
      attribute(ids.friendlyName, element(tags.bmpString, name)),
      attribute(ids.trustedKeyUsage, objectId(ids.anyExtendedKeyUsage)),
    ),
  )
}

function attribute(id: string, value: Buffer): Buffer {
  return sequence(objectId(id), element(tags.set, value))
}

function dataInfo(content: Buffer): Buffer {
  return sequence(objectId(ids.data), explicit(element(tags.octetString, content)))
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return element(tags.sequence, ...contents)
}

function explicit(content: Buffer): Buffer {
  return element(tags.explicit, content)
}
