import { readFile } from 'node:fs/promises'
import { rootCertificates } from 'node:tls'

/** The files in which operating systems store all certificates that they trust: Debian and Alpine, Fedora, openSUSE, macOS. */
const systemFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

/**
 * The certificates that this system trusts, as PEM, or the certificates of Node. Reading a file is much faster than reading Node's list.
 */
export async function trustedRoots(): Promise<string> {
  for (const file of systemFiles) {
    const text = await readFile(file, 'utf8').catch(() => '')
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text.endsWith('\n') ? text : `${text}\n`
  }
  return `${rootCertificates.join('\n')}\n`
}
