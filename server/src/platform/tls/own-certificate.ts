import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { makePrivateDirectory, writeFileDurably } from '../durable-file.ts'
import type { Log } from '../log.ts'
import { CertificateAuthority } from './certificate-authority.ts'
import { alternativeNames, certificateCovers, requireCertificateHost, sortHosts } from './certificate-hosts.ts'
import { readPair, requireUsablePair, type UsablePair } from './key-pair.ts'
import { WatchedPair } from './watched-pair.ts'

const dayMs = 86_400_000
const renewalDays = 30
const alwaysHosts = ['localhost', '127.0.0.1', '::1']

/**
 * The certificate that the server makes for itself, in `directory`: `server.pem` holds it with its key, signed by the
 * authority in `ca.pem`. It is issued anew when hosts are wanting, or fewer than 30 days are left.
 */
export class OwnCertificate {
  readonly caFile: string
  readonly watched: WatchedPair
  readonly #issuer: Issuer
  readonly #file: string

  private constructor(issuer: Issuer, file: string, pair: UsablePair, log: Log, checkEverySeconds: number) {
    this.caFile = issuer.authority.file
    this.#issuer = issuer
    this.#file = file
    const check = (current: UsablePair) => this.#renew(current)
    this.watched = new WatchedPair(pair, { certFile: file, keyFile: file, log, checkEverySeconds, check })
  }

  /** Opens what is in `directory`, and makes what is missing there. */
  static async open(directory: string, clock: Clock, log: Log, checkEverySeconds: number): Promise<OwnCertificate> {
    await makePrivateDirectory(directory)
    const issuer = new Issuer(await CertificateAuthority.open(directory, clock.now()), clock, log)
    const file = join(directory, 'server.pem')
    const existing = await readOwn(file, log)
    const pair = (await issuer.renewed(existing, file)) ?? existing
    if (pair === undefined) throw new Error('no certificate was issued')
    return new OwnCertificate(issuer, file, pair, log, checkEverySeconds)
  }

  /** Has the certificate hold these hosts too, from the moment that the promise is fulfilled. */
  async ensureHosts(hosts: readonly string[]): Promise<void> {
    this.#issuer.want(hosts)
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

  constructor(authority: CertificateAuthority, clock: Clock, log: Log) {
    this.authority = authority
    this.#clock = clock
    this.#log = log
  }

  want(hosts: readonly string[]): void {
    for (const host of hosts.map((text) => requireCertificateHost(text))) this.#wanted.add(host)
  }

  /** The pair that was written in the place of `current`; undefined when that one will do. */
  async renewed(current: UsablePair | undefined, file: string): Promise<UsablePair | undefined> {
    const nowMs = this.#clock.now()
    if (this.authority.isOutlived(nowMs)) {
      await this.authority.succeed(nowMs)
      this.#log.warn(
        { caFile: this.authority.file },
        'created a new certificate authority because the old one is about to expire; clients must trust the new one',
      )
    }
    if (current !== undefined && this.#suffices(current, nowMs)) return undefined
    const hosts = sortHosts([...this.#wanted, ...(current === undefined ? [] : alternativeNames(current.leaf))])
    const { cert, key } = await this.authority.issue(hosts, nowMs)
    const pair = requireUsablePair({ cert, key }, file, file)
    await writeFileDurably(file, cert + key, 0o600)
    return pair
  }

  #suffices({ leaf }: UsablePair, nowMs: number): boolean {
    const inTime = leaf.validFromDate.getTime() <= nowMs && leaf.validToDate.getTime() - nowMs >= renewalDays * dayMs
    return inTime && this.authority.signed(leaf) && [...this.#wanted].every((host) => certificateCovers(leaf, host))
  }
}

async function readOwn(file: string, log: Log): Promise<UsablePair | undefined> {
  if ((await stat(file, { throwIfNoEntry: false })) === undefined) return undefined
  try {
    return await readPair(file, file)
  } catch (error) {
    log.warn({ err: error, file }, 'the certificate is unusable and is issued again')
    return undefined
  }
}
