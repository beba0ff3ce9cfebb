import { X509Certificate } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileDurably } from '../files/durable-file.ts'
import type { CertificateHosts } from './certificate-hosts.ts'
import { issueAuthority, issueServerCertificate } from './issue.ts'
import { CertificateError, type KeyPair, readPemFile, requireUsablePair } from './key-pair.ts'
import { type NameConstraints, permitsHost, readNameConstraints } from './name-constraints.ts'

const dayMs = 86_400_000

/** How many days before its expiry an authority should be replaced. */
export const successionDays = 60

/**
 * The certificate authority of this installation. `ca.key` contains its key and its certificate, so that both are written in
 * one step. `ca.pem` is the copy of the certificate for clients.
 */
export class CertificateAuthority {
  readonly file: string
  #keyFile: string
  #pair: KeyPair
  #certificate: X509Certificate
  #constraints: NameConstraints | undefined

  private constructor(directory: string, pair: KeyPair) {
    this.file = join(directory, 'ca.pem')
    this.#keyFile = join(directory, 'ca.key')
    this.#pair = pair
    this.#certificate = new X509Certificate(pair.cert)
    this.#constraints = readNameConstraints(this.#certificate)
  }

  /**
   * Opens the authority in `directory`, or creates one there that is constrained to `hosts`.
   *
   * @throws CertificateError if its key is malformed or readable by others: clients would not trust a new one, so the
   * operator must decide
   */
  static async open(directory: string, hosts: CertificateHosts, nowMs: number): Promise<CertificateAuthority> {
    const existing = await readAuthority(join(directory, 'ca.key'), join(directory, 'ca.pem'))
    const authority = new CertificateAuthority(directory, existing ?? (await issueAuthority(nowMs, hosts)))
    if (existing === undefined) await authority.#save()
    else if ((await readPemFile(authority.file).catch(() => '')) !== existing.cert) await authority.#publish()
    return authority
  }

  /** The certificate in PEM, which clients must trust. */
  get pem(): string {
    return this.#pair.cert
  }

  /** Whether a certificate was signed by the current key of this authority. */
  signed(certificate: X509Certificate): boolean {
    return certificate.checkIssued(this.#certificate) && certificate.verify(this.#certificate.publicKey)
  }

  /** When the authority expires, in milliseconds since the epoch. */
  get expiresAtMs(): number {
    return this.#certificate.validToDate.getTime()
  }

  /** The SHA-256 fingerprint of the certificate, as hexadecimal pairs separated by colons. */
  get fingerprint(): string {
    return this.#certificate.fingerprint256
  }

  /** Whether the authority is about to expire. */
  isOutlived(nowMs: number): boolean {
    return this.expiresAtMs - nowMs < successionDays * dayMs
  }

  /** Whether clients accept this authority's certificates for a host. An authority without constraints permits all hosts. */
  permits(host: string): boolean {
    return this.#constraints === undefined || permitsHost(this.#constraints, host)
  }

  /** Replaces this authority with a new one for `hosts`, which clients must then trust. */
  async succeed(hosts: CertificateHosts, nowMs: number): Promise<void> {
    this.#pair = await issueAuthority(nowMs, hosts)
    this.#certificate = new X509Certificate(this.#pair.cert)
    this.#constraints = readNameConstraints(this.#certificate)
    await this.#save()
  }

  /** Signs a server certificate with a new key for these hosts. */
  issue(hosts: CertificateHosts, nowMs: number): Promise<KeyPair> {
    return issueServerCertificate(this.#pair, hosts, nowMs)
  }

  async #save(): Promise<void> {
    await writeFileDurably(this.#keyFile, this.#pair.key + this.#pair.cert, 0o600)
    await this.#publish()
  }

  async #publish(): Promise<void> {
    await writeFileDurably(this.file, this.#pair.cert, 0o644)
  }
}

const replaceIt =
  'restore it from a backup; or delete ca.key and ca.pem to create a new authority, which clients must trust'

async function readAuthority(keyFile: string, certFile: string): Promise<KeyPair | undefined> {
  const mode = await modeOf(keyFile)
  if (mode === undefined) {
    if ((await modeOf(certFile)) === undefined) return undefined
    throw new CertificateError(`the authority's key ${keyFile} is missing`, replaceIt)
  }
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new CertificateError(
      `the authority's key ${keyFile} can be accessed by other users`,
      `if nobody has read it, run chmod 600 ${keyFile}`,
    )
  }
  const text = await readPemFile(keyFile)
  try {
    const { cert, key } = requireUsablePair({ cert: text, key: text }, keyFile, keyFile)
    return { cert, key }
  } catch (error) {
    throw new CertificateError(`the authority's key ${keyFile} is malformed`, replaceIt, { cause: error })
  }
}

async function modeOf(file: string): Promise<number | undefined> {
  return (await stat(file, { throwIfNoEntry: false }))?.mode
}
