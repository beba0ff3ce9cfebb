import type { Clock } from '../process/clock.ts'
import { tlsDirectoryIn } from '../files/data-dir.ts'
import type { Log } from '../log/log.ts'
import type { AuthorityStore } from './authority-files.ts'
import { certificateCovers, requireCertificateHost } from './certificate-hosts.ts'
import { CertificateError, type KeyPair, readPair, type UsablePair } from './key-pair.ts'
import { OwnCertificate } from './own-certificate.ts'
import { WatchedPair } from './watched-pair.ts'

/** The certificate of the server. */
export type CertificateSource = {
  /** The current pair, for `createServer` and `setSecureContext`. */
  readonly current: () => KeyPair
  /**
   * Adds these hosts to the certificate: `HOST`, `HOST:PORT` or an address. `*.example.com` covers all names one level below.
   * A configured certificate cannot be extended: missing hosts are logged. Hosts of `hostsWherePermitted` that our own
   * authority does not permit are logged, too.
   *
   * @throws CertificateError for an invalid host, and for one of `hosts` that our own authority does not permit
   */
  readonly ensureHosts: (hosts: readonly string[], hostsWherePermitted?: readonly string[]) => Promise<void>
  /** When the certificate expires, in milliseconds since the epoch. */
  readonly expiresAtMs: () => number
  /** Calls back with each new pair, until the returned function is called. */
  readonly onChange: (callback: (pair: KeyPair) => void) => () => void
  /** The certificate authority that clients must trust; undefined for a configured certificate. */
  readonly caFile?: string
  /** The certificate of that authority, in PEM. */
  readonly authorityPem?: () => string
  /** When our own authority expires, in milliseconds since the epoch. */
  readonly authorityExpiresAtMs?: () => number
  /** The SHA-256 fingerprint of our own authority, if `renewAuthority` created it. */
  readonly renewedAuthority?: string | undefined
  /** Stops watching, and waits for running writes. */
  readonly close: () => Promise<void>
}

export type CertificateSourceOptions = {
  /** The parent of `tls/` if no certificate is configured. */
  readonly dataDir: string
  /** A configured certificate with its chain, PEM; it needs a `keyFile` too. */
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  readonly clock: Clock
  readonly log: Log
  /** The hosts that our own certificate must cover. A new authority is constrained to these hosts and their subdomains. */
  readonly hosts?: readonly string[]
  /** Further hosts, covered if the authority permits them: addresses of the machine may have changed since. */
  readonly hostsWherePermitted?: readonly string[]
  /** Whether to replace the authority with a new one, which clients must then trust. */
  readonly renewAuthority?: boolean
  /** Where our own authority is stored. Default: in the file `tls/ca.key`. */
  readonly authorityStore?: AuthorityStore | undefined
  /** How often the files and the expiry are checked, in addition to the watch on the files. Default: 60. */
  readonly checkEverySeconds?: number
}

/**
 * Opens the configured certificate, or else creates one: an authority of this installation in `tls/ca.pem`, and a certificate
 * signed by it, first for the names of this machine, which is renewed and extended automatically. The certificate and
 * its key are reloaded when their files change.
 *
 * @throws CertificateError if a file is unreadable or malformed, certificate and key do not match, or our own authority
 * does not permit `hosts`
 */
export async function createCertificateSource(options: CertificateSourceOptions): Promise<CertificateSource> {
  const { certFile, keyFile, clock, log, checkEverySeconds = 60 } = options
  if (certFile === undefined && keyFile === undefined) {
    const { hosts = [], hostsWherePermitted = [], renewAuthority = false, authorityStore } = options
    const settings = { clock, log, checkEverySeconds, hosts, hostsWherePermitted, renewAuthority, authorityStore }
    const own = await OwnCertificate.open(tlsDirectoryIn(options.dataDir), settings)
    return {
      ...sourceOf(own.watched),
      caFile: own.caFile,
      authorityPem: () => own.authorityPem(),
      authorityExpiresAtMs: () => own.authorityExpiresAtMs(),
      renewedAuthority: own.renewedAuthority,
      ensureHosts: (more, moreWherePermitted = []) => own.ensureHosts(more, moreWherePermitted),
    }
  }
  if (certFile === undefined || keyFile === undefined) {
    throw new CertificateError(
      'a certificate and its key must be set together',
      'configure both the certificate and the key, or neither',
    )
  }
  const check = async (pair: UsablePair) => requireValid(pair, certFile, clock.now())
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

function requireValid({ leaf }: UsablePair, certFile: string, nowMs: number): void {
  if (leaf.validFromDate.getTime() > nowMs) {
    const message = `the certificate ${certFile} is not valid before ${leaf.validFrom}`
    throw new CertificateError(message, 'set the clock of this machine, or replace the certificate')
  }
  if (leaf.validToDate.getTime() > nowMs) return
  throw new CertificateError(`the certificate ${certFile} expired on ${leaf.validTo}`, 'replace the certificate')
}
