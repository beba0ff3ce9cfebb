/** The rows of credentials. Times are milliseconds since the epoch; Boolean values are 0 and 1. */
export type CredentialTables = {
  client_secret: SecretRow
  client_certificate: CertificateRow
  federated_credential: FederatedCredentialRow
  machine_key: MachineKeyRow
  machine_credential: MachineCredentialRow
  sign_in: SignInRow
  password_failure: PasswordFailureRow
  password_guess: PasswordGuessRow
  known_network: KnownNetworkRow
  totp: TotpRow
  passkey: PasskeyRow
  recovery_code: RecoveryCodeRow
  one_time_code: OneTimeCodeRow
  security_event: SecurityEventRow
}

export type SecretRow = {
  /** The `keyId` of Microsoft Graph, which the server creates. */
  readonly id: string
  /** The object id of the application or service principal that has the secret. */
  readonly holder_id: string
  readonly app_id: string
  readonly display_name: string | null
  readonly hint: string
  /** The SHA-256 of the secret as base64url. */
  readonly secret_hash: string
  readonly starts_at_ms: number
  readonly expires_at_ms: number
  /** The value is 0 for a secret that an earlier version of Acrux created. */
  readonly created_at_ms: number
}

export type CertificateRow = {
  /**
   * The server creates this id. The client chooses the `keyId` of Microsoft Graph, and may use the same `keyId` again for a later
   * certificate.
   */
  readonly id: string
  readonly holder_id: string
  readonly app_id: string
  readonly key_id: string
  readonly display_name: string | null
  /** SHA-1 of the certificate in upper-case hexadecimal. */
  readonly thumbprint: string
  readonly starts_at_ms: number
  readonly expires_at_ms: number
  readonly der: Uint8Array
}

/** A federated credential of an application or a managed identity. */
export type FederatedCredentialRow = {
  /** The id in Microsoft Graph. */
  readonly id: string
  /** The credential id in tokens. A change of the trust replaces the id. */
  readonly credential_id: string
  /** The object id of the application or managed identity. */
  readonly holder_id: string
  readonly app_id: string
  readonly name: string
  readonly name_key: string
  readonly issuer: string
  readonly audience: string
  /** Null if the trust is an expression about claims. */
  readonly subject: string | null
  /** Null if the trust is a subject. */
  readonly claims_expression: string | null
  /** The key by which the server finds the credential for a token. */
  readonly trust_key: string
  /** Distinguishes the trust of the row from the other trusts of the holder. */
  readonly trust_text: string
  readonly description: string | null
  readonly created_at_ms: number
}

/** The key of a machine. */
export type MachineKeyRow = {
  readonly machine_id: string
  readonly key_id: string
  /** The public key as the JSON text of a JWK. */
  readonly public_key: string
  readonly enrolled_at_ms: number
}

/** Allows a machine to act as an identity: its own identity or an attached identity. Every new key of the machine replaces the id. */
export type MachineCredentialRow = { readonly id: string; readonly machine_id: string; readonly identity_id: string }

export type SignInRow = {
  readonly id: string
  readonly object_id: string
  readonly client_id: string
  /** Authentication method references, separated by spaces. */
  readonly methods: string
  readonly authenticated_at_ms: number
  readonly expires_at_ms: number
  /** The value is 0 for sign-ins that are older than this column. */
  readonly created_at_ms: number
  readonly last_used_at_ms: number
  readonly remote_address: string | null
  readonly user_agent: string | null
}

/** Wrong passwords, counted by a hash of the user name. The hash limits the number of rows. */
export type PasswordFailureRow = { readonly bucket: number; readonly failures: number; readonly since_ms: number }

/** The state of an allowance of guesses: the time at which the allowance is full again. A row whose time has passed has no effect. */
export type PasswordGuessRow = { readonly key: string; readonly whole_at_ms: number }

/** A network from which a user has signed in. */
export type KnownNetworkRow = { readonly object_id: string; readonly network: string; readonly seen_at_ms: number }

export type TotpRow = {
  readonly object_id: string
  readonly sealed_secret: Uint8Array
  readonly confirmed: number
  /** The time step of the last code that was used. Codes of earlier steps are invalid. */
  readonly last_step: number
  readonly failures: number
  readonly failures_since_ms: number
  /** The number of wrong codes since the last correct code, from any sender. */
  readonly failures_in_row: number
  readonly created_at_ms: number
}

export type PasskeyRow = {
  readonly id: string
  readonly object_id: string
  /** The credential id of the authenticator, as base64url. */
  readonly credential_id: string
  readonly public_key: Uint8Array
  readonly counter: number
  /** The values are separated by spaces. */
  readonly transports: string
  readonly display_name: string
  readonly created_at_ms: number
}

export type RecoveryCodeRow = { readonly object_id: string; readonly code_hash: string }

/**
 * The purpose of a one-time code: an access pass lets a user set up the first second factor, a one-time link lets a user
 * choose a password, and an enrollment code lets a machine register its key.
 */
export type OneTimeCodeKind = 'access-pass' | 'one-time-link' | 'enrollment-code'

export type OneTimeCodeRow = {
  readonly kind: OneTimeCodeKind
  /** The object id of the user or the machine. */
  readonly holder_id: string
  readonly code_hash: string
  readonly created_at_ms: number
  readonly expires_at_ms: number
  /**
   * The object id of the principal who created the code; null if an operator created the code. The code becomes invalid with this
   * principal.
   */
  readonly created_by: string | null
}

/** A security event of a user. */
export type SecurityEventRow = {
  readonly id: string
  readonly object_id: string
  readonly kind: string
  /** The number of events of this kind from this address within an hour. */
  readonly count: number
  readonly first_at_ms: number
  readonly at_ms: number
  readonly remote_address: string
  readonly user_agent: string | null
  readonly detail: string
}
