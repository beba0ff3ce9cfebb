/*
 * The documents that a machine and the server exchange. `acrux identity-endpoint` sends and reads them, too.
 */

/** The response to an enrollment. */
export type MachineEnrollment = {
  readonly tenantId: string
  /** The token endpoint as the server writes it, which is the audience of assertions. */
  readonly tokenEndpoint: string
  /** The ARM id of the machine. */
  readonly resourceId: string
  /** The client id of the machine's own identity. */
  readonly clientId: string
  readonly objectId: string
  /** The id of the machine's key, for the header of assertions. */
  readonly keyId: string
}

/** The identity that a machine requests a token for; without any of the three, its own. */
export type WantedIdentity = {
  readonly client_id?: string | undefined
  readonly object_id?: string | undefined
  /** An ARM id. */
  readonly resource_id?: string | undefined
}

/** The claims of the assertion that authenticates a machine; its header is `{ alg: 'ES256', typ: 'acrux-machine+jwt', kid }`. */
export type MachineAssertion = {
  /** The client id of the machine, as is `sub`. */
  readonly iss: string
  readonly sub: string
  readonly aud: string
  /** In seconds, as is `exp`. */
  readonly iat: number
  readonly exp: number
  readonly jti: string
  readonly acrux_identity?: WantedIdentity
}

/** The claims of the proof of possession at an enrollment; its header is `{ alg: 'ES256', typ: 'acrux-enroll+jwt', jwk }`. */
export type EnrollmentProof = {
  /** The SHA-256 of the enrollment code as it was typed, in base64url. */
  readonly code_sha256: string
}
