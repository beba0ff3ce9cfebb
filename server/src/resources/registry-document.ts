import type { Author } from '@acrux/shared/standards/azure/author.ts'
import type { LoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import { openNetwork } from '@acrux/shared/standards/azure/network-rules.ts'
import { registryId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { RegistryRow } from './rows.ts'
import type { Compatibility, Registry, RegistryChange, RegistryPolicies } from './model.ts'

/** The properties of a registry in its JSON column. */
export type RegistryProperties = Required<RegistryChange> & {
  readonly location: string
  readonly tokenGeneration: number
  readonly createdAtMs: number
  readonly createdBy: Author
  readonly changedAtMs: number
  readonly changedBy: Author
}

/** The properties of a new registry, with Azure's defaults. */
export function newProperties(
  change: RegistryChange,
  location: string,
  author: Author,
  nowMs: number,
): RegistryProperties {
  const created = { location, tokenGeneration: 0, createdAtMs: nowMs, createdBy: author }
  return changedProperties(
    { ...defaultSettings(nowMs), ...created, changedAtMs: nowMs, changedBy: author },
    change,
    author,
    nowMs,
  )
}

/** The default settings of a registry. [arm-facts §6] */
export function defaultSettings(nowMs: number): Required<RegistryChange> {
  return {
    sku: 'Premium',
    tags: {},
    adminUserEnabled: false,
    anonymousPullEnabled: false,
    roleAssignmentMode: 'LegacyRegistryPermissions',
    ...openNetwork,
    networkRuleBypassOptions: 'AzureServices',
    dataEndpointEnabled: false,
    zoneRedundancy: 'Disabled',
    ownCompatibility: null,
    workloadTokenAudiences: [],
    policies: defaultPolicies(nowMs),
  }
}

function defaultPolicies(nowMs: number): RegistryPolicies {
  return {
    quarantinePolicy: { status: 'disabled' },
    trustPolicy: { type: 'Notary', status: 'disabled' },
    retentionPolicy: { days: 7, lastUpdatedAtMs: nowMs, status: 'disabled', enabledAtMs: nowMs },
    exportPolicy: { status: 'enabled' },
    azureADAuthenticationAsArmPolicy: { status: 'enabled' },
    softDeletePolicy: { retentionDays: 7, lastUpdatedAtMs: nowMs, status: 'disabled' },
  }
}

/** The properties after a change. Omitted settings are unchanged. */
export function changedProperties(
  before: RegistryProperties,
  change: RegistryChange,
  author: Author,
  nowMs: number,
): RegistryProperties {
  const named = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
  const isSwitched = change.roleAssignmentMode !== undefined && change.roleAssignmentMode !== before.roleAssignmentMode
  const tokenGeneration = before.tokenGeneration + (isSwitched ? 1 : 0)
  return { ...before, ...named, tokenGeneration, changedAtMs: nowMs, changedBy: author }
}

/** The defaults of settings that older rows lack. */
const laterSettings: Partial<RegistryProperties> = {
  ...openNetwork,
  tokenGeneration: 0,
  ownCompatibility: null,
  workloadTokenAudiences: [],
}

/** Parses the properties of a row, with defaults for settings that it lacks. */
export function readProperties(row: RegistryRow): RegistryProperties {
  const written = JSON.parse(row.properties) as RegistryProperties
  const { retentionPolicy } = written.policies
  const policies = {
    ...written.policies,
    retentionPolicy: {
      ...retentionPolicy,
      enabledAtMs: retentionPolicy.enabledAtMs ?? retentionPolicy.lastUpdatedAtMs,
    },
  }
  return { ...laterSettings, ...written, policies }
}

/** Converts a row to a registry. `compatibility` is the setting of the server. */
export function toRegistry(row: RegistryRow, compatibility: Compatibility): Registry {
  const properties = readProperties(row)
  return {
    rid: row.rid,
    id: registryId(row.subscription_id, row.resource_group, row.name),
    subscriptionId: row.subscription_id,
    resourceGroup: row.resource_group,
    name: row.name,
    loginServer: row.login_server as LoginServer,
    ...properties,
    compatibility: properties.ownCompatibility ?? compatibility,
  }
}
