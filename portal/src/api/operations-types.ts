/* Written by `npm run generate` from docs/openapi.json. */
export interface AuditChain {
  /**
   * The number and the hash of the last block, as `acrux audit verify --expect` takes them.
   */
  readonly checkpoint: string | null
  readonly lastBlockAt: string | null
  /**
   * Whether the last block is the one that the server sealed as the last.
   */
  readonly isSealed: boolean
  /**
   * The age of the oldest event that is not in the chain yet.
   */
  readonly waitingSeconds: number
}
export interface AuditWebhookList {
  readonly value: readonly AuditWebhook[]
  readonly nextLink?: string
}
export interface AuditWebhookSecret {
  readonly secret: string
}
export interface Decision {
  readonly correlationId: string
  readonly eventTimestamp: string
  /**
   * The action, as in the audit log.
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
   * Of a token: the requested access, the granted access, and the difference.
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
   * The number of all assignments. Those that came closest to allowing it are listed.
   */
  readonly assignmentCount: number
  readonly scopeMap: {
    readonly name: string
    readonly actions: readonly string[]
  } | null
  readonly tokenAccess: string | null
  /**
   * The token in the request, if its signature was verified; expiredAt if it had expired, wantedAudience if it was for another audience.
   */
  readonly presented: {
    readonly issuer: string
    readonly subject: string
    readonly expiredAt: string | null
    readonly wantedAudience: string | null
  } | null
  /**
   * Null if everything was allowed.
   */
  readonly firstFailure: string | null
  readonly smallestChange: DecisionChange | null
  readonly since: DecisionSince | null
}
export interface NetworkAccess {
  readonly address: string
  /**
   * Whether it is the address that the request came from.
   */
  readonly isCaller: boolean
  readonly allowed: boolean
  readonly reason: ('public-network-disabled' | 'network-rule') | null
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
   * Null if the content is not on a disk of the server.
   */
  readonly disk: {
    readonly freeBytes: number
    readonly reserveBytes: number
    readonly isLow: boolean
  } | null
  /**
   * Null without TLS. The authority is null for a configured certificate.
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
   * When garbage was last collected, by any server of the database.
   */
  readonly lastCollectionAt: string | null
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
   * allows, or the first of its checks that failed.
   */
  readonly result: string
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
/**
 * The decision now, if it differs from the recorded one.
 */
export interface DecisionSince {
  readonly allowed: boolean
  readonly firstFailure: string | null
  readonly smallestChange: DecisionChange | null
  readonly roleAssignmentMode: string | null
  readonly assignments: readonly ChangedAssignment[]
}
/**
 * The result of an assignment, then and now; null if it did not exist.
 */
export interface ChangedAssignment {
  readonly id: string
  readonly was: string | null
  readonly is: string | null
}
