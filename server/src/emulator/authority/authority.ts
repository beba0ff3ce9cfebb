import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { lockDirectory, tlsDirectoryIn } from '../../platform/files/data-dir.ts'
import { makePrivateDirectory } from '../../platform/files/durable-file.ts'
import { requireCertificateHost, sortHosts } from '../../platform/tls/certificate-hosts.ts'
import { issueServerCertificate } from '../../platform/tls/issue.ts'
import { CertificateError, type KeyPair, readPair } from '../../platform/tls/key-pair.ts'
import { type NameConstraints, permitsHost, permittingHosts } from '../../platform/tls/name-constraints.ts'
import {
  type AuthorityFolder,
  type WantedAuthority,
  permitsAll,
  readAuthorityFolder,
  writeAuthorityFolder,
} from './authority-folder.ts'
import { authorityDirectory, preparePrivateDirectory } from './cache-directory.ts'

/** The certificate authority of an emulator. */
export type EmulatorAuthority = {
  /** The certificate of the authority, in PEM. */
  readonly caPem: string
  /** A file with the certificate of the authority, in PEM. */
  readonly caFile: string
  /** A file with the certificates that the system trusts and the certificate of the authority, in PEM. */
  readonly caBundleFile: string
  /** A PKCS#12 trust store for Java with the same certificates. Java reads it with any password and without a password. */
  readonly trustStoreFile: string
  /** Whether the next emulator of this user has the same authority, so that clients need to be configured only once. */
  readonly isKept: boolean
  /** Signs a server certificate for a host. */
  readonly issue: (host: string) => Promise<KeyPair>
  /**
   * Writes the authority into the data directory of a server that has not started. The server then signs its certificate with this
   * authority.
   */
  readonly install: (dataDir: string) => Promise<void>
}

export type AuthorityOptions = {
  /** The hosts at which clients reach the server in addition to localhost: `HOST`, `HOST:PORT`, an address or a wildcard. */
  readonly hosts: readonly string[]
  /** Whether clients may reach the server at any host. The authority is then for this run only, and permits all hosts. */
  readonly anyHost?: boolean
  /** A private directory for the files of an authority that is used only for this run. */
  readonly runDirectory: string
  /** The files of an authority that the user configured. If they are given, this authority signs the certificates. */
  readonly given?: GivenFiles | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** The real time, because clients verify certificates with their own clocks. */
  readonly nowMs: number
}

const localHosts = ['localhost', '127.0.0.1', '::1', '*.azurecr.localhost']

/** The names for which the authority of a user may sign certificates. No name can be the name of another machine. */
const localConstraints: NameConstraints = {
  dnsNames: ['localhost'],
  networks: [Buffer.of(127, 0, 0, 0, 255, 0, 0, 0), Buffer.concat([loopback6(), Buffer.alloc(16, 0xff)])],
}

function loopback6(): Buffer {
  const address = Buffer.alloc(16)
  address[15] = 1
  return address
}

/**
 * Opens the authority of an emulator. If only this machine reaches the server, the function opens the authority of the user in the cache
 * directory, and creates it once. With other hosts, or without a private cache directory, the function creates an authority for this run.
 *
 * @throws CertificateError if the given authority cannot be used
 */
export async function openAuthority(options: AuthorityOptions): Promise<EmulatorAuthority> {
  const { given, env, nowMs, runDirectory } = options
  const hosts = [...new Set([...localHosts, ...options.hosts.map(requireCertificateHost)])]
  if (given !== undefined) {
    const pair = await readGiven(given, hosts, nowMs)
    return toAuthority(
      await writeAuthorityFolder(runDirectory, { given: pair, permitted: undefined, hosts, nowMs }),
      false,
    )
  }
  if (options.anyHost === true) {
    return toAuthority(await writeAuthorityFolder(runDirectory, { permitted: undefined, hosts, nowMs }), false)
  }
  if (hosts.every((host) => permitsHost(localConstraints, host))) {
    const wanted = { permitted: localConstraints, hosts: localHosts, nowMs }
    const own = await openOwn(authorityDirectory(env), wanted)
    if (own !== undefined) return toAuthority(own, true)
  }
  const permitted = withLocal(hosts)
  return toAuthority(await writeAuthorityFolder(runDirectory, { permitted, hosts, nowMs }), false)
}

/** The authority of the user; undefined if no private directory is writable. */
async function openOwn(directory: string, wanted: WantedAuthority): Promise<AuthorityFolder | undefined> {
  if ((await preparePrivateDirectory(directory)) === undefined) return undefined
  const existing = await readAuthorityFolder(directory, wanted)
  if (existing !== undefined) return existing
  try {
    // Emulators that start at the same moment must use the same authority.
    const lock = await lockDirectory(directory, lockTimeoutMs)
    if (lock === undefined) return undefined
    try {
      return (await readAuthorityFolder(directory, wanted)) ?? (await writeAuthorityFolder(directory, wanted))
    } finally {
      lock.close()
    }
  } catch {
    return undefined
  }
}

/** A process keeps the lock only for milliseconds. Waiting blocks the process, which has not started anything else. */
const lockTimeoutMs = 30_000

/** The local hosts and the given hosts. */
function withLocal(hosts: readonly string[]): NameConstraints {
  const { dnsNames, networks } = permittingHosts(sortHosts(hosts))
  return {
    dnsNames: [...new Set([...localConstraints.dnsNames, ...dnsNames])],
    networks: [...localConstraints.networks, ...networks],
  }
}

type GivenFiles = { readonly certFile: string; readonly keyFile: string }

async function readGiven({ certFile, keyFile }: GivenFiles, hosts: readonly string[], nowMs: number): Promise<KeyPair> {
  const { cert, key, leaf } = await readPair(certFile, keyFile)
  if (!leaf.ca) {
    throw new CertificateError(`${certFile} is not a certificate authority`, 'use a certificate with CA:TRUE')
  }
  if (leaf.validFromDate.getTime() > nowMs || leaf.validToDate.getTime() <= nowMs) {
    throw new CertificateError(
      `the certificate authority ${certFile} is valid from ${leaf.validFrom} to ${leaf.validTo}`,
      'use a certificate authority that is valid now',
    )
  }
  const outside = hosts.filter((host) => !permitsAll(leaf, [host]))
  if (outside.length === 0) return { cert, key }
  throw new CertificateError(
    `the certificate authority ${certFile} does not permit ${outside.join(', ')}`,
    'use a certificate authority whose name constraints permit these hosts',
  )
}

function toAuthority(folder: AuthorityFolder, isKept: boolean): EmulatorAuthority {
  const { authority, server, caFile, caBundleFile, trustStoreFile } = folder
  return {
    caPem: authority.cert,
    caFile,
    caBundleFile,
    trustStoreFile,
    isKept,
    issue: (host) => issueServerCertificate(authority, sortHosts([host]), Date.now()),
    install: async (dataDir) => {
      const directory = tlsDirectoryIn(dataDir)
      await makePrivateDirectory(directory)
      const files = { 'ca.key': authority.key + authority.cert, 'server.pem': server.cert + server.key }
      for (const [name, content] of Object.entries(files)) {
        await writeFile(path.join(directory, name), content, { mode: 0o600 })
      }
    },
  }
}
