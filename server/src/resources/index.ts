import type { Transaction } from '../platform/sql/database.ts'
import type { LoginServer } from '../spec/login-server.ts'
import type { NetworkRules } from '../spec/network-rules.ts'

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
export type AdminPasswordProof = { readonly name: AdminPasswordName; readonly generation: number }

/**
 * The ARM tree: subscription, resource group, registry. Names and ids are compared without regard to case. Writes take
 * the caller's transaction and say themselves when they change authority.
 */
export interface Resources {
  listSubscriptions(): Promise<Subscription[]>
  findSubscription(subscriptionId: string): Promise<Subscription | undefined>
  createSubscription(transaction: Transaction, subscription: Subscription): Promise<void>

  listResourceGroups(subscriptionId: string): Promise<ResourceGroup[]>
  /** With a transaction, what that sees. */
  findResourceGroup(subscriptionId: string, name: string, transaction?: Transaction): Promise<ResourceGroup | undefined>
  /** Makes the group, or replaces the tags of the one that is there; its location never changes. */
  putResourceGroup(
    transaction: Transaction,
    group: ResourceGroup,
  ): Promise<{ readonly group: ResourceGroup; readonly created: boolean }>
  /** Deletes the group and every registry in it, and returns those. */
  deleteResourceGroup(transaction: Transaction, subscriptionId: string, name: string): Promise<Registry[]>

  listRegistries(subscriptionId: string, resourceGroup?: string): Promise<Registry[]>
  /** With a transaction, what that sees. */
  findRegistry(
    subscriptionId: string,
    resourceGroup: string,
    name: string,
    transaction?: Transaction,
  ): Promise<Registry | undefined>
  /** Registry names are unique in the whole server. */
  findRegistryByName(name: string): Promise<Registry | undefined>
  /** For the hot path: remembered as long as {@link Database.authorityRevision} stands. `host` is the raw header. */
  findRegistryByHost(host: string | undefined): Registry | undefined | Promise<Registry | undefined>
  findRegistryByRid(rid: string): Registry | undefined | Promise<Registry | undefined>
  /**
   * Makes a registry with both admin passwords and the admin account off. `loginServer` defaults to
   * `<lower-case name><suffix>`. The caller sees to it that the group is there.
   *
   * @throws NameTakenError when another registry of the server has the name or the login server.
   */
  createRegistry(
    transaction: Transaction,
    registry: {
      readonly subscriptionId: string
      readonly resourceGroup: string
      readonly name: string
      readonly location: string
      readonly loginServer?: LoginServer
      readonly change: RegistryChange
      readonly author: ChangeAuthor
    },
  ): Promise<Registry>
  updateRegistry(transaction: Transaction, rid: string, change: RegistryChange, author: ChangeAuthor): Promise<Registry>
  deleteRegistry(transaction: Transaction, rid: string): Promise<void>
  /**
   * Gives every registry the login server that the settings say: that of the first start the public host, others their name
   * and the suffix. Gives those that had another one until now.
   *
   * @throws NameTakenError when two would have the same.
   */
  moveRegistries(transaction: Transaction, publicHost: LoginServer): Promise<readonly MovedRegistry[]>
  /** The login server that a registry of this name would get. */
  loginServerFor(name: string): LoginServer

  /** Both passwords in clear, for `listCredentials`; they are sealed at rest. Undefined when there is no such registry. */
  readAdminPasswords(rid: string): Promise<Record<AdminPasswordName, string> | undefined>
  renewAdminPassword(transaction: Transaction, rid: string, name: AdminPasswordName): Promise<void>
  /** Compares in constant time with both; says nothing of whether the account is enabled. */
  verifyAdminPassword(rid: string, password: string): Promise<AdminPasswordProof | undefined>
  /** Whether the password that was proved is still the one that stands. */
  adminPasswordStands(rid: string, proof: AdminPasswordProof): boolean | Promise<boolean>
}

export { NameTakenError } from './errors.ts'
export { createResources } from './resources.ts'
export { defaultSettings } from './registry-document.ts'
export { type RegistryActivity, createRegistryActivity, hourMs } from './activity.ts'
export type { ActivityCount, ActivityRow } from './activity-store.ts'
export { resourcesMigrations } from './migrations.ts'
