import type { Clock } from '../process/clock.ts'
import { tlsDirectoryIn } from '../files/data-dir.ts'
import type { Log } from '../log/log.ts'
import { certificateCovers, requireCertificateHost } from './certificate-hosts.ts'
import { CertificateError, type KeyPair, readPair, type UsablePair } from './key-pair.ts'
import { OwnCertificate } from './own-certificate.ts'
import { WatchedPair } from './watched-pair.ts'

/** The certificate that the server shows. */
export type CertificateSource = {
  /** The pair as it is now, for `createServer` and `setSecureContext`. */
  readonly current: () => KeyPair
  /**
   * Has the certificate hold these hosts beside those that it holds already: `HOST`, `HOST:PORT` or an address, where
   * `*.example.com` covers all names right below. A configured certificate is not ours to extend: what it lacks is logged.
   * Those of `hostsWherePermitted` that our own authority does not permit are logged as well.
   *
   * @throws CertificateError for an invalid host, and for one of `hosts` that our own authority does not permit
   */
  readonly ensureHosts: (hosts: readonly string[], hostsWherePermitted?: readonly string[]) => Promise<void>
  /** When the certificate expires, in milliseconds since the epoch. */
  readonly expiresAtMs: () => number
  /** Calls back with each pair that takes the place of another, until the function that is returned is called. */
  readonly onChange: (callback: (pair: KeyPair) => void) => () => void
  /** The certificate that clients have to trust; absent where one was configured. */
  readonly caFile?: string
  /** When our own authority expires, in milliseconds since the epoch. */
  readonly authorityExpiresAtMs?: () => number
  /** The SHA-256 fingerprint of our own authority, if `renewAuthority` created it. */
  readonly renewedAuthority?: string | undefined
  /** Stops watching, and waits for what is being written. */
  readonly close: () => Promise<void>
}

export type CertificateSourceOptions = {
  /** Where `tls/` is kept, when no certificate is configured. */
  readonly dataDir: string
  /** A configured certificate with its chain, PEM; it needs a `keyFile` too. */
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  readonly clock: Clock
  readonly log: Log
  /** The hosts that our own certificate must cover. A new authority is constrained to these and their subdomains. */
  readonly hosts?: readonly string[]
  /** Further hosts, covered if the authority permits them: addresses of the machine may have changed since. */
  readonly hostsWherePermitted?: readonly string[]
  /** Whether to replace the authority with a new one, which clients must then trust. */
  readonly renewAuthority?: boolean
  /** How often the files and the time left are looked at, beside the watch on the files. 60 by default. */
  readonly checkEverySeconds?: number
}

/**
 * Opens the configured certificate, or else one of our own making: an authority of this installation in `tls/ca.pem` and a
 * certificate signed by it, for this machine's own names at first, which is renewed and extended by itself. Either is picked
 * up again when its files change.
 *
 * @throws CertificateError if a file is unreadable or malformed, certificate and key do not match, or our own authority
 * does not permit `hosts`
 */
export async function createCertificateSource(options: CertificateSourceOptions): Promise<CertificateSource> {
  const { certFile, keyFile, clock, log, checkEverySeconds = 60 } = options
  if (certFile === undefined && keyFile === undefined) {
    const { hosts = [], hostsWherePermitted = [], renewAuthority = false } = options
    const settings = { clock, log, checkEverySeconds, hosts, hostsWherePermitted, renewAuthority }
    const own = await OwnCertificate.open(tlsDirectoryIn(options.dataDir), settings)
    return {
      ...sourceOf(own.watched),
      caFile: own.caFile,
      authorityExpiresAtMs: () => own.authorityExpiresAtMs(),
      renewedAuthority: own.renewedAuthority,
      ensureHosts: (more, moreWherePermitted = []) => own.ensureHosts(more, moreWherePermitted),
    }
  }
  if (certFile === undefined || keyFile === undefined) {
    throw new CertificateError('a certificate needs its key, and a key its certificate', 'configure both or neither')
  }
  const check = (pair: UsablePair) => requireUnexpired(pair, certFile, clock.now())
  const pair = await readPair(certFile, keyFile)
  const watched = new WatchedPair(pair, { certFile, keyFile, log, checkEverySeconds, check })
  return {
    ...sourceOf(watched),
    ensureHosts: async (hosts, hostsWherePermitted = []) => {
      const all = [...hosts, ...hostsWherePermitted]
      const missing = all.filter((host) => !certificateCovers(watched.pair.leaf, requireCertificateHost(host)))
      if (missing.length > 0) log.warn({ certFile, missing }, 'the configured certificate does not cover these hosts')
    },
  }
}

function sourceOf(watched: WatchedPair): Pick<CertificateSource, 'current' | 'expiresAtMs' | 'onChange' | 'close'> {
  return {
    current: () => ({ cert: watched.pair.cert, key: watched.pair.key }),
    expiresAtMs: () => watched.pair.leaf.validToDate.getTime(),
    onChange: (callback) => watched.onChange(callback),
    close: () => watched.close(),
  }
}

function requireUnexpired({ leaf }: UsablePair, certFile: string, nowMs: number): void {
  if (leaf.validToDate.getTime() > nowMs) return
  throw new CertificateError(`the certificate ${certFile} expired on ${leaf.validTo}`, 'replace it with a renewed one')
}
