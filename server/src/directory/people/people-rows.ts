/** The rows of what belongs to people and groups. */
export type PeopleTables = {
  sign_in: SignInRow
  password_failure: PasswordFailureRow
  known_network: KnownNetworkRow
  directory_group: GroupRow
  group_owner: GroupOwnerRow
  group_member: GroupMemberRow
  totp: TotpRow
  passkey: PasskeyRow
  recovery_code: RecoveryCodeRow
}

export type SignInRow = {
  readonly id: string
  readonly object_id: string
  readonly client_id: string
  /** Authentication method references, separated by spaces. */
  readonly methods: string
  readonly authenticated_at_ms: number
  readonly expires_at_ms: number
  /** 0 for sign-ins that were made before this was recorded. */
  readonly created_at_ms: number
  readonly last_used_at_ms: number
  readonly remote_address: string | null
  readonly user_agent: string | null
}

/** Wrong passwords of strangers, counted by a hash of the name that they were said for: there are so many rows at most. */
export type PasswordFailureRow = { readonly bucket: number; readonly failures: number; readonly since_ms: number }

/** A network from which somebody proved their password. */
export type KnownNetworkRow = { readonly object_id: string; readonly network: string; readonly seen_at_ms: number }

export type GroupRow = {
  readonly object_id: string
  readonly display_name: string
  readonly display_name_key: string
  readonly description: string | null
  readonly mail_nickname: string
  readonly mail_nickname_key: string
  readonly created_at_ms: number
}

export type GroupOwnerRow = { readonly group_id: string; readonly owner_id: string }

export type GroupMemberRow = {
  readonly group_id: string
  readonly member_id: string
  readonly member_kind: 'user' | 'service-principal' | 'group'
}

export type TotpRow = {
  readonly object_id: string
  readonly sealed_secret: Uint8Array
  readonly confirmed: number
  /** The step of the last code that was used; none before it is taken again. */
  readonly last_step: number
  readonly failures: number
  readonly failures_since_ms: number
  /** Wrong codes since the last right one, whoever sent them. */
  readonly failures_in_row: number
  readonly created_at_ms: number
}

export type PasskeyRow = {
  readonly id: string
  readonly object_id: string
  /** base64url, as the authenticator made it. */
  readonly credential_id: string
  readonly public_key: Uint8Array
  readonly counter: number
  /** Separated by spaces. */
  readonly transports: string
  readonly display_name: string
  readonly created_at_ms: number
}

export type RecoveryCodeRow = { readonly object_id: string; readonly code_hash: string }
