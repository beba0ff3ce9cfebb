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
  /** The current certificate and key, for `createServer` and `setSecureContext`. */
  readonly current: () => KeyPair
  /**
   * Adds these hosts to the certificate. A host is `HOST`, `HOST:PORT` or an address. `*.example.com` covers all names
   * one level below `example.com`. A configured certificate cannot be extended, so missing hosts are logged. If our own
   * authority does not permit some of `hostsWherePermitted`, these hosts are also logged.
   *
   * @throws CertificateError if a host is invalid, or if our own authority does not permit one of `hosts`
   */
  readonly ensureHosts: (hosts: readonly string[], hostsWherePermitted?: readonly string[]) => Promise<void>
  /** When the certificate expires, in milliseconds since the epoch. */
  readonly expiresAtMs: () => number
  /** Calls `callback` with each new pair, until the returned function is called. */
  readonly onChange: (callback: (pair: KeyPair) => void) => () => void
  /** The file with the certificate authority that clients must trust. Undefined if a certificate is configured. */
  readonly caFile?: string
  /** The certificate of our own authority, in PEM. */
  readonly authorityPem?: () => string
  /** When our own authority expires, in milliseconds since the epoch. */
  readonly authorityExpiresAtMs?: () => number
  /** The SHA-256 fingerprint of our own authority, if `renewAuthority` created it. */
  readonly renewedAuthority?: string | undefined
  /** Stops watching the files, and waits for running writes. */
  readonly close: () => Promise<void>
}

export type CertificateSourceOptions = {
  /** The directory that contains `tls/`, if no certificate is configured. */
  readonly dataDir: string
  /** The file with a configured certificate and its chain, in PEM. The setting also needs a `keyFile`. */
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  readonly clock: Clock
  readonly log: Log
  /** The hosts that our own certificate must cover. A new authority is constrained to these hosts and their subdomains. */
  readonly hosts?: readonly string[]
  /**
   * Further hosts, which the certificate covers if the authority permits them. The addresses of the machine may have
   * changed since the authority was created.
   */
  readonly hostsWherePermitted?: readonly string[]
  /** Whether to replace the authority with a new one, which clients must then trust. */
  readonly renewAuthority?: boolean
  /** The place where our own authority is stored. Default: the file `tls/ca.key`. */
  readonly authorityStore?: AuthorityStore | undefined
  /** The interval of checks of the files and the expiry, in addition to the watch on the files. Default: 60. */
  readonly checkEverySeconds?: number
}

/**
 * Opens the configured certificate. If no certificate is configured, creates an authority of this installation in
 * `tls/ca.pem`, and a certificate that this authority signs. The first certificate covers the names of this machine.
 * The server renews and extends the certificate automatically. The certificate and its key are reloaded when their
 * files change.
 *
 * @throws CertificateError if a file is unreadable or malformed, if certificate and key do not match, or if our own
 * authority does not permit `hosts`
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
