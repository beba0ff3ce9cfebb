import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { CertificateError } from './key-pair.ts'

/** The requested names of a certificate, in lower case and without ports. */
export type CertificateHosts = { readonly dnsNames: readonly string[]; readonly addresses: readonly string[] }

const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
const dnsName = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`)

/**
 * Parses a host of a certificate from `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`. The first label may be `*`.
 */
export function parseCertificateHost(text: string): string | undefined {
  const lower = text.toLowerCase()
  if (isIP(lower) === 6) return canonicalIPv6(lower)
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:]+))(?::\d{1,5})?$/.exec(lower) ?? []
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? canonicalIPv6(bracketed) : undefined
  if (plain === undefined || plain.length > 253) return undefined
  if (isIP(plain) !== 0) return plain
  // Clients interpret a name whose last label is a number as an address. [WHATWG URL, ends-in-a-number checker]
  return dnsName.test(plain) && !/(?:^|\.)\d+$/.test(plain) ? plain : undefined
}

/**
 * The canonical form of an address. Undefined if the address has a zone, because a zone is valid only on one machine.
 */
function canonicalIPv6(address: string): string | undefined {
  return address.includes('%') ? undefined : new URL(`http://[${address}]`).hostname.slice(1, -1)
}

/**
 * Parses a host like `parseCertificateHost`.
 * @throws CertificateError if the host is invalid
 */
export function requireCertificateHost(text: string): string {
  const host = parseCertificateHost(text)
  if (host === undefined) throw new CertificateError(`"${text}" is not a host`, 'use a host name or an address')
  return host
}

/**
 * Splits hosts into names and addresses. The result contains no duplicates, and no names that a wildcard in the list
 * covers.
 */
export function sortHosts(hosts: Iterable<string>): CertificateHosts {
  const all = [...new Set(hosts)].toSorted()
  const names = all.filter((host) => isIP(host) === 0)
  const known = new Set(names)
  return {
    dnsNames: names.filter((name) => {
      const wildcard = wildcardOver(name)
      return wildcard === undefined || !known.has(wildcard)
    }),
    addresses: all.filter((host) => isIP(host) !== 0),
  }
}

/**
 * The wildcard with which clients accept a certificate for a name. `*` matches one whole label, but never the label
 * directly below a top-level domain.
 */
function wildcardOver(name: string): string | undefined {
  const parent = name.slice(name.indexOf('.') + 1)
  return name.startsWith('*') || !name.includes('.') || !parent.includes('.') ? undefined : `*.${parent}`
}

/** Whether the certificate is valid for `host`. The common name is ignored. [RFC 9525 §2] */
export function certificateCovers(certificate: X509Certificate, host: string): boolean {
  if (isIP(host) !== 0) return certificate.checkIP(host) !== undefined
  if (host.startsWith('*.')) return alternativeNames(certificate).includes(host)
  return certificate.checkHost(host, { subject: 'never', partialWildcards: false }) !== undefined
}

/** The names and addresses in a certificate that this server created. */
export function alternativeNames(certificate: X509Certificate): string[] {
  return (certificate.subjectAltName ?? '').split(', ').flatMap((entry) => {
    const host = parseCertificateHost(entry.replace(/^(?:DNS|IP Address):/, ''))
    return host === undefined ? [] : [host]
  })
}
