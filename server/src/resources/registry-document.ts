import type { LoginServer } from '../spec/login-server.ts'
import { registryId } from '../spec/resource-id.ts'
import type { ChangeAuthor, Registry, RegistryChange, RegistryPolicies } from './index.ts'
import type { RegistryRow } from './store.ts'

/** What of a registry stands in its JSON column. */
export type RegistryProperties = Required<RegistryChange> & {
  readonly location: string
  readonly createdAtMs: number
  readonly createdBy: ChangeAuthor
  readonly changedAtMs: number
  readonly changedBy: ChangeAuthor
}

/** The properties of a new registry, with Azure's defaults where nothing is asked. */
export function newProperties(
  change: RegistryChange,
  location: string,
  author: ChangeAuthor,
  nowMs: number,
): RegistryProperties {
  return {
    location,
    sku: change.sku ?? 'Premium',
    tags: change.tags ?? {},
    adminUserEnabled: change.adminUserEnabled ?? false,
    anonymousPullEnabled: change.anonymousPullEnabled ?? false,
    roleAssignmentMode: change.roleAssignmentMode ?? 'LegacyRegistryPermissions',
    publicNetworkAccess: change.publicNetworkAccess ?? 'Enabled',
    networkRuleBypassOptions: change.networkRuleBypassOptions ?? 'AzureServices',
    dataEndpointEnabled: change.dataEndpointEnabled ?? false,
    zoneRedundancy: change.zoneRedundancy ?? 'Disabled',
    policies: change.policies ?? defaultPolicies(nowMs),
    createdAtMs: nowMs,
    createdBy: author,
    changedAtMs: nowMs,
    changedBy: author,
  }
}

/** The policies of a registry for which none was ever set. */
export function defaultPolicies(nowMs: number): RegistryPolicies {
  return {
    quarantinePolicy: { status: 'disabled' },
    trustPolicy: { type: 'Notary', status: 'disabled' },
    retentionPolicy: { days: 7, lastUpdatedAtMs: nowMs, status: 'disabled' },
    exportPolicy: { status: 'enabled' },
    azureADAuthenticationAsArmPolicy: { status: 'enabled' },
    softDeletePolicy: { retentionDays: 7, lastUpdatedAtMs: nowMs, status: 'disabled' },
  }
}

/** The properties after a change; what the change does not name stays. */
export function changedProperties(
  before: RegistryProperties,
  change: RegistryChange,
  author: ChangeAuthor,
  nowMs: number,
): RegistryProperties {
  const named = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
  return { ...before, ...named, changedAtMs: nowMs, changedBy: author }
}

export function readProperties(row: RegistryRow): RegistryProperties {
  return JSON.parse(row.properties) as RegistryProperties
}

/** The registry that a row and its properties make. */
export function toRegistry(row: RegistryRow): Registry {
  return {
    rid: row.rid,
    id: registryId(row.subscription_id, row.resource_group, row.name),
    subscriptionId: row.subscription_id,
    resourceGroup: row.resource_group,
    name: row.name,
    loginServer: row.login_server as LoginServer,
    ...readProperties(row),
  }
}
