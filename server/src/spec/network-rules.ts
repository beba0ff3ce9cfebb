import { type AddressRange, isWithinRanges, parseAddressRange } from './address-range.ts'

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

/** Whether a client at an address is let in. An address that is not known is none of the allowed. */
export function admitsAddress({ publicNetworkAccess, networkRuleSet }: NetworkRules, address: string): boolean {
  if (publicNetworkAccess === 'Disabled') return false
  if (networkRuleSet.defaultAction === 'Allow') return true
  return isWithinRanges(address, rangesOf(networkRuleSet))
}

function rangesOf(rules: NetworkRules['networkRuleSet']): readonly AddressRange[] {
  const known = readRules.get(rules)
  if (known !== undefined) return known
  const read = rules.ipRules.flatMap((text) => parseAddressRange(text) ?? [])
  readRules.set(rules, read)
  return read
}
