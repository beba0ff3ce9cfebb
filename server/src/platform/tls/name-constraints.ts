import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { CertificateHosts } from './certificate-hosts.ts'
import { contentOf, element, elements } from './der.ts'

/** The object identifier of the extension. [RFC 5280 §4.2.1.10] */
export const nameConstraintsId = '2.5.29.30'

const idContent = Buffer.from('551d1e', 'hex')

/** The DER tags that the extension uses. The tags of names are the tags of `GeneralName`. [RFC 5280 §4.2.1.6] */
const tags = { sequence: 0x30, objectId: 0x06, extensions: 0xa3, permitted: 0xa0, dnsName: 0x82, ipAddress: 0x87 }

/**
 * The DNS names and networks that an authority permits. If one of the two lists is empty, that kind of name is not
 * constrained. A network consists of its address and its mask.
 */
export type NameConstraints = { readonly dnsNames: readonly string[]; readonly networks: readonly Buffer[] }

/** Creates constraints that permit these hosts: each name with its subdomains, and each single address. */
export function permittingHosts({ dnsNames, addresses }: CertificateHosts): NameConstraints {
  return {
    dnsNames: [...new Set(dnsNames.map(withoutWildcard))],
    networks: addresses.map((address) => {
      const bytes = addressBytes(address)
      return Buffer.concat([bytes, Buffer.alloc(bytes.length, 0xff)])
    }),
  }
}

/** Encodes the value of the extension. */
export function encodeNameConstraints({ dnsNames, networks }: NameConstraints): Buffer {
  const subtrees = [
    ...dnsNames.map((name) => element(tags.dnsName, Buffer.from(name, 'ascii'))),
    ...networks.map((network) => element(tags.ipAddress, network)),
  ].map((name) => element(tags.sequence, name))
  return element(tags.sequence, element(tags.permitted, ...subtrees))
}

/** The name constraints of a certificate. Undefined if the certificate has no constraints. */
export function readNameConstraints(certificate: X509Certificate): NameConstraints | undefined {
  const tbs = contentOf(contentOf(certificate.raw))
  const list = elements(tbs).find(({ tag }) => tag === tags.extensions)?.content
  if (list === undefined) return undefined
  const value = elements(contentOf(list))
    .map(({ content }) => elements(content))
    .find(([id]) => id?.tag === tags.objectId && id.content.equals(idContent))
    ?.at(-1)?.content
  if (value === undefined) return undefined
  const permitted = elements(contentOf(value)).find(({ tag }) => tag === tags.permitted)?.content ?? Buffer.alloc(0)
  const names = elements(permitted).flatMap(({ content }) => elements(content).slice(0, 1))
  return {
    dnsNames: names
      .filter(({ tag }) => tag === tags.dnsName)
      .map(({ content }) => content.toString('ascii').toLowerCase()),
    networks: names.filter(({ tag }) => tag === tags.ipAddress).map(({ content }) => content),
  }
}

/**
 * Whether clients accept a certificate for `host` under these constraints. `host` is a result of
 * `parseCertificateHost`.
 */
export function permitsHost({ dnsNames, networks }: NameConstraints, host: string): boolean {
  if (isIP(host) === 0) {
    const name = withoutWildcard(host)
    return dnsNames.length === 0 || dnsNames.some((base) => name === base || name.endsWith(`.${base}`))
  }
  const bytes = addressBytes(host)
  return (
    networks.length === 0 ||
    networks.some(
      (network) =>
        network.length === bytes.length * 2 &&
        bytes.every((byte, at) => ((byte ^ (network[at] ?? 0)) & (network[bytes.length + at] ?? 0)) === 0),
    )
  )
}

function withoutWildcard(name: string): string {
  return name.startsWith('*.') ? name.slice(2) : name
}

/** The 4 or 16 bytes of an address that `parseCertificateHost` returned. */
function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array<string>(8 - head.length - tail.length).fill('0')
  return Buffer.from([...head, ...zeros, ...tail].map((group) => group.padStart(4, '0')).join(''), 'hex')
}
