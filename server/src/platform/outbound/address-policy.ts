import ipaddr from 'ipaddr.js'
import { isWithinRanges, parseAddressRange } from '@acrux/shared/standards/http/address-range.ts'

/** The addresses that the operator allows in addition to public addresses. */
export type OutboundNetworks = {
  /** Whether loopback, private and shared addresses may be reached. */
  readonly allowPrivateAddresses: boolean
  /** Addresses or ranges `ADDRESS/BITS` that are always allowed. */
  readonly allowedNetworks: readonly string[]
}

/** The ranges of private networks, which are denied unless the operator allows them. [RFC 6890] */
const privateRanges: readonly string[] = ['loopback', 'private', 'carrierGradeNat', 'uniqueLocal']

/**
 * Metadata addresses of clouds outside the link-local range. Metadata services return credentials. These addresses
 * belong to Azure (a public address), Alibaba, and Amazon (IPv6). Link-local addresses are always denied.
 */
const metadataAddresses = ['168.63.129.16', '100.100.100.200', 'fd00:ec2::254'].flatMap(
  (text) => parseAddressRange(text) ?? [],
)

/** The range with all global unicast addresses of IPv6. [RFC 4291 §2.4] */
const globalUnicast = requireRange('2000::/3')

/**
 * Ranges in 2000::/3 that are not public: tunnels to any IPv4 address, special protocols and documentation. [IANA IPv6
 * special-purpose registry]
 */
const specialIpv6Ranges = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'].map(requireRange)

/** The range of addresses that a NAT64 gateway translates to the IPv4 address in their last 32 bits. [RFC 6052 §2.1] */
const nat64Range = requireRange('64:ff9b::/96')

/**
 * Creates the policy that decides whether the server may connect to an address from a configured URL. Public addresses
 * are allowed. Private addresses are allowed if the operator allows them. Link-local, metadata, multicast and reserved
 * addresses are allowed only if `allowedNetworks` contains them. An IPv4-mapped IPv6 address is treated as the IPv4
 * address. An address in the NAT64 range is allowed only if the IPv4 address is public or in `allowedNetworks`. Other
 * embeddings are denied.
 */
export function createAddressPolicy({ allowPrivateAddresses, allowedNetworks }: OutboundNetworks) {
  const networks = allowedNetworks.map(requireRange)

  const isAllowed = (text: string, allowPrivate: boolean): boolean => {
    if (!ipaddr.isValid(text)) return false
    if (isWithinRanges(text, networks)) return true
    if (isWithinRanges(text, metadataAddresses)) return false
    const translated = behindNat64(text)
    if (translated !== undefined) return isAllowed(translated, false)
    return isPublic(text) || (allowPrivate && privateRanges.includes(ipaddr.process(text).range()))
  }
  return (text: string): boolean => isAllowed(text, allowPrivateAddresses)
}

function behindNat64(text: string): string | undefined {
  if (!isWithinRanges(text, [nat64Range])) return undefined
  return ipaddr.fromByteArray(ipaddr.parse(text).toByteArray().slice(12)).toString()
}

function isPublic(text: string): boolean {
  const address = ipaddr.process(text)
  if (address.range() !== 'unicast') return false
  return (
    address.kind() === 'ipv4' || (isWithinRanges(text, [globalUnicast]) && !isWithinRanges(text, specialIpv6Ranges))
  )
}

/** Whether an address is a loopback address. */
export function isLoopbackAddress(text: string): boolean {
  return ipaddr.isValid(text) && ipaddr.process(text).range() === 'loopback'
}

/** Parses a range that the configuration has already validated. */
function requireRange(text: string) {
  const range = parseAddressRange(text)
  if (range === undefined) throw new Error(`${text} is not an address range`)
  return range
}
