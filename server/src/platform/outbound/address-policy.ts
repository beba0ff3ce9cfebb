import ipaddr from 'ipaddr.js'
import { isWithinRanges, parseAddressRange } from '../../spec/address-range.ts'

/** What the operator allows beyond the public internet. */
export type OutboundNetworks = {
  /** Whether loopback, private and shared addresses may be reached. */
  readonly allowPrivateAddresses: boolean
  /** Addresses, or ranges `ADDRESS/BITS`, that may be reached whatever they are. */
  readonly allowedNetworks: readonly string[]
}

/** Ranges that belong to whoever runs the network: reached only where the operator says so. [RFC 6890] */
const privateRanges: readonly string[] = ['loopback', 'private', 'carrierGradeNat', 'uniqueLocal']

/**
 * Addresses that give a cloud's machine its credentials though their range does not tell: Azure's, which is a public one,
 * Alibaba's, and Amazon's for IPv6. Link-local ones need no naming, since none of those may be reached.
 */
const metadataAddresses = ['168.63.129.16', '100.100.100.200', 'fd00:ec2::254'].flatMap(
  (text) => parseAddressRange(text) ?? [],
)

/**
 * Makes the answer to "may this address be dialled because somebody configured a URL?". Only what is public may, and what
 * the operator allows; link-local, metadata, multicast and reserved addresses only where a network that holds them is
 * named. IPv4 within IPv6, in whatever translation, is no way around.
 */
export function createAddressPolicy({ allowPrivateAddresses, allowedNetworks }: OutboundNetworks) {
  const networks = allowedNetworks.map(requireRange)

  return (text: string): boolean => {
    if (!ipaddr.isValid(text)) return false
    if (isWithinRanges(text, networks)) return true
    if (isWithinRanges(text, metadataAddresses)) return false
    const range: string = ipaddr.process(text).range()
    return range === 'unicast' || (allowPrivateAddresses && privateRanges.includes(range))
  }
}

/** Whether an address is the machine's own. */
export function isLoopbackAddress(text: string): boolean {
  return ipaddr.isValid(text) && ipaddr.process(text).range() === 'loopback'
}

/** The configuration has looked at it before. */
function requireRange(text: string) {
  const range = parseAddressRange(text)
  if (range === undefined) throw new Error(`${text} is no range of addresses`)
  return range
}
