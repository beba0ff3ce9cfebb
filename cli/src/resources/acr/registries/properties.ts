import type { RoleAssignmentMode } from '@acrux/shared/permissions/mode-changes.ts'
import type { FlagDescription } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { booleanFlag, choiceFlag, tagsFlag } from '../../../framework/options/flags.ts'

/** The options of a registry that `create` and `update` share. */
export type PropertyFlags = {
  readonly adminEnabled?: boolean
  readonly allowExports?: boolean
  readonly allowMetadataSearch?: boolean
  readonly allowTrustedServices?: boolean
  readonly defaultAction?: 'Allow' | 'Deny'
  readonly publicNetworkEnabled?: boolean
  readonly roleAssignmentMode?: 'rbac' | 'rbac-abac'
  readonly tags?: readonly string[] | true
}

/** The option with the SKU. */
export const skuFlag = choiceFlag('--sku <sku>', ['Basic', 'Standard', 'Premium'], 'the SKU of the registry')

/** Describes {@link PropertyFlags}. */
export const propertyFlags: readonly FlagDescription[] = [
  booleanFlag('--admin-enabled', 'whether the admin account is enabled'),
  booleanFlag('--allow-exports', 'whether artifacts can be exported from the registry'),
  booleanFlag('--allow-metadata-search', 'whether the metadata can be searched'),
  booleanFlag('--allow-trusted-services', 'whether trusted services of Azure bypass the network rules'),
  choiceFlag(
    '--default-action <action>',
    ['Allow', 'Deny'],
    'whether addresses without a matching network rule are allowed',
  ),
  booleanFlag('--public-network-enabled', 'whether the registry can be reached from public networks'),
  choiceFlag(
    '--role-assignment-mode <mode>',
    ['rbac', 'rbac-abac'],
    'whether role assignments apply to the whole registry (rbac), or can be limited to repositories (rbac-abac)',
  ),
  tagsFlag,
]

/** The message of az for network rules of other SKUs. */
export function requirePremium(sku: unknown): void {
  if (sku !== 'Premium') throw failure('Network rules are only supported for managed registries in Premium SKU.')
}

/** The properties in the flags, in the format of ARM. */
export function propertiesOf({ log }: CommandContext, flags: PropertyFlags): Record<string, unknown> {
  const { adminEnabled, allowExports, allowMetadataSearch, allowTrustedServices } = flags
  const { publicNetworkEnabled, roleAssignmentMode } = flags
  const isClosed = publicNetworkEnabled === false
  if (isClosed) log.warning('Disabling the public endpoint overrides all firewall configurations.')
  const defaultAction = flags.defaultAction ?? (isClosed ? 'Deny' : undefined)
  const all = {
    adminUserEnabled: adminEnabled,
    publicNetworkAccess: either(publicNetworkEnabled, 'Enabled', 'Disabled'),
    networkRuleSet: defaultAction && { defaultAction },
    networkRuleBypassOptions: either(allowTrustedServices, 'AzureServices', 'None'),
    metadataSearch: either(allowMetadataSearch, 'Enabled', 'Disabled'),
    policies:
      allowExports === undefined
        ? undefined
        : { exportPolicy: { status: either(allowExports, 'enabled', 'disabled') } },
    roleAssignmentMode: modeOf(roleAssignmentMode),
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** The mode of an option, as ARM names it. */
function modeOf(option: PropertyFlags['roleAssignmentMode']): RoleAssignmentMode | undefined {
  if (option === undefined) return undefined
  return option === 'rbac-abac' ? 'AbacRepositoryPermissions' : 'LegacyRegistryPermissions'
}

/** Whether a value is a mode, as ARM names it. */
export function isMode(value: unknown): value is RoleAssignmentMode {
  return value === 'AbacRepositoryPermissions' || value === 'LegacyRegistryPermissions'
}

function either(value: boolean | undefined, yes: string, no: string): string | undefined {
  return value === undefined ? undefined : value ? yes : no
}
