import type { LoginServer } from '../standards/azure/login-server.ts'
import type { NetworkRules } from '../standards/azure/network-rules.ts'

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
    /** When it was last turned on. ARM does not show it. */
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

/** Who made or last changed a resource. */
export type ChangeAuthor = { readonly name: string; readonly kind: 'User' | 'Application' }

/** A registry that is reached at another host since the settings changed. */
export type MovedRegistry = { readonly before: Registry; readonly loginServer: LoginServer }

/** Whose rules hold where the OCI specification and ACR differ. */
export type Compatibility = 'oci' | 'acr'

export type Registry = {
  /** 32 hexadecimal digits; a registry that is deleted and made again gets others. */
  readonly rid: string
  /** The ARM id, in the case in which it was made. */
  readonly id: string
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly name: string
  readonly loginServer: LoginServer
  /** The server's own address or name at which a request came, where no registry has that as its host. */
  readonly reachedAt?: LoginServer
  readonly location: string
  readonly sku: Sku
  readonly tags: Readonly<Record<string, string>>
  readonly adminUserEnabled: boolean
  readonly anonymousPullEnabled: boolean
  readonly roleAssignmentMode: RoleAssignmentMode
  /** Moves with the mode. Tokens of another generation are no longer believed. [acr-protocol §9.1] */
  readonly tokenGeneration: number
  readonly publicNetworkAccess: NetworkRules['publicNetworkAccess']
  readonly networkRuleSet: NetworkRules['networkRuleSet']
  readonly networkRuleBypassOptions: 'AzureServices' | 'None'
  readonly dataEndpointEnabled: boolean
  readonly zoneRedundancy: 'Enabled' | 'Disabled'
  /** Whose rules hold where the OCI specification and ACR differ. */
  readonly compatibility: Compatibility
  /** The same as it was set; null where the server's own setting holds. */
  readonly ownCompatibility: Compatibility | null
  readonly policies: RegistryPolicies
  readonly createdAtMs: number
  readonly createdBy: ChangeAuthor
  readonly changedAtMs: number
  readonly changedBy: ChangeAuthor
}

/** What a client may set of a registry. What is absent stays as it is, or takes its default at creation. */
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
    | 'policies'
  >
>

export type Subscription = { readonly subscriptionId: string; readonly tenantId: string; readonly displayName: string }

export type ResourceGroup = {
  readonly subscriptionId: string
  readonly name: string
  readonly location: string
  readonly tags: Readonly<Record<string, string>>
}

export type AdminPasswordName = 'password' | 'password2'

/** Which of the two passwords was proved, in which of its generations. */
export type AdminPasswordVersion = { readonly name: AdminPasswordName; readonly generation: number }
