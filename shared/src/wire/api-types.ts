/* Written by `npm run generate` from the OpenAPI document of the server. */
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
export interface AllowedPrincipalList {
  readonly action: string
  readonly repository: string | null
  readonly roleAssignmentMode: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'
  readonly anonymous: boolean
  readonly adminAccount: boolean
  readonly value: readonly AllowedPrincipal[]
  readonly nextLink?: string
}
export interface Decision {
  readonly correlationId: string
  readonly eventTimestamp: string
  /**
   * The name of the action in the audit log.
   */
  readonly event: string
  readonly outcome: string
  readonly reason: string | null
  readonly target: string
  readonly remoteAddress: string
  readonly principal: {
    readonly kind: string
    readonly id: string
  }
  readonly credential: {
    readonly kind: string
    readonly id: string | null
  } | null
  /**
   * The missing right; null if no right was checked.
   */
  readonly asked: {
    readonly action: string
    readonly repository: string | null
    readonly scope: string | null
  } | null
  /**
   * If a token was issued: the requested access, the granted access, and the requested access that was not granted.
   */
  readonly token: {
    readonly asked: readonly string[]
    readonly granted: string
    readonly leftOut: readonly string[]
  } | null
  readonly roleAssignmentMode: string | null
  readonly needs: readonly string[]
  readonly assignments: readonly DecisionAssignment[]
  /**
   * The number of all role assignments that the server checked. `assignments` lists the assignments that came closest to allowing the request.
   */
  readonly assignmentCount: number
  readonly scopeMap: {
    readonly name: string
    readonly actions: readonly string[]
  } | null
  readonly tokenAccess: string | null
  /**
   * The token in the request, if the signature is valid. `expiredAt` is set for an expired token, and `wantedAudience` for a token with the wrong audience.
   */
  readonly presented: {
    readonly issuer: string
    readonly subject: string
    readonly expiredAt: string | null
    readonly wantedAudience: string | null
  } | null
  /**
   * The first check that failed; null if everything was allowed.
   */
  readonly firstFailure: string | null
  readonly smallestChange: DecisionChange | null
  readonly since: DecisionSince | null
}
export interface ModeChangeList {
  /**
   * The role assignment mode after the change.
   */
  readonly roleAssignmentMode: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'
  /**
   * The number of principals that gain or lose a permission. Present only on the first page.
   */
  readonly count?: number
  /**
   * False if the registry has more role assignments than the server counts; only on the first page.
   */
  readonly isCountComplete?: boolean
  readonly value: readonly ModeChange[]
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
   * `allows`, or the first check of the assignment that failed.
   */
  readonly result: string
  readonly byWildcard: boolean
}
/**
 * A change that would allow the request. `kind` determines which properties the change contains.
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
   * Only for a scoped token.
   */
  readonly scopeMapId?: string
  /**
   * Only for a scoped token.
   */
  readonly status?: 'enabled' | 'disabled'
}
export interface DecisionAssignment {
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
   * `allows`, or the first check of the assignment that failed.
   */
  readonly result: string
}
/**
 * The current decision, if the current decision differs from the recorded decision.
 */
export interface DecisionSince {
  readonly allowed: boolean
  readonly firstFailure: string | null
  readonly smallestChange: DecisionChange | null
  readonly roleAssignmentMode: string | null
  readonly assignments: readonly ChangedAssignment[]
}
export interface ModeChange {
  readonly principalId: string
  readonly principalType: 'User' | 'Group' | 'ServicePrincipal'
  readonly displayName: string | null
  readonly roleNames: readonly string[]
  readonly lost: readonly RightChange[]
  readonly gained: readonly RightChange[]
}
/**
 * The results of a role assignment in the recorded and in the current decision; null if the assignment did not exist.
 */
export interface ChangedAssignment {
  readonly id: string
  readonly was: string | null
  readonly is: string | null
}
export interface RightChange {
  readonly action: 'pull' | 'push' | 'delete' | 'catalog'
  /**
   * Names such as `team/app`, prefixes such as `team/*`, or `*` for all repositories.
   */
  readonly repositories: readonly string[]
  /**
   * The repositories whose access does not change, if `repositories` is `*`.
   */
  readonly except: readonly string[]
  /**
   * True if a condition matches repositories that the server cannot list. These repositories belong to `except` if `repositories` is `*`, and to `repositories` in all other cases.
   */
  readonly byCondition: boolean
}
