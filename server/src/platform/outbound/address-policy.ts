import ipaddr from 'ipaddr.js'

type Address = ReturnType<typeof ipaddr.parse>

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
const metadataAddresses = ['168.63.129.16', '100.100.100.200', 'fd00:ec2::254'].map((text) => ipaddr.parse(text))

/**
 * Makes the answer to "may this address be dialled because somebody configured a URL?". Only what is public may, and what
 * the operator allows; link-local, metadata, multicast and reserved addresses only where a network that holds them is
 * named. IPv4 within IPv6, in whatever translation, is no way around.
 */
export function createAddressPolicy({ allowPrivateAddresses, allowedNetworks }: OutboundNetworks) {
  const networks = allowedNetworks.map(parseNetwork)

  return (text: string): boolean => {
    if (!ipaddr.isValid(text)) return false
    const address = ipaddr.process(text)
    if (networks.some((network) => isWithin(address, network))) return true
    if (metadataAddresses.some((metadata) => isSame(address, metadata))) return false
    const range: string = address.range()
    return range === 'unicast' || (allowPrivateAddresses && privateRanges.includes(range))
  }
}

/** Whether an address is the machine's own. */
export function isLoopbackAddress(text: string): boolean {
  return ipaddr.isValid(text) && ipaddr.process(text).range() === 'loopback'
}

function parseNetwork(text: string): readonly [Address, number] {
  if (text.includes('/')) return ipaddr.parseCIDR(text)
  const address = ipaddr.process(text)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}

function isWithin(address: Address, [network, bits]: readonly [Address, number]): boolean {
  return address.kind() === network.kind() && address.match(network, bits)
}

function isSame(one: Address, other: Address): boolean {
  return one.kind() === other.kind() && one.toNormalizedString() === other.toNormalizedString()
}
