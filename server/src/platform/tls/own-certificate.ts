import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../process/clock.ts'
import { makePrivateDirectory, writeFileDurably } from '../files/durable-file.ts'
import type { Log } from '../log/log.ts'
import { type AuthorityStore, createAuthorityFiles } from './authority-files.ts'
import { CertificateAuthority } from './certificate-authority.ts'
import { alternativeNames, certificateCovers, requireCertificateHost, sortHosts } from './certificate-hosts.ts'
import { CertificateError, readPair, requireUsablePair, type UsablePair } from './key-pair.ts'
import { WatchedPair } from './watched-pair.ts'

const dayMs = 86_400_000
const renewalDays = 30
const alwaysHosts = ['localhost', '127.0.0.1', '::1']

/** The hosts and settings of the server's own certificate and its authority. */
export type OwnCertificateOptions = {
  readonly clock: Clock
  readonly log: Log
  readonly checkEverySeconds: number
  /** The hosts that the certificate must cover. A new authority is constrained to these hosts. */
  readonly hosts: readonly string[]
  /** Further hosts, which the certificate covers if the authority permits them. */
  readonly hostsWherePermitted: readonly string[]
  /** Whether to replace the authority with a new one. */
  readonly renewAuthority: boolean
  /** The place where the authority is stored. Default: files. */
  readonly authorityStore?: AuthorityStore | undefined
}

/**
 * The certificate that the server creates for itself, in `directory`. The file `server.pem` contains the certificate
 * and its key. The authority in `ca.pem` signs the certificate. The certificate is reissued if hosts are missing, or if
 * it expires within 30 days.
 */
export class OwnCertificate {
  readonly caFile: string
  /** The SHA-256 fingerprint of the authority, if `renewAuthority` created it. */
  readonly renewedAuthority: string | undefined
  readonly watched: WatchedPair
  readonly #issuer: Issuer
  readonly #file: string

  private constructor(issuer: Issuer, file: string, pair: UsablePair, options: OwnCertificateOptions) {
    const { log, checkEverySeconds, renewAuthority } = options
    this.caFile = issuer.authority.file
    this.renewedAuthority = renewAuthority ? issuer.authority.fingerprint : undefined
    this.#issuer = issuer
    this.#file = file
    const check = (current: UsablePair) => this.#renew(current)
    this.watched = new WatchedPair(pair, { certFile: file, keyFile: file, log, checkEverySeconds, check })
  }

  /**
   * Opens the certificate and the authority in `directory`, and creates missing files.
   *
   * @throws CertificateError if the authority does not permit one of the hosts
   */
  static async open(directory: string, options: OwnCertificateOptions): Promise<OwnCertificate> {
    const { clock, log, hosts, hostsWherePermitted, renewAuthority } = options
    await makePrivateDirectory(directory)
    const all = [...alwaysHosts, ...hosts, ...hostsWherePermitted].map((host) => requireCertificateHost(host))
    const store = options.authorityStore ?? createAuthorityFiles(directory)
    const authority = await CertificateAuthority.open({ store, directory }, sortHosts(all), clock.now())
    const issuer = new Issuer(authority, clock, log, all)
    if (renewAuthority) await issuer.renewAuthority()
    else await issuer.succeedExpired()
    issuer.want(hosts, hostsWherePermitted)
    const file = join(directory, 'server.pem')
    const existing = await readOwn(file, log)
    const pair = (await issuer.renewed(existing, file)) ?? existing
    if (pair === undefined) throw new Error('no certificate was issued')
    return new OwnCertificate(issuer, file, pair, options)
  }

  /** The certificate of the authority, in PEM. */
  authorityPem(): string {
    return this.#issuer.authority.pem
  }

  /** When the authority expires, in milliseconds since the epoch. */
  authorityExpiresAtMs(): number {
    return this.#issuer.authority.expiresAtMs
  }

  /**
   * Adds these hosts to the certificate before the promise resolves.
   *
   * @throws CertificateError if the authority does not permit one of `hosts`
   */
  async ensureHosts(hosts: readonly string[], hostsWherePermitted: readonly string[]): Promise<void> {
    this.#issuer.want(hosts, hostsWherePermitted)
    await this.watched.inTurn(() => this.#renew(this.watched.pair))
  }

  async #renew(current: UsablePair): Promise<void> {
    const renewed = await this.#issuer.renewed(current, this.#file)
    if (renewed !== undefined) this.watched.replace(renewed)
  }
}

