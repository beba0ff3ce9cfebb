import { isWithinRanges, parseAddressRange } from '../http/address-range.ts'

/** The network rules of a registry's data plane, in ARM's names. [arm-facts §6] */
export type NetworkRules = {
  /** When disabled, all network access is denied regardless of the rules. */
  readonly publicNetworkAccess: 'Enabled' | 'Disabled'
  readonly networkRuleSet: {
    /** Applies to an address that no rule names. */
    readonly defaultAction: 'Allow' | 'Deny'
    /** The allowed addresses, and ranges `ADDRESS/BITS`, as they were set. */
    readonly ipRules: readonly string[]
  }
}

/** The rules of a new registry: every address is allowed. */
export const openNetwork: NetworkRules = {
  publicNetworkAccess: 'Enabled',
  networkRuleSet: { defaultAction: 'Allow', ipRules: [] },
}

/** Why a client is denied: network access is disabled, or no rule allows its address. */
export type NetworkDenial = 'public-network-disabled' | 'network-rule'

/** Why a client at an address is denied; undefined if it is allowed. An unknown address is allowed by no rule. */
export function networkDenial(rules: NetworkRules, address: string): NetworkDenial | undefined {
  if (rules.publicNetworkAccess === 'Disabled') return 'public-network-disabled'
  return isAllowed(rules, address) ? undefined : 'network-rule'
}

/** The change that allows a client at an address: one of the two, or both. */
export type NetworkChange =
  | { readonly kind: 'allow-address'; readonly address: string }
  | { readonly kind: 'enable-public-network'; readonly address: string | null }

/** The smallest change of the rules that allows a client at a denied address. */
export function networkChange(rules: NetworkRules, denial: NetworkDenial, address: string): NetworkChange {
  const plain = plainAddress(address)
  if (denial === 'network-rule') return { kind: 'allow-address', address: plain }
  return { kind: 'enable-public-network', address: isAllowed(rules, address) ? null : plain }
}

/** Whether any client can be denied. */
export function isRestricted({ publicNetworkAccess, networkRuleSet }: NetworkRules): boolean {
  return publicNetworkAccess === 'Disabled' || networkRuleSet.defaultAction === 'Deny'
}

/** An IPv4 address without the IPv6 prefix that a listener for IPv6 adds. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=[\d.]+$)/i, '')
}

function isAllowed({ networkRuleSet }: NetworkRules, address: string): boolean {
  if (networkRuleSet.defaultAction === 'Allow') return true
  const ranges = networkRuleSet.ipRules.flatMap((text) => parseAddressRange(text) ?? [])
  return isWithinRanges(address, ranges)
}
