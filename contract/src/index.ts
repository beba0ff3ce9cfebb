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
