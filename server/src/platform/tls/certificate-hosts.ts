import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { CertificateError } from './key-pair.ts'

/** The names that a certificate is asked to hold, in lower case and without ports. */
export type CertificateHosts = { readonly dnsNames: readonly string[]; readonly addresses: readonly string[] }

const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
const dnsName = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`)

/**
 * One host of a certificate out of `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`; the first label may be `*`. Undefined
 * when it is none.
 */
export function parseCertificateHost(text: string): string | undefined {
  const lower = text.toLowerCase()
  if (isIP(lower) === 6) return canonicalIPv6(lower)
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:]+))(?::\d{1,5})?$/.exec(lower) ?? []
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? canonicalIPv6(bracketed) : undefined
  if (plain === undefined || plain.length > 253) return undefined
  if (isIP(plain) !== 0) return plain
  // Clients read a name whose last label is a number as an address. [WHATWG URL, ends-in-a-number checker]
  return dnsName.test(plain) && !/(?:^|\.)\d+$/.test(plain) ? plain : undefined
}

/** One spelling of each address; undefined for one with a zone, which means nothing to others. */
function canonicalIPv6(address: string): string | undefined {
  return address.includes('%') ? undefined : new URL(`http://[${address}]`).hostname.slice(1, -1)
}

/** As `parseCertificateHost`. @throws CertificateError */
export function requireCertificateHost(text: string): string {
  const host = parseCertificateHost(text)
  if (host === undefined) throw new CertificateError(`"${text}" is not a host`, 'use a host name or an address')
  return host
}

/** Tells addresses from names, and leaves out doubles and what a wildcard in the list covers already. */
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

/** The wildcard that clients accept for a name. They take `*` for one whole label, and never above a top-level domain. */
function wildcardOver(name: string): string | undefined {
  const parent = name.slice(name.indexOf('.') + 1)
  return name.startsWith('*') || !name.includes('.') || !parent.includes('.') ? undefined : `*.${parent}`
}

/** Whether a client that connects to `host` finds it in the certificate. The common name does not count. [RFC 9525 §2] */
export function certificateCovers(certificate: X509Certificate, host: string): boolean {
  if (isIP(host) !== 0) return certificate.checkIP(host) !== undefined
  if (host.startsWith('*.')) return alternativeNames(certificate).includes(host)
  return certificate.checkHost(host, { subject: 'never', partialWildcards: false }) !== undefined
}

/** The names and addresses in a certificate of ours. */
export function alternativeNames(certificate: X509Certificate): string[] {
  return (certificate.subjectAltName ?? '').split(', ').flatMap((entry) => {
    const host = parseCertificateHost(entry.replace(/^(?:DNS|IP Address):/, ''))
    return host === undefined ? [] : [host]
  })
}