class Issuer {
  readonly authority: CertificateAuthority
  readonly #clock: Clock
  readonly #log: Log
  readonly #wanted = new Set(alwaysHosts)
  /** Further hosts that a new authority permits, in addition to the wanted hosts. */
  readonly #known: readonly string[]
  readonly #leftOut = new Set<string>()
  #warnedOf = 0

  constructor(authority: CertificateAuthority, clock: Clock, log: Log, known: readonly string[]) {
    this.authority = authority
    this.#clock = clock
    this.#log = log
    this.#known = known
  }

  want(hosts: readonly string[], hostsWherePermitted: readonly string[]): void {
    const required = hosts.map((text) => requireCertificateHost(text))
    const outside = required.filter((host) => !this.authority.permits(host))
    if (outside.length > 0) {
      throw new CertificateError(
        `the certificate authority ${this.authority.file} does not permit ${outside.join(', ')}`,
        'restore the previous hosts, or create a new certificate authority with acrux serve --renew-ca, and make all clients trust the new certificate authority',
      )
    }
    const further = hostsWherePermitted.map((text) => requireCertificateHost(text))
    const leftOut = further.filter((host) => !this.authority.permits(host) && !this.#leftOut.has(host))
    if (leftOut.length > 0) {
      for (const host of leftOut) this.#leftOut.add(host)
      this.#log.warn(
        { caFile: this.authority.file, hosts: leftOut },
        'the certificate does not cover these hosts, because the certificate authority does not permit the hosts; --renew-ca creates a new certificate authority',
      )
    }
    for (const host of [...required, ...further]) if (this.authority.permits(host)) this.#wanted.add(host)
  }

  /** Replaces the authority with a new one. */
  async renewAuthority(): Promise<void> {
    await this.authority.succeed(sortHosts([...this.#known, ...this.#wanted]), this.#clock.now())
    this.#log.warn(
      { caFile: this.authority.file, fingerprint: this.authority.fingerprint },
      'created a new certificate authority, which all clients must trust',
    )
  }

  /** Replaces an expired authority. Logs a warning if the authority expires soon, or is not valid yet. */
  async succeedExpired(): Promise<void> {
    const nowMs = this.#clock.now()
    const { startsAtMs, expiresAtMs, file } = this.authority
    if (expiresAtMs <= nowMs) return this.renewAuthority()
    if (startsAtMs > nowMs && this.#warnedOf !== expiresAtMs) {
      this.#warnedOf = expiresAtMs
      this.#log.warn(
        { caFile: file, validFrom: new Date(startsAtMs).toISOString(), now: new Date(nowMs).toISOString() },
        'the certificate authority is not valid yet, so clients reject the server: set the clock of this machine, or create a new certificate authority with acrux serve --renew-ca',
      )
      return
    }
    if (!this.authority.isOutlived(nowMs) || this.#warnedOf === expiresAtMs) return
    this.#warnedOf = expiresAtMs
    this.#log.warn(
      { caFile: file, expires: new Date(expiresAtMs).toISOString() },
      'the certificate authority expires soon; --renew-ca creates a new certificate authority, which clients must trust',
    )
  }

  /** Reissues the pair. Returns undefined if `current` is sufficient. */
  async renewed(current: UsablePair | undefined, file: string): Promise<UsablePair | undefined> {
    await this.authority.refresh()
    await this.succeedExpired()
    const nowMs = this.#clock.now()
    if (current !== undefined && this.#suffices(current, nowMs)) return undefined
    const held = current === undefined ? [] : alternativeNames(current.leaf)
    const hosts = [...this.#wanted, ...held].filter((host) => this.authority.permits(host))
    const { cert, key } = await this.authority.issue(sortHosts(hosts), nowMs)
    const pair = requireUsablePair({ cert, key }, file, file)
    await writeFileDurably(file, cert + key, 0o600)
    return pair
  }

  #suffices({ leaf }: UsablePair, nowMs: number): boolean {
    const endMs = leaf.validToDate.getTime()
    // A certificate never expires after its authority, so a new certificate would not be valid for longer.
    const endsLate = endMs - nowMs >= renewalDays * dayMs || (endMs > nowMs && endMs >= this.authority.expiresAtMs)
    const inTime = leaf.validFromDate.getTime() <= nowMs && endsLate
    return inTime && this.authority.signed(leaf) && [...this.#wanted].every((host) => certificateCovers(leaf, host))
  }
}

async function readOwn(file: string, log: Log): Promise<UsablePair | undefined> {
  if ((await stat(file, { throwIfNoEntry: false })) === undefined) return undefined
  try {
    return await readPair(file, file)
  } catch (error) {
    log.warn({ err: error, file }, 'the certificate is unusable, and the server issues a new certificate')
    return undefined
  }
}
