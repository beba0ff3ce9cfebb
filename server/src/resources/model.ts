import type { Author } from '@acrux/shared/standards/azure/author.ts'
import type { LoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import type { NetworkRules } from '@acrux/shared/standards/azure/network-rules.ts'

export type Sku = 'Basic' | 'Standard' | 'Premium'

export type RoleAssignmentMode = 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'

export type Toggle = 'enabled' | 'disabled'

/** The policies of a registry, with the names that ARM uses. */
export type RegistryPolicies = {
  readonly quarantinePolicy: { readonly status: Toggle }
  readonly trustPolicy: { readonly type: 'Notary'; readonly status: Toggle }
  readonly retentionPolicy: {
    readonly days: number
    readonly lastUpdatedAtMs: number
    readonly status: Toggle
    /** The time at which it was last enabled. ARM does not return this time. */
    readonly enabledAtMs: number
  }
  readonly exportPolicy: { readonly status: Toggle }
  readonly azureADAuthenticationAsArmPolicy: { readonly status: Toggle }
  readonly softDeletePolicy: {
    readonly retentionDays: number
    readonly lastUpdatedAtMs: number
    readonly status: Toggle
  }
}

/** A registry whose login server changed because the settings changed. */
export type MovedRegistry = { readonly before: Registry; readonly loginServer: LoginServer }

/** The rules that apply where the OCI specification and ACR differ. */
export type Compatibility = 'oci' | 'acr'

export type Registry = {
  /** 32 hexadecimal digits. If a registry is deleted and created again, the new registry has another id. */
  readonly rid: string
  /** The ARM id, spelled as at the creation of the registry. */
  readonly id: string
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly name: string
  readonly loginServer: LoginServer
  /** The host of the server to which a request was sent, if the host does not belong to a registry. */
  readonly reachedAt?: LoginServer
  readonly location: string
  readonly sku: Sku
  readonly tags: Readonly<Record<string, string>>
  readonly adminUserEnabled: boolean
  readonly anonymousPullEnabled: boolean
  readonly roleAssignmentMode: RoleAssignmentMode
  /** The generation increases when the mode changes. Tokens of another generation are rejected. [acr-protocol §9.1] */
  readonly tokenGeneration: number
  readonly publicNetworkAccess: NetworkRules['publicNetworkAccess']
  readonly networkRuleSet: NetworkRules['networkRuleSet']
  readonly networkRuleBypassOptions: 'AzureServices' | 'None'
  readonly dataEndpointEnabled: boolean
  readonly zoneRedundancy: 'Enabled' | 'Disabled'
  /** The rules that apply where the OCI specification and ACR differ. */
  readonly compatibility: Compatibility
  /** The compatibility setting of this registry. If it is null, the setting of the server applies. */
  readonly ownCompatibility: Compatibility | null
  /** The audiences of workload tokens that the registry accepts as passwords, in addition to the hosts of the registry. */
  readonly workloadTokenAudiences: readonly string[]
  readonly policies: RegistryPolicies
  readonly createdAtMs: number
  readonly createdBy: Author
  readonly changedAtMs: number
  readonly changedBy: Author
}

/** The settings of a registry. A change leaves omitted settings unchanged, and a new registry gets their defaults. */
export type RegistryChange = Partial<
  Pick<
    Registry,
    | 'sku'
    | 'tags'
    | 'adminUserEnabled'
    | 'anonymousPullEnabled'
    | 'roleAssignmentMode'
    | 'publicNetworkAccess'
    | 'networkRuleSet'
    | 'networkRuleBypassOptions'
    | 'dataEndpointEnabled'
    | 'zoneRedundancy'
    | 'ownCompatibility'
    | 'workloadTokenAudiences'
    | 'policies'
  >
>

export type Subscription = { readonly subscriptionId: string; readonly tenantId: string; readonly displayName: string }

export type ResourceGroup = {
  readonly subscriptionId: string
  readonly name: string
  readonly location: string
  /** The id of the resource that manages the group. The id is only displayed, and does not affect permissions. */
  readonly managedBy?: string | undefined
  readonly tags: Readonly<Record<string, string>>
}

export type AdminPasswordName = 'password' | 'password2'

/** A password of the admin account, and its generation. Each renewal increases the generation. */
export type AdminPasswordVersion = { readonly name: AdminPasswordName; readonly generation: number }
