import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { writeFileDurably } from '../files/durable-file.ts'
import type { AuthorityStore } from './authority-files.ts'
import type { CertificateHosts } from './certificate-hosts.ts'
import { issueAuthority, issueServerCertificate } from './issue.ts'
import { type KeyPair, readPemFile } from './key-pair.ts'
import { type NameConstraints, permitsHost, permittingHosts, readNameConstraints } from './name-constraints.ts'

const dayMs = 86_400_000

/** The number of days before an authority's expiry when the authority should be replaced. */
export const successionDays = 60

/** The certificate authority of this installation. The file `ca.pem` contains a copy of the certificate for clients. */
export class CertificateAuthority {
  readonly file: string
  #store: AuthorityStore
  #pair: KeyPair
  #certificate: X509Certificate
  #constraints: NameConstraints | undefined

  private constructor(file: string, store: AuthorityStore, pair: KeyPair) {
    this.file = file
    this.#store = store
    this.#pair = pair
    this.#certificate = new X509Certificate(pair.cert)
    this.#constraints = readNameConstraints(this.#certificate)
  }

  /**
   * Opens the authority in a store, and writes `ca.pem` in `directory`. If the store contains no authority, creates an
   * authority that is constrained to `hosts`.
   *
   * @throws CertificateError if the key is malformed or readable by other users. Clients would not trust a new
   * authority, so the operator must decide
   */
  static async open(
    { store, directory }: { readonly store: AuthorityStore; readonly directory: string },
    hosts: CertificateHosts,
    nowMs: number,
  ): Promise<CertificateAuthority> {
    const pair =
      (await store.read()) ?? (await store.replace(undefined, await issueAuthority(nowMs, permittingHosts(hosts))))
    const authority = new CertificateAuthority(join(directory, 'ca.pem'), store, pair)
    if ((await readPemFile(authority.file).catch(() => '')) !== pair.cert) await authority.#publish()
    return authority
  }

  /** The authority's certificate in PEM, which clients must trust. */
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

  /** When the authority becomes valid, in milliseconds since the epoch. */
  get startsAtMs(): number {
    return this.#certificate.validFromDate.getTime()
  }

  /** The SHA-256 fingerprint of the certificate, as hexadecimal pairs separated by colons. */
  get fingerprint(): string {
    return this.#certificate.fingerprint256
  }

  /** Whether the authority expires soon. */
  isOutlived(nowMs: number): boolean {
    return this.expiresAtMs - nowMs < successionDays * dayMs
  }

  /** Whether clients accept this authority's certificates for a host. An authority without constraints permits all hosts. */
  permits(host: string): boolean {
    return this.#constraints === undefined || permitsHost(this.#constraints, host)
  }

  /** Replaces this authority with a new one for `hosts`, which clients must then trust. */
  async succeed(hosts: CertificateHosts, nowMs: number): Promise<void> {
    await this.#use(await this.#store.replace(this.#pair, await issueAuthority(nowMs, permittingHosts(hosts))))
  }

  /** Uses the stored authority, if another server has replaced the authority. */
  async refresh(): Promise<void> {
    if (!this.#store.isShared) return
    const stored = await this.#store.read()
    if (stored !== undefined && stored.cert !== this.#pair.cert) await this.#use(stored)
  }

  /** Signs a server certificate with a new key for these hosts. */
  issue(hosts: CertificateHosts, nowMs: number): Promise<KeyPair> {
    return issueServerCertificate(this.#pair, hosts, nowMs)
  }

  async #use(pair: KeyPair): Promise<void> {
    this.#pair = pair
    this.#certificate = new X509Certificate(pair.cert)
    this.#constraints = readNameConstraints(this.#certificate)
    await this.#publish()
  }

  async #publish(): Promise<void> {
    await writeFileDurably(this.file, this.#pair.cert, 0o644)
  }
}
