/* Written by `npm run generate` from docs/openapi.json. */
export interface AccessExplanation {
  readonly principal: string
  readonly action: string
  readonly repository: string | null
  readonly roleAssignmentMode: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'
  readonly allowed: boolean
  readonly needs: readonly ActionNeed[]
  readonly assignments: readonly ConsideredAssignment[]
  readonly scopeMap: {
    readonly name: string
    readonly actions: readonly string[]
  } | null
  readonly firstFailure: string | null
  readonly smallestChange: DecisionChange | null
}
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
export interface AllowedPrincipalList {
  readonly action: string
  readonly repository: string | null
  readonly roleAssignmentMode: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'
  readonly anonymous: boolean
  readonly adminAccount: boolean
  readonly value: readonly AllowedPrincipal[]
  readonly nextLink?: string
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
export interface GeneratedCredentials {
  readonly username: string
  readonly passwords: {
    readonly creationTime: string
    readonly expiry?: string
    readonly name: 'password1' | 'password2'
    readonly value: string
  }[]
}
export interface PasswordUsesList {
  readonly value: readonly PasswordUses[]
  readonly nextLink?: string
}
export interface PermissionList {
  readonly value: readonly Permission[]
  readonly nextLink?: string
}
export interface RegistryCredentials {
  readonly username: string
  readonly passwords: {
    readonly name: 'password' | 'password2'
    readonly value: string
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
export interface TokenList {
  readonly value: readonly Token[]
  readonly nextLink?: string
}
export interface ActionNeed {
  readonly kind: 'Action' | 'DataAction'
  readonly name: string
}
export interface ConsideredAssignment {
  /**
   * An ARM id.
   */
  readonly id: string
  readonly principalId: string
  readonly principalType: string
  readonly scope: string
  readonly roleDefinitionId: string
  /**
   * Null if the role does not exist.
   */
  readonly roleName: string | null
  readonly condition: string | null
  /**
   * allows, or the first of its checks that failed.
   */
  readonly result: string
  readonly byWildcard: boolean
}
/**
 * A change that would allow the request. The kind determines which of the other properties it has.
 */
export interface DecisionChange {
  readonly kind: string
  readonly roleName?: string
  readonly roleDefinitionId?: string
  readonly scope?: string
  readonly condition?: string | null
  readonly assignmentId?: string
  readonly action?: string
  readonly access?: string | null
  readonly address?: string | null
}
export interface AllowedPrincipal {
  readonly principalId: string
  readonly principalType: 'User' | 'Group' | 'ServicePrincipal' | 'ScopedToken'
  readonly displayName: string | null
  readonly assignments: readonly ConsideredAssignment[]
  /**
   * Of a scoped token.
   */
  readonly scopeMapId?: string
  /**
   * Of a scoped token.
   */
  readonly status?: 'enabled' | 'disabled'
}
export interface SystemData {
  readonly createdBy: string
  readonly createdByType: 'User' | 'Application'
  readonly createdAt: string
  readonly lastModifiedBy: string
  readonly lastModifiedByType: 'User' | 'Application'
  readonly lastModifiedAt: string
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
export interface Permission {
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  readonly dataActions: readonly string[]
  readonly notDataActions: readonly string[]
  readonly condition: string | null
  readonly conditionVersion: string | null
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
