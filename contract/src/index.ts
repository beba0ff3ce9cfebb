export { plainReason, systemErrorCode } from './plain-reason.ts'

/**
 * The content of `first-run.json`, which the server writes when it creates a data directory: everything for the first
 * sign-in. The two passwords are not stored in plain text anywhere else.
 */
export type FirstRun = {
  readonly tenantId: string
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly registry: string
  readonly loginServer: string
  /** The base URL of the management API. */
  readonly resourceManager: string
  /** The certificate authority that clients must trust. Null if a certificate is configured, and over HTTP. */
  readonly caFile: string | null
  readonly owner: { readonly userPrincipalName: string; readonly password: string }
  readonly servicePrincipal: { readonly appId: string; readonly password: string }
}

/** The response to the enrollment of a machine: its ids, and where it requests tokens. */
export type MachineEnrollment = {
  readonly tenantId: string
  /** The URL of the token endpoint, which is the audience of assertions. */
  readonly tokenEndpoint: string
  /** The ARM id of the machine. */
  readonly resourceId: string
  /** The client id of the machine's own identity. */
  readonly clientId: string
  readonly objectId: string
  /** The `kid` of assertions. */
  readonly keyId: string
}

/** The identity for which a machine requests a token. Without any of the three, it is the machine's own. */
export type WantedIdentity = {
  readonly client_id?: string | undefined
  readonly object_id?: string | undefined
  /** An ARM id. */
  readonly resource_id?: string | undefined
}

/** The claims of the assertion with which a machine authenticates. The header is `{ alg: 'ES256', typ: 'acrux-machine+jwt', kid }`. */
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

/** The claims that show that the sender of an enrollment code has the private key. The header is `{ alg: 'ES256', typ: 'acrux-enroll+jwt', jwk }`. */
export type EnrollmentProof = {
  /** The SHA-256 of the code as it was typed, in base64url. */
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
  /** Null if the role did not exist. */
  readonly roleName: string | null
  readonly condition: string | null
  /** `allows`, or the first of its checks that failed. */
  readonly result: string
}

/** A change that would allow the request. The other properties depend on the kind. */
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

/** The decision about the same request now, if it or its reason is different. */
export type DecisionSince = {
  readonly allowed: boolean
  readonly firstFailure: string | null
  readonly smallestChange: DecisionChange | null
  readonly roleAssignmentMode: string | null
  /** The results of assignments then and now. Null if the assignment did not exist. */
  readonly assignments: readonly { readonly id: string; readonly was: string | null; readonly is: string | null }[]
}

/** Why a request was denied, or got less than it requested, at the time of the decision. */
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
  /** The missing permission. Null if no permission was checked. */
  readonly asked: { readonly action: string; readonly repository: string | null; readonly scope: string | null } | null
  /** For a token: the requested access, the granted access, and the difference. */
  readonly token: {
    readonly asked: readonly string[]
    readonly granted: string
    readonly leftOut: readonly string[]
  } | null
  readonly roleAssignmentMode: string | null
  readonly needs: readonly string[]
  readonly assignments: readonly DecisionAssignment[]
  /** The total number. `assignments` has those that came closest to allowing the request. */
  readonly assignmentCount: number
  readonly scopeMap: { readonly name: string; readonly actions: readonly string[] } | null
  readonly tokenAccess: string | null
  /** The token that was sent, if its signature was verified. `expiredAt` is set if the token was denied because it had expired. */
  readonly presented: {
    readonly issuer: string
    readonly subject: string
    readonly expiredAt: string | null
  } | null
  /** Null if everything was allowed. */
  readonly firstFailure: string | null
  readonly smallestChange: DecisionChange | null
}
