import type { RegistryChange } from '../../api/policies.ts'
import type { Registry } from '../../api/registry-document.ts'

/** The network rules of a registry as they are edited: the addresses are one text. */
export type Rules = { readonly isPublic: boolean; readonly defaultAction: 'Allow' | 'Deny'; readonly addresses: string }

/** The rules of a registry, as they are edited. An address that is not among them is added. */
export function rulesOf({ properties }: Registry, address: string | undefined): Rules {
  const { networkRuleSet, publicNetworkAccess } = properties
  const present = networkRuleSet?.ipRules.map(({ value }) => value) ?? []
  const addresses = address === undefined || present.includes(address) ? present : [...present, address]
  return {
    isPublic: publicNetworkAccess === 'Enabled',
    defaultAction: networkRuleSet?.defaultAction ?? 'Allow',
    addresses: addresses.join('\n'),
  }
}

/** The change of a registry to these rules. */
export function changeOf({ isPublic, defaultAction, addresses }: Rules): RegistryChange {
  const values = addresses.split(/[\s,]+/).filter((value) => value !== '')
  return {
    publicNetworkAccess: isPublic ? 'Enabled' : 'Disabled',
    networkRuleSet: { defaultAction, ipRules: values.map((value) => ({ action: 'Allow', value })) },
  }
}
