/* Written by `npm run generate` from docs/openapi.json. */
export interface AuditEventList {
  readonly value: readonly AuditEvent[]
  readonly nextLink?: string
}
export interface AuditWebhookList {
  readonly value: readonly AuditWebhook[]
  readonly nextLink?: string
}
export interface CredentialUseList {
  readonly value: readonly CredentialUse[]
  readonly nextLink?: string
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
export interface Permission {
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  readonly dataActions: readonly string[]
  readonly notDataActions: readonly string[]
  readonly condition: string | null
  readonly conditionVersion: string | null
}
export interface QuotaList {
  readonly value: readonly Quota[]
  readonly nextLink?: string
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
export interface SubscriptionList {
  readonly value: readonly Subscription[]
  readonly nextLink?: string
  readonly count: {
    readonly type: 'Total'
    readonly value: number
  }
}
export interface UploadList {
  readonly value: readonly Upload[]
  readonly nextLink?: string
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
   * The details, which depend on the action.
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
    readonly serviceUri: string
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
export interface CredentialUse {
  readonly principal: {
    readonly kind: string
    readonly id: string
  }
  readonly credentialId: string
  readonly lastUsedAt: string
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
  readonly systemData: SystemData
  readonly properties: {
    readonly loginServer: string
    readonly creationDate: string
    readonly provisioningState: 'Succeeded'
    readonly adminUserEnabled: boolean
    readonly networkRuleSet?: NetworkRuleSet
    readonly policies: Policies
    readonly encryption: {
      readonly status: 'disabled'
    }
    readonly dataEndpointEnabled: boolean
    readonly dataEndpointHostNames: readonly never[]
    readonly regionalEndpoints: 'Disabled'
    readonly regionalEndpointHostNames: readonly never[]
    readonly endpointProtocol: 'IPv4'
    readonly privateEndpointConnections: readonly never[]
    readonly publicNetworkAccess: 'Enabled' | 'Disabled'
    readonly networkRuleBypassOptions: 'AzureServices' | 'None'
    readonly networkRuleBypassAllowedForTasks: false
    readonly zoneRedundancy: 'Enabled' | 'Disabled'
    readonly anonymousPullEnabled: boolean
    readonly metadataSearch: 'Disabled'
    readonly roleAssignmentMode: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'
    readonly autoGeneratedDomainNameLabelScope: 'Unsecure'
    readonly writableCacheRepos: 'Disabled'
    /**
     * Ours: Azure has no such property.
     */
    readonly compatibility: 'oci' | 'acr'
    /**
     * The audiences of workload tokens that are accepted as passwords, in addition to the login server. Ours.
     */
    readonly workloadTokenAudiences: readonly string[]
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
export interface SystemData {
  readonly createdBy: string
  readonly createdByType: 'User' | 'Application'
  readonly createdAt: string
  readonly lastModifiedBy: string
  readonly lastModifiedByType: 'User' | 'Application'
  readonly lastModifiedAt: string
}
export interface NetworkRuleSet {
  readonly defaultAction: 'Allow' | 'Deny'
  readonly virtualNetworkRules: readonly never[]
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
  readonly exportPolicy: {
    readonly status: 'enabled' | 'disabled'
  }
  readonly azureADAuthenticationAsArmPolicy: {
    readonly status: 'enabled' | 'disabled'
  }
  readonly softDeletePolicy: {
    readonly retentionDays: number
    readonly lastUpdatedTime: string
    readonly status: 'enabled' | 'disabled'
  }
}
