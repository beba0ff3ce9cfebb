/* Written by `npm run generate` from the OpenAPI document of the server. */
export interface AdminPasswordUses {
  readonly type: 'Acrux.Server/adminPasswordUses'
  readonly id: string
  readonly name: 'default'
  readonly properties: {
    readonly passwords: {
      readonly name: 'password' | 'password2'
      readonly lastUsedAt?: string
    }[]
  }
}
export interface AnonymousAccess {
  readonly type: 'Acrux.Server/anonymousAccess'
  readonly id: string
  readonly name: 'default'
  readonly systemData: SystemData
  readonly properties: {
    readonly scopeMapId: string
  }
}
export interface AuditChain {
  /**
   * The number and the hash of the last block, in the format of `acrux audit verify --expect`.
   */
  readonly checkpoint: string | null
  readonly lastBlockAt: string | null
  /**
   * Whether the hash chain ends with the block that the server sealed last.
   */
  readonly isSealed: boolean
  /**
   * The age of the oldest event that the hash chain does not contain yet.
   */
  readonly waitingSeconds: number
}
export interface AuditEventList {
  readonly value: readonly AuditEvent[]
  readonly nextLink?: string
}
export interface AuditWebhookList {
  readonly value: readonly AuditWebhook[]
  readonly nextLink?: string
}
export interface AuditWebhookSecret {
  readonly secret: string
}
export interface Backups {
  /**
   * Whether the server can create a backup. A backup requires the setting `backup.directory` and an SQLite database.
   */
  readonly availability: 'available' | 'no-directory' | 'unsupported'
  /**
   * The last backup that was requested since the server started.
   */
  readonly last: {
    readonly state: 'running' | 'completed' | 'failed'
    readonly startedAt: string
    readonly completedAt: string | null
    readonly step: 'database' | 'blobs'
    readonly doneBytes: number
    /**
     * The bytes of the current step; 0 while the number is unknown.
     */
    readonly totalBytes: number
    readonly id: string | null
    readonly error: string | null
  } | null
  /**
   * Up to 50 complete backups in the directory, newest first.
   */
  readonly value: {
    readonly id: string
    readonly takenAt: string
    readonly version: string
    readonly databaseBytes: number
    readonly blobs: number
    readonly blobBytes: number
    /**
     * The total size of the blobs that no earlier backup contains.
     */
    readonly newBytes: number
    /**
     * The number of blobs that the backup lacks, because the blobs were missing or corrupt on the server.
     */
    readonly damaged: number
    readonly hasKeys: boolean
  }[]
  readonly count: number
  /**
   * Why the server cannot list the backup directory.
   */
  readonly problem: string | null
}
export interface BatchResponse {
  readonly responses: {
    readonly name?: string
    readonly httpStatusCode: number
    readonly headers: {
      [k: string]: string
    }
    readonly content?: unknown
    readonly contentLength: number
  }[]
}
export interface ContentSearch {
  readonly value: readonly FoundContent[]
  /**
   * Whether there may be more results.
   */
  readonly isIncomplete: boolean
  /**
   * The login servers whose network rules do not permit this request to see content.
   */
  readonly notSearched: readonly string[]
}
export interface CredentialUseList {
  readonly value: readonly CredentialUse[]
  readonly nextLink?: string
}
export interface GarbageCollection {
  readonly last: {
    readonly state: 'running' | 'completed' | 'stopped' | 'failed'
    readonly startedAt: string
    readonly completedAt: string | null
    /**
     * The estimated progress, from 0 to 1.
     */
    readonly progress: number
    readonly step: 'policies' | 'rows' | 'uploads' | 'registries' | 'blobs' | 'files'
    readonly counts: {
      /**
       * The number of manifests and tags that registry policies deleted.
       */
      readonly manifests: number
      /**
       * Expired uploads.
       */
      readonly uploads: number
      readonly blobs: number
      /**
       * The total size of the deleted blobs.
       */
      readonly bytes: number
    }
  } | null
  /**
   * `startedAt` and `counts` are null if an earlier version of Acrux ran the garbage collection.
   */
  readonly lastCompleted: {
    readonly startedAt: string | null
    readonly completedAt: string
    readonly counts: {
      /**
       * The number of manifests and tags that registry policies deleted.
       */
      readonly manifests: number
      /**
       * Expired uploads.
       */
      readonly uploads: number
      readonly blobs: number
      /**
       * The total size of the deleted blobs.
       */
      readonly bytes: number
    } | null
  } | null
  /**
   * The interval between automatic garbage collections.
   */
  readonly intervalSeconds: number
}
export interface GeneratedCredentials {
  readonly username: string
  readonly passwords: {
    readonly creationTime: string
    readonly expiry?: string
    readonly name: 'password1' | 'password2'
    readonly value: string
  }[]
}
export interface HostCertificates {
  /**
   * At most 500 hosts: first hosts with problems, then hosts whose certificates expire first.
   */
  readonly value: readonly HostCertificate[]
  readonly hostCount: number
}
export interface Metrics {
  readonly cost: number
  readonly timespan: string
  readonly interval: string
  readonly value: {
    readonly id: string
    readonly type: 'Microsoft.Insights/metrics'
    readonly name: {
      readonly value: string
      readonly localizedValue: string
    }
    readonly displayDescription: string
    readonly unit: 'Count' | 'Bytes' | 'Seconds' | 'MilliSeconds'
    readonly timeseries: {
      readonly metadatavalues: readonly never[]
      readonly data: {
        readonly timeStamp: string
        readonly average?: number
        readonly minimum?: number
        readonly maximum?: number
        readonly total?: number
        readonly count?: number
      }[]
    }[]
    readonly errorCode: 'Success'
  }[]
  readonly namespace: 'Microsoft.ContainerRegistry/registries'
  readonly resourceregion: string
}
export interface NetworkAccess {
  readonly address: string
  /**
   * Whether the address is the source of the request.
   */
  readonly isCaller: boolean
  readonly allowed: boolean
  readonly reason: ('public-network-disabled' | 'network-rule') | null
}
export interface PasswordUsesList {
  readonly value: readonly PasswordUses[]
  readonly nextLink?: string
}
export interface Permission {
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  readonly dataActions: readonly string[]
  readonly notDataActions: readonly string[]
  readonly condition: string | null
  readonly conditionVersion: string | null
}
export interface PermissionList {
  readonly value: readonly Permission[]
  readonly nextLink?: string
}
export interface QuotaList {
  readonly value: readonly Quota[]
  readonly nextLink?: string
}
export interface RegistryCredentials {
  readonly username: string
  readonly passwords: {
    readonly name: 'password' | 'password2'
    readonly value: string
  }[]
}
export interface RegistryList {
  readonly value: readonly Registry[]
  readonly nextLink?: string
}
export interface RegistryUsages {
  readonly value: {
    readonly name: string
    readonly limit: number
    readonly currentValue: number
    readonly unit: 'Bytes' | 'Count'
  }[]
}
export interface RoleAssignmentList {
  readonly value: readonly RoleAssignment[]
  readonly nextLink?: string
}
export interface RoleDefinitionList {
  readonly value: readonly RoleDefinition[]
  readonly nextLink?: string
}
export interface ScopeMapList {
  readonly value: readonly ScopeMap[]
  readonly nextLink?: string
}
export interface Scrub {
  readonly requested: {
    readonly state: 'running' | 'completed' | 'stopped' | 'failed'
    readonly repair: boolean
    readonly startedAt: string | null
    readonly completedAt: string | null
    readonly progress: number
    readonly step: string
    readonly counts: {
      readonly blobs: number
      readonly bytes: number
      readonly manifests: number
      readonly files: number
      readonly auditEvents: number
    }
    readonly findings: {
      readonly kind: string
      readonly subject: string
      readonly place: string
      readonly repaired: boolean
    }[]
    readonly findingCount: number
  } | null
  readonly background: {
    readonly progress: number | null
    readonly lastCompletedAt: string | null
    readonly lastFindingCount: number
  }
  readonly quarantined: number
}
export interface ServerSettings {
  readonly value: {
    readonly key: string
    /**
     * As JSON; null if the setting has no value.
     */
    readonly value: string | null
    /**
     * The flag, the variable, or the file and line that set it; null for a default.
     */
    readonly source: string | null
    readonly description: string
  }[]
}
export interface ServerStatus {
  readonly version: string
  readonly startedAt: string
  readonly status: 'ok' | 'degraded' | 'unavailable'
  readonly components: {
    readonly name: string
    readonly state: 'ok' | 'degraded' | 'unavailable'
    readonly message: string
  }[]
  /**
   * The running servers that use the database of this server.
   */
  readonly servers: {
    readonly id: string
    /**
     * Whether this server sent the response.
     */
    readonly isThis: boolean
    /**
     * The name of the server's machine. Null if the server runs an earlier version.
     */
    readonly host: string | null
    readonly version: string | null
    readonly startedAt: string | null
    /**
     * The time of the server's last heartbeat, by the server's own clock.
     */
    readonly lastSeenAt: string | null
    /**
     * Whether this server runs the background jobs of all servers.
     */
    readonly runsJobs: boolean
  }[]
  /**
   * Null if the content is not on a disk of the server.
   */
  readonly disk: {
    readonly totalBytes: number
    readonly freeBytes: number
    readonly reserveBytes: number
    readonly isLow: boolean
  } | null
  /**
   * Null without TLS. If the certificate is configured, `authorityExpiresAt` and `authorityFile` are null.
   */
  readonly certificate: {
    readonly expiresAt: string
    readonly authorityExpiresAt: string | null
    readonly authorityFile: string | null
  } | null
  readonly signingKeys: {
    readonly name: 'registry' | 'identity'
    readonly createdAt: string
    readonly rotationDueAt: string
  }[]
  /**
   * The time of the last garbage collection by any server that uses the database.
   */
  readonly lastCollectionAt: string | null
}
export interface SubscriptionList {
  readonly value: readonly Subscription[]
  readonly nextLink?: string
  readonly count: {
    readonly type: 'Total'
    readonly value: number
  }
}
export interface TokenList {
  readonly value: readonly Token[]
  readonly nextLink?: string
}
export interface UploadList {
  readonly value: readonly Upload[]
  readonly nextLink?: string
}
export interface SystemData {
  readonly createdBy: string
  readonly createdByType: 'User' | 'Application'
  readonly createdAt: string
  readonly lastModifiedBy: string
  readonly lastModifiedByType: 'User' | 'Application'
  readonly lastModifiedAt: string
}
export interface AuditEvent {
  readonly id: string
  readonly eventTimestamp: string
  readonly action: string
  readonly outcome: string
  readonly actor: {
    readonly kind: string
    readonly id: string
  }
  readonly credential: {
    readonly kind: string
    readonly id: string | null
  } | null
  readonly target: string
  readonly reason: string | null
  /**
   * The details of the event, which depend on the action.
   */
  readonly detail: {
    [k: string]: unknown
  }
  readonly correlationId: string
  readonly remoteAddress: string
  readonly userAgent: string | null
}
export interface AuditWebhook {
  readonly id: string
  readonly name: string
  readonly type: 'Acrux.Server/auditWebhooks'
  readonly properties: {
    readonly host: string
    readonly status: 'enabled' | 'disabled'
    readonly filter: {
      readonly actions?: readonly string[]
      readonly outcome?: 'success' | 'refused'
    }
    readonly lastDeliveryAt: string | null
    readonly failures: number
    readonly lastError: string | null
    readonly nextAttemptAt: string | null
    readonly secret?: string
  }
}
export interface FoundContent {
  readonly kind: 'repository' | 'tag' | 'manifest'
  /**
   * The login server.
   */
  readonly registry: string
  readonly registryName: string
  readonly repository: string
  readonly tag?: string
  readonly digest?: string
}
export interface CredentialUse {
  readonly principal: {
    readonly kind: string
    readonly id: string
  }
  readonly credentialId: string
  readonly lastUsedAt: string
}
export interface HostCertificate {
  readonly host: string
  /**
   * The source of the certificate: the server's certificate authority, configured files, or the ACME provider.
   */
  readonly source: 'own' | 'configured' | 'acme'
  readonly issuer: string
  readonly validFrom: string
  readonly expiresAt: string
  readonly coversHost: boolean
  /**
   * Null for a host whose certificate does not come from an ACME provider.
   */
  readonly acme: {
    /**
     * Whether the last attempt to get a certificate succeeded; `waiting` before the first attempt.
     */
    readonly state: 'issued' | 'waiting' | 'failed'
    readonly renewalDueAt: string | null
    /**
     * The number of consecutive failed attempts to get the certificate.
     */
    readonly failures: number
    readonly lastError: string | null
    readonly failedAt: string | null
    readonly nextAttemptAt: string | null
  } | null
}
export interface PasswordUses {
  readonly type: 'Acrux.Server/passwordUses'
  readonly id: string
  readonly name: string
  readonly properties: {
    readonly passwords: {
      readonly name: 'password1' | 'password2'
      readonly createdAt: string
      readonly expiresAt?: string
      readonly lastUsedAt?: string
    }[]
  }
}
export interface Quota {
  readonly type: 'Acrux.Server/quotas'
  readonly id: string
  readonly name: string
  readonly properties: {
    readonly repository: string | null
    readonly limitBytes: number
    readonly usedBytes: number
  }
}
export interface Registry {
  readonly sku: {
    readonly name: 'Basic' | 'Standard' | 'Premium'
    readonly tier: 'Basic' | 'Standard' | 'Premium'
  }
  readonly type: 'Microsoft.ContainerRegistry/registries'
  readonly id: string
  readonly name: string
  readonly location: string
  readonly tags: {
    [k: string]: string
  }
  readonly systemData?: SystemData
  readonly properties: {
    readonly loginServer: string
    readonly creationDate: string
    readonly provisioningState: 'Succeeded'
    readonly adminUserEnabled: boolean
    readonly networkRuleSet?: NetworkRuleSet
    readonly policies: Policies
    readonly encryption?: {
      readonly status: 'disabled'
    }
    readonly dataEndpointEnabled?: boolean
    readonly dataEndpointHostNames?: readonly never[]
    readonly regionalEndpoints?: 'Disabled'
    readonly regionalEndpointHostNames?: readonly never[]
    readonly endpointProtocol?: 'IPv4'
    readonly privateEndpointConnections?: readonly never[]
    readonly publicNetworkAccess?: 'Enabled' | 'Disabled'
    readonly networkRuleBypassOptions?: 'AzureServices' | 'None'
    readonly networkRuleBypassAllowedForTasks?: false
    readonly zoneRedundancy?: 'Enabled' | 'Disabled'
    readonly anonymousPullEnabled?: boolean
    readonly metadataSearch?: 'Disabled'
    readonly roleAssignmentMode?: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'
    readonly autoGeneratedDomainNameLabelScope?: 'Unsecure'
    readonly writableCacheRepos?: 'Disabled'
    /**
     * Properties of Acrux that do not exist in Azure.
     */
    readonly acrux: {
      readonly compatibility: 'oci' | 'acr'
      /**
       * The audiences of workload tokens that are accepted as passwords, in addition to the login server.
       */
      readonly workloadTokenAudiences: readonly string[]
    }
  }
}
export interface RoleAssignment {
  readonly properties: {
    readonly roleDefinitionId: string
    readonly principalId: string
    readonly principalType: 'User' | 'Group' | 'ServicePrincipal'
    readonly scope: string
    readonly condition: string | null
    readonly conditionVersion: string | null
    readonly createdOn: string
    readonly updatedOn: string
    readonly createdBy: string
    readonly updatedBy: string
    readonly delegatedManagedIdentityResourceId: null
    readonly description: string | null
  }
  readonly id: string
  readonly type: 'Microsoft.Authorization/roleAssignments'
  readonly name: string
}
export interface RoleDefinition {
  readonly properties: {
    readonly roleName: string
    readonly type: 'BuiltInRole' | 'CustomRole'
    readonly description: string
    readonly assignableScopes: readonly string[]
    readonly permissions: {
      readonly actions: readonly string[]
      readonly notActions: readonly string[]
      readonly dataActions: readonly string[]
      readonly notDataActions: readonly string[]
    }[]
    readonly createdOn?: string
    readonly updatedOn?: string
    readonly createdBy?: string
    readonly updatedBy?: string
  }
  readonly id: string
  readonly type: 'Microsoft.Authorization/roleDefinitions'
  readonly name: string
}
export interface ScopeMap {
  readonly type: 'Microsoft.ContainerRegistry/registries/scopeMaps'
  readonly id: string
  readonly name: string
  readonly systemData?: SystemData
  readonly properties: {
    readonly description?: string
    readonly type: 'SystemDefined' | 'UserDefined'
    readonly creationDate: string
    readonly provisioningState: 'Succeeded'
    readonly actions: readonly string[]
  }
}
export interface Subscription {
  readonly id: string
  readonly authorizationSource: 'RoleBased'
  readonly managedByTenants: readonly never[]
  readonly subscriptionId: string
  readonly tenantId: string
  readonly displayName: string
  readonly state: 'Enabled'
  readonly subscriptionPolicies: {
    readonly locationPlacementId: string
    readonly quotaId: string
    readonly spendingLimit: 'Off'
  }
}
export interface Token {
  readonly type: 'Microsoft.ContainerRegistry/registries/tokens'
  readonly id: string
  readonly name: string
  readonly systemData: SystemData
  readonly properties: {
    readonly creationDate: string
    readonly provisioningState: 'Succeeded'
    readonly scopeMapId: string
    readonly credentials: {
      readonly passwords: {
        readonly creationTime: string
        readonly expiry?: string
        readonly name: 'password1' | 'password2'
      }[]
    }
    readonly status: 'enabled' | 'disabled'
  }
}
export interface Upload {
  readonly type: 'Acrux.Server/uploads'
  readonly id: string
  readonly name: string
  readonly properties: {
    readonly repository: string
    readonly caller: string
    readonly startedAt: string
    readonly lastDataAt: string
    readonly expiresAt: string
    readonly stagedBytes: number
    readonly active: boolean
  }
}
export interface NetworkRuleSet {
  readonly defaultAction: 'Allow' | 'Deny'
  readonly virtualNetworkRules?: readonly never[]
  readonly ipRules: {
    readonly action: 'Allow'
    readonly value: string
  }[]
}
export interface Policies {
  readonly quarantinePolicy: {
    readonly status: 'enabled' | 'disabled'
  }
  readonly trustPolicy: {
    readonly type: 'Notary'
    readonly status: 'enabled' | 'disabled'
  }
  readonly retentionPolicy: {
    readonly days: number
    readonly lastUpdatedTime: string
    readonly status: 'enabled' | 'disabled'
  }
  readonly exportPolicy?: {
    readonly status: 'enabled' | 'disabled'
  }
  readonly azureADAuthenticationAsArmPolicy?: {
    readonly status: 'enabled' | 'disabled'
  }
  readonly softDeletePolicy?: {
    readonly retentionDays: number
    readonly lastUpdatedTime: string
    readonly status: 'enabled' | 'disabled'
  }
}
