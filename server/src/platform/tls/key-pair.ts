import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { open } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'

/** A certificate with its chain, and the private key, both in PEM. */
export type KeyPair = { readonly cert: string; readonly key: string }

/** A pair that a TLS server can use, and the first certificate in the chain. */
export type UsablePair = KeyPair & { readonly leaf: X509Certificate }

/** A TLS certificate or its key is missing or malformed, or the certificate and the key do not match. */
export class CertificateError extends StartupError {
  override readonly name = 'CertificateError'
  constructor(message: string, nextStep: string, options?: ErrorOptions) {
    super(message, exitCodes.unusableCertificate, nextStep, options)
  }
}

const largestFileBytes = 1_048_576

/** Reads a PEM file. @throws CertificateError if the file is unreadable */
export async function readPemFile(file: string): Promise<string> {
  try {
    const handle = await open(file, 'r')
    try {
      const stats = await handle.stat()
      if (!stats.isFile() || stats.size > largestFileBytes) {
        throw new CertificateError(`${file} is not a PEM file`, 'use a PEM file with a certificate or a key')
      }
      return await handle.readFile('utf8')
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof CertificateError) throw error
    throw new CertificateError(
      `${file} cannot be read: ${plainReason(error)}`,
      'make the file readable for the user that runs the server',
      { cause: error },
    )
  }
}

/**
 * Reads a certificate and its key. One file can contain both.
 * @throws CertificateError
 */
export async function readPair(certFile: string, keyFile: string): Promise<UsablePair> {
  const texts = { cert: await readPemFile(certFile), key: await readPemFile(keyFile) }
  return requireUsablePair(texts, certFile, keyFile)
}

/**
 * Checks that a certificate and a key match and can be used for TLS. `certName` and `keyName` are the names of the
 * files, for error messages. If one file contains both, the two texts can be the same.
 *
 * @throws CertificateError
 */
export function requireUsablePair(texts: KeyPair, certName: string, keyName: string): UsablePair {
  const cert = pemBlocks(texts.cert, /^CERTIFICATE$/)
  const leaf = parseCertificate(cert, certName)
  const key = pemBlocks(texts.key, /PRIVATE KEY$/)
  const privateKey = parsePrivateKey(key, keyName)
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new CertificateError(
      `the key ${keyName} does not belong to the first certificate in ${certName}`,
      'put the certificate of the server first, then the intermediate certificates, and use the key of the first certificate',
    )
  }
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    throw new CertificateError(
      `${certName} cannot be used for TLS: ${reasonOf(error)}`,
      'have the certificate reissued',
      {
        cause: error,
      },
    )
  }
  return { cert, key, leaf }
}

function parseCertificate(text: string, name: string): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch (error) {
    throw new CertificateError(
      `${name} contains no certificate in PEM form`,
      'convert the file with openssl x509 -outform pem',
      {
        cause: error,
      },
    )
  }
}

function parsePrivateKey(text: string, name: string): KeyObject {
  try {
    return createPrivateKey(text)
  } catch (error) {
    throw text.includes('ENCRYPTED')
      ? new CertificateError(`the key ${name} is encrypted`, 'decrypt the key: openssl pkey', { cause: error })
      : new CertificateError(
          `${name} contains no private key in PEM form`,
          'convert the file with openssl pkey -outform pem',
          {
            cause: error,
          },
        )
  }
}

function pemBlocks(text: string, kind: RegExp): string {
  const blocks = text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----(?:(?!-----)[\s\S])*-----END \1-----/g)
  return [...blocks]
    .flatMap(([block, label]) => (label !== undefined && kind.test(label) ? [`${block}\n`] : []))
    .join('')
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
