import type { Author } from '@acrux/shared/standards/azure/author.ts'
import type { LoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import type { NetworkRules } from '@acrux/shared/standards/azure/network-rules.ts'

export type Sku = 'Basic' | 'Standard' | 'Premium'

export type RoleAssignmentMode = 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'

export type Toggle = 'enabled' | 'disabled'

/** The policies of a registry, as ARM names them. */
export type RegistryPolicies = {
  readonly quarantinePolicy: { readonly status: Toggle }
  readonly trustPolicy: { readonly type: 'Notary'; readonly status: Toggle }
  readonly retentionPolicy: {
    readonly days: number
    readonly lastUpdatedAtMs: number
    readonly status: Toggle
    /** When it was last enabled. ARM does not show it. */
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

/** A registry whose login server changed with the settings. */
export type MovedRegistry = { readonly before: Registry; readonly loginServer: LoginServer }

/** Which rules apply where the OCI specification and ACR differ. */
export type Compatibility = 'oci' | 'acr'

export type Registry = {
  /** 32 hexadecimal digits. A registry that is deleted and created again has another id. */
  readonly rid: string
  /** The ARM id, in the case of its creation. */
  readonly id: string
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly name: string
  readonly loginServer: LoginServer
  /** The server's own host that a request was sent to, if it is not the host of a registry. */
  readonly reachedAt?: LoginServer
  readonly location: string
  readonly sku: Sku
  readonly tags: Readonly<Record<string, string>>
  readonly adminUserEnabled: boolean
  readonly anonymousPullEnabled: boolean
  readonly roleAssignmentMode: RoleAssignmentMode
  /** Changes with the mode. Tokens of another generation are rejected. [acr-protocol §9.1] */
  readonly tokenGeneration: number
  readonly publicNetworkAccess: NetworkRules['publicNetworkAccess']
  readonly networkRuleSet: NetworkRules['networkRuleSet']
  readonly networkRuleBypassOptions: 'AzureServices' | 'None'
  readonly dataEndpointEnabled: boolean
  readonly zoneRedundancy: 'Enabled' | 'Disabled'
  /** Which rules apply where the OCI specification and ACR differ. */
  readonly compatibility: Compatibility
  /** The own setting of the registry; null to use that of the server. */
  readonly ownCompatibility: Compatibility | null
  /** The audiences of workload tokens that are accepted as passwords, in addition to the hosts of the registry. */
  readonly workloadTokenAudiences: readonly string[]
  readonly policies: RegistryPolicies
  readonly createdAtMs: number
  readonly createdBy: Author
  readonly changedAtMs: number
  readonly changedBy: Author
}

/** The settings of a registry. Omitted ones are unchanged, or get their defaults at creation. */
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
  /** The id of the resource that manages the group. Only shown: it permits and denies nothing. */
  readonly managedBy?: string | undefined
  readonly tags: Readonly<Record<string, string>>
}

export type AdminPasswordName = 'password' | 'password2'

/** A password of the admin account, and its generation, which each renewal increases. */
export type AdminPasswordVersion = { readonly name: AdminPasswordName; readonly generation: number }
