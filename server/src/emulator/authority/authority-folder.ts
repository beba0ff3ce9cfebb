import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { writeFileDurably } from '../../platform/files/durable-file.ts'
import { readAuthorityFile } from '../../platform/tls/authority-files.ts'
import { certificateCovers, sortHosts } from '../../platform/tls/certificate-hosts.ts'
import { issueAuthority, issueServerCertificate } from '../../platform/tls/issue.ts'
import { type KeyPair, readPair } from '../../platform/tls/key-pair.ts'
import { type NameConstraints, permitsHost, readNameConstraints } from '../../platform/tls/name-constraints.ts'
import { encodeTrustStore } from '../../platform/tls/trust-store.ts'
import { trustedRoots } from './trusted-roots.ts'

const dayMs = 86_400_000
/** The time before its expiry at which an authority is replaced. Clients that trust the authority then never see an expired authority. */
const authorityRenewalDays = 60
const serverRenewalDays = 30

/** An authority, a certificate that it signed, and the files with which clients trust it. */
export type AuthorityFolder = {
  readonly authority: KeyPair
  readonly server: KeyPair
  readonly caFile: string
  readonly caBundleFile: string
  readonly trustStoreFile: string
}

/** The authority that a folder must contain: the authority of the user, or an authority that permits `permitted`. */
export type WantedAuthority = {
  readonly given?: KeyPair | undefined
  readonly permitted: NameConstraints | undefined
  /** The hosts that the server certificate must cover. */
  readonly hosts: readonly string[]
  readonly nowMs: number
}

function filesIn(directory: string) {
  return {
    keyFile: path.join(directory, 'ca.key'),
    serverFile: path.join(directory, 'server.pem'),
    caFile: path.join(directory, 'ca.pem'),
    caBundleFile: path.join(directory, 'ca-bundle.pem'),
    trustStoreFile: path.join(directory, 'trust-store.p12'),
  }
}

/**
 * Reads a folder. The result is undefined if a file is missing or unusable, if the files do not belong together, or if a certificate is
 * about to expire.
 */
export async function readAuthorityFolder(
  directory: string,
  wanted: WantedAuthority,
): Promise<AuthorityFolder | undefined> {
  const files = filesIn(directory)
  const authority = await usableAuthority(directory, wanted)
  const server = authority && (await usableServer(files.serverFile, authority, wanted))
  if (authority === undefined || server === undefined) return undefined
  const [certificate, bundle, store] = await Promise.all([
    readFile(files.caFile, 'utf8').catch(() => ''),
    readFile(files.caBundleFile, 'utf8').catch(() => ''),
    readFile(files.trustStoreFile).catch(() => Buffer.alloc(0)),
  ])
  const isComplete =
    certificate === authority.cert &&
    bundle === (await bundleOf(authority)) &&
    store.includes(new X509Certificate(authority.cert).raw)
  return isComplete ? { ...files, authority, server } : undefined
}

/** Creates the missing files of a folder, and replaces unusable files. Only one process may do so at a time. */
export async function writeAuthorityFolder(directory: string, wanted: WantedAuthority): Promise<AuthorityFolder> {
  const { given, permitted, hosts, nowMs } = wanted
  const files = filesIn(directory)
  const write = (file: string, content: string | Uint8Array) => writeFileDurably(file, content, 0o600)
  const existing = given ?? (await usableAuthority(directory, wanted))
  const authority = existing ?? (await issueAuthority(nowMs, permitted))
  if (existing === undefined || given !== undefined) await write(files.keyFile, authority.key + authority.cert)
  const usable = await usableServer(files.serverFile, authority, wanted)
  const server = usable ?? (await issueServerCertificate(authority, sortHosts(hosts), nowMs))
  if (usable === undefined) await write(files.serverFile, server.cert + server.key)
  const bundle = await bundleOf(authority)
  await write(files.caFile, authority.cert)
  await write(files.caBundleFile, bundle)
  await write(files.trustStoreFile, trustStoreOf(authority, bundle))
  return { ...files, authority, server }
}

async function usableAuthority(directory: string, { given, hosts, nowMs }: WantedAuthority) {
  // An unusable authority is replaced, because the folder is only a cache.
  const pair = await readAuthorityFile(directory).catch(() => undefined)
  if (pair === undefined || (given !== undefined && pair.cert !== given.cert)) return undefined
  const certificate = new X509Certificate(pair.cert)
  const isUsable = given !== undefined || isValidFor(certificate, authorityRenewalDays, nowMs)
  return isUsable && permitsAll(certificate, hosts) ? pair : undefined
}

async function usableServer(file: string, authority: KeyPair, { hosts, nowMs }: WantedAuthority) {
  const pair = await readPair(file, file).catch(() => undefined)
  if (pair === undefined || !isValidFor(pair.leaf, serverRenewalDays, nowMs)) return undefined
  const issuer = new X509Certificate(authority.cert)
  const isSigned = pair.leaf.checkIssued(issuer) && pair.leaf.verify(issuer.publicKey)
  return isSigned && hosts.every((host) => certificateCovers(pair.leaf, host))
    ? { cert: pair.cert, key: pair.key }
    : undefined
}

function isValidFor({ validFromDate, validToDate }: X509Certificate, days: number, nowMs: number): boolean {
  return validFromDate.getTime() <= nowMs && validToDate.getTime() - nowMs >= days * dayMs
}

/** Whether clients accept the certificates of this authority for all hosts. */
export function permitsAll(certificate: X509Certificate, hosts: readonly string[]): boolean {
  const constraints = readNameConstraints(certificate)
  return constraints === undefined || hosts.every((host) => permitsHost(constraints, host))
}

async function bundleOf({ cert }: KeyPair): Promise<string> {
  return `${await trustedRoots()}${cert}`
}

/** The trust store contains every certificate of the bundle, because Java then reads no other certificates. */
function trustStoreOf({ cert }: KeyPair, bundle: string): Buffer {
  const own = new X509Certificate(cert).raw
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  const others = blocks.map(derOf).filter((der) => !der.equals(own))
  return encodeTrustStore([
    { alias: 'acrux', der: own },
    ...others.map((der, index) => ({ alias: `system-${index + 1}`, der })),
  ])
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[A-Z ]+-----/g, ''), 'base64')
}
