import { type AddressRange, isWithinRanges, parseAddressRange } from '../http/address-range.ts'

/** From where a registry's data may be asked for, as ARM names it. [arm-facts §6] */
export type NetworkRules = {
  /** Disabled, nobody comes by the network that this server listens on, whatever the rules say. */
  readonly publicNetworkAccess: 'Enabled' | 'Disabled'
  readonly networkRuleSet: {
    /** What holds of an address that no rule names. */
    readonly defaultAction: 'Allow' | 'Deny'
    /** Addresses, and ranges `ADDRESS/BITS`, that are let in, as they were given. */
    readonly ipRules: readonly string[]
  }
}

/** What holds of a registry of which nothing was asked: everybody is let in, from everywhere. */
export const openNetwork: NetworkRules = {
  publicNetworkAccess: 'Enabled',
  networkRuleSet: { defaultAction: 'Allow', ipRules: [] },
}

/** Rules as they were read; a registry's are the same object as long as nothing about it changes. */
const readRules = new WeakMap<NetworkRules['networkRuleSet'], readonly AddressRange[]>()

/** Why a client is not let in: the registry is closed to all, or its address is none of those that are allowed. */
export type NetworkRefusal = 'public-network-disabled' | 'network-rule'

/** Why a client at an address is not let in; undefined if it is. An address that is not known is none of the allowed. */
export function networkRefusal(rules: NetworkRules, address: string): NetworkRefusal | undefined {
  if (rules.publicNetworkAccess === 'Disabled') return 'public-network-disabled'
  return isAllowed(rules, address) ? undefined : 'network-rule'
}

/** What has to be changed for a client at an address to be let in: one of the two, or both. */
export type NetworkChange =
  | { readonly kind: 'allow-address'; readonly address: string }
  | { readonly kind: 'enable-public-network'; readonly address: string | null }

/** The smallest change of the rules by which a client at an address that they refuse would be let in. */
export function networkChange(rules: NetworkRules, refusal: NetworkRefusal, address: string): NetworkChange {
  const plain = plainAddress(address)
  if (refusal === 'network-rule') return { kind: 'allow-address', address: plain }
  return { kind: 'enable-public-network', address: isAllowed(rules, address) ? null : plain }
}

/** Whether there are clients on the network that are not let in. */
export function isRestricted({ publicNetworkAccess, networkRuleSet }: NetworkRules): boolean {
  return publicNetworkAccess === 'Disabled' || networkRuleSet.defaultAction === 'Deny'
}

/** An address of IPv4 as such, also where a listener for IPv6 tells it. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=[\d.]+$)/i, '')
}

function isAllowed({ networkRuleSet }: NetworkRules, address: string): boolean {
  return networkRuleSet.defaultAction === 'Allow' || isWithinRanges(address, rangesOf(networkRuleSet))
}

function rangesOf(rules: NetworkRules['networkRuleSet']): readonly AddressRange[] {
  const known = readRules.get(rules)
  if (known !== undefined) return known
  const read = rules.ipRules.flatMap((text) => parseAddressRange(text) ?? [])
  readRules.set(rules, read)
  return read
}
