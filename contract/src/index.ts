export { plainReason, systemErrorCode } from './plain-reason.ts'

/**
 * What `first-run.json` holds, which a server writes when its data directory is new: all that is needed to sign in for the
 * first time. The two passwords are nowhere else in clear.
 */
export type FirstRun = {
  readonly tenantId: string
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly registry: string
  readonly loginServer: string
  /** The base URL of the management API. */
  readonly resourceManager: string
  /** The certificate that clients have to trust; null where one was configured that they trust already, and over HTTP. */
  readonly caFile: string | null
  readonly owner: { readonly userPrincipalName: string; readonly password: string }
  readonly servicePrincipal: { readonly appId: string; readonly password: string }
}

/** What a machine is told when it was enrolled: where it asks for tokens, and what it is called there. */
export type MachineEnrollment = {
  readonly tenantId: string
  /** The token endpoint as the server writes it, which is what assertions name as their audience. */
  readonly tokenEndpoint: string
  /** The ARM id of the machine. */
  readonly resourceId: string
  /** Of the machine's own identity. */
  readonly clientId: string
  readonly objectId: string
  /** What assertions name their key by. */
  readonly keyId: string
}

/** The identity that a machine asks a token for; none of the three is its own. */
export type WantedIdentity = {
  readonly client_id?: string | undefined
  readonly object_id?: string | undefined
  /** An ARM id. */
  readonly resource_id?: string | undefined
}

/** The claims of the assertion by which a machine proves itself; its header is `{ alg: 'ES256', typ: 'acrux-machine+jwt', kid }`. */
export type MachineAssertion = {
  /** The client id of the machine, as is `sub`. */
  readonly iss: string
  readonly sub: string
  readonly aud: string
  /** Seconds. */
  readonly iat: number
  readonly exp: number
  readonly jti: string
  readonly acrux_identity?: WantedIdentity
}

/** The claims of the proof that who enrolls has the private key; its header is `{ alg: 'ES256', typ: 'acrux-enroll+jwt', jwk }`. */
export type EnrollmentProof = {
  /** base64url of the SHA-256 of the code as it was typed. */
  readonly code_sha256: string
}

/** An assignment that a decision considered. */
export type DecisionAssignment = {
  /** An ARM id. */
  readonly id: string
  readonly principalId: string
  readonly principalType: string
  readonly scope: string
  readonly roleDefinitionId: string
  /** Null where there was no such role. */
  readonly roleName: string | null
  readonly condition: string | null
  /** `allows`, or the first of its checks that failed. */
  readonly result: string
}

/** A change by which it would be allowed; the kind tells which of the rest there is. */
export type DecisionChange = {
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

/** What a decision would be now, where it would be another one or for other reasons. */
export type DecisionSince = {
  readonly allowed: boolean
  readonly firstFailure: string | null
  readonly smallestChange: DecisionChange | null
  readonly roleAssignmentMode: string | null
  /** What assignments said then and say now; null where one was not, or is no more. */
  readonly assignments: readonly { readonly id: string; readonly was: string | null; readonly is: string | null }[]
}

/** Why a request was refused, or given less than it asked for: what was true then. */
export type DecisionDocument = {
  readonly correlationId: string
  readonly eventTimestamp: string
  /** As in the audit log. */
  readonly event: string
  readonly outcome: string
  readonly reason: string | null
  readonly target: string
  readonly remoteAddress: string
  readonly principal: { readonly kind: string; readonly id: string }
  readonly credential: { readonly kind: string; readonly id: string | null } | null
  /** The right that was missing; null where none was looked at. */
  readonly asked: { readonly action: string; readonly repository: string | null; readonly scope: string | null } | null
  /** Of a token: what was asked for, what it was given, and what was left out. */
  readonly token: {
    readonly asked: readonly string[]
    readonly granted: string
    readonly leftOut: readonly string[]
  } | null
  readonly roleAssignmentMode: string | null
  readonly needs: readonly string[]
  readonly assignments: readonly DecisionAssignment[]
  /** How many there were; those nearest to allowing are listed. */
  readonly assignmentCount: number
  readonly scopeMap: { readonly name: string; readonly actions: readonly string[] } | null
  readonly tokenAccess: string | null
  /** The token that was sent, where its signature was verified; `expiredAt` where that is why it was denied. */
  readonly presented: {
    readonly issuer: string
    readonly subject: string
    readonly expiredAt: string | null
  } | null
  /** Null where everything was allowed. */
  readonly firstFailure: string | null
  readonly smallestChange: DecisionChange | null
}
