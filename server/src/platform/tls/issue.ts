import { type KeyObject, createPrivateKey, randomBytes } from 'node:crypto'
import type { CertificateHosts } from './certificate-hosts.ts'
import type { KeyPair } from './key-pair.ts'
import { type NameConstraints, encodeNameConstraints, nameConstraintsId } from './name-constraints.ts'

const dayMs = 86_400_000

/** The maximum time by which the clocks of clients may be behind. */
const backdatedMs = 3_600_000
const authorityDays = 3650

/**
 * The lifetime of a server certificate. Clients reject certificates with more than 398 days. [CA/Browser Forum Baseline
 * Requirements §6.3.2]
 */
const serverDays = 396

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/**
 * Creates a certificate authority for ten years, which may sign only server certificates. If `permitted` is set,
 * clients accept the authority's certificates only for these names, their subdomains and these networks. The authority
 * has all extensions that strict verifiers require. [RFC 5280 §4.2.1; openssl verify -x509_strict]
 */
export async function issueAuthority(nowMs: number, permitted?: NameConstraints): Promise<KeyPair> {
  const x509 = await loadX509()
  const keys = await crypto.subtle.generateKey(ecdsa, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(),
    name: `CN=Acrux CA ${randomBytes(8).toString('hex')}`,
    notBefore: new Date(nowMs - backdatedMs),
    notAfter: new Date(nowMs + authorityDays * dayMs),
    signingAlgorithm: ecdsa,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...(permitted === undefined
        ? []
        : [new x509.Extension(nameConstraintsId, true, Uint8Array.from(encodeNameConstraints(permitted)).buffer)]),
    ],
  })
  return { cert: pem(certificate.toString('pem')), key: await exportKey(keys.privateKey) }
}

/**
 * Creates a server certificate with a new key for `hosts`. The authority, which has an RSA or EC key, signs the
 * certificate. The certificate expires no later than the authority.
 */
export async function issueServerCertificate(
  authority: KeyPair,
  hosts: CertificateHosts,
  nowMs: number,
): Promise<KeyPair> {
  const x509 = await loadX509()
  const issuer = new x509.X509Certificate(authority.cert)
  const signer = createPrivateKey(authority.key)
  const signingAlgorithm = signingAlgorithmOf(signer)
  const keys = await crypto.subtle.generateKey(ecdsa, true, ['sign', 'verify'])
  const names = [
    ...hosts.dnsNames.map((value) => ({ type: 'dns', value }) as const),
    ...hosts.addresses.map((value) => ({ type: 'ip', value }) as const),
  ]
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject: 'CN=Acrux server',
    issuer: issuer.subjectName,
    notBefore: new Date(nowMs - backdatedMs),
    notAfter: new Date(Math.min(nowMs + serverDays * dayMs, issuer.notAfter.getTime())),
    signingAlgorithm,
    publicKey: keys.publicKey,
    signingKey: signer.toCryptoKey(signingAlgorithm, false, ['sign']),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      new x509.SubjectAlternativeNameExtension(names),
    ],
  })
  return { cert: pem(certificate.toString('pem')), key: await exportKey(keys.privateKey) }
}

const namedCurves: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }

function signingAlgorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject) {
  if (asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  return { ...ecdsa, namedCurve: namedCurves[asymmetricKeyDetails?.namedCurve ?? ''] ?? ecdsa.namedCurve }
}

/**
 * Creates an RSA key and a self-signed certificate for this key. A program can authenticate with such a certificate.
 */
export async function issueSelfSigned(name: string, notBefore: Date, notAfter: Date): Promise<KeyPair> {
  const x509 = await loadX509()
  const rsa = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  }
  const keys = await crypto.subtle.generateKey(rsa, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(),
    name,
    notBefore,
    notAfter,
    signingAlgorithm: rsa,
    keys,
  })
  return { cert: pem(certificate.toString('pem')), key: await exportKey(keys.privateKey) }
}

/** Creates a key for a host, and a certificate request for the host in DER. [RFC 2986] */
export async function issueCertificateRequest(
  host: string,
): Promise<{ readonly request: Buffer; readonly key: string }> {
  const x509 = await loadX509()
  const keys = await crypto.subtle.generateKey(ecdsa, true, ['sign', 'verify'])
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: ecdsa,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
  })
  return { request: Buffer.from(request.rawData), key: await exportKey(keys.privateKey) }
}

const challengeDays = 7
/** The object identifier of the extension id-pe-acmeIdentifier. [RFC 8737 §6.1] */
const acmeIdentifierId = '1.3.6.1.5.5.7.1.31'

/** Creates the self-signed certificate that proves the control of a host to an ACME provider. [RFC 8737 §3] */
export async function issueChallengeCertificate(host: string, digest: Uint8Array, nowMs: number): Promise<KeyPair> {
  const x509 = await loadX509()
  const keys = await crypto.subtle.generateKey(ecdsa, true, ['sign', 'verify'])
  const octetString = Uint8Array.of(0x04, digest.length, ...digest)
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(),
    name: 'CN=Acrux ACME challenge',
    notBefore: new Date(nowMs - backdatedMs),
    notAfter: new Date(nowMs + challengeDays * dayMs),
    signingAlgorithm: ecdsa,
    keys,
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
      new x509.Extension(acmeIdentifierId, true, octetString.buffer),
    ],
  })
  return { cert: pem(certificate.toString('pem')), key: await exportKey(keys.privateKey) }
}

/**
 * Loads the library for certificates. The library is loaded only when a certificate is issued, because loading takes a
 * tenth of a second.
 */
async function loadX509() {
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

/** A serial number is positive and has at most 20 bytes. [RFC 5280 §4.1.2.2] */
function newSerialNumber(): string {
  const serial = randomBytes(16)
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0)
  return serial.toString('hex')
}

async function exportKey(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key))
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' })
}

function pem(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}
