import ipaddr from 'ipaddr.js'

type Address = ReturnType<typeof ipaddr.parse>

/** An address, or all addresses that begin with the same bits. */
export type AddressRange = { readonly address: Address; readonly bits: number }

/** Parses `ADDRESS` or `ADDRESS/BITS`, of IPv4 or IPv6; undefined for anything else. [RFC 4632 §3.1, RFC 4291 §2.3] */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [, addressText = '', bitsText] = /^([0-9a-f:.]{2,45})(?:\/(\d{1,3}))?$/i.exec(text) ?? []
  const address = parseAddress(addressText)
  if (address === undefined) return undefined
  const maxBits = address.kind() === 'ipv4' ? 32 : 128
  const bits = bitsText === undefined ? maxBits : Number(bitsText)
  if (bits > maxBits) return undefined
  const isIpv4 = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96
  return isIpv4 ? { address: address.toIPv4Address(), bits: bits - 96 } : { address, bits }
}

/** Whether an address is in one of the ranges. An IPv4-mapped address is treated as IPv4. [RFC 4291 §2.5.5.2] */
export function isWithinRanges(text: string, ranges: readonly AddressRange[]): boolean {
  const parsed = parseAddress(text)
  if (parsed === undefined) return false
  const address = parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress() ? parsed.toIPv4Address() : parsed
  return ranges.some((range) => range.address.kind() === address.kind() && address.match(range.address, range.bits))
}

/** Rejects forms such as 010.1 or 2130706433, which programs interpret differently. */
function parseAddress(text: string): Address | undefined {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text) ? ipaddr.parse(text) : undefined
}
