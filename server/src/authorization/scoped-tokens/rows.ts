export type ScopedTokenRow = {
  /** 32 hexadecimal digits. A token that is deleted and created again gets another id. */
  readonly id: string
  readonly rid: string
  readonly name_key: string
  readonly name: string
  readonly scope_map_key: string
  /** The ARM id of the scope map, unchanged. */
  readonly scope_map_id: string
  readonly enabled: number
  /** JSON text of an {@link Authorship}. */
  readonly authorship: string
}

export type PasswordRow = {
  /** Unique among all passwords that ever existed, so that credentials of a replaced password become invalid. */
  readonly id: string
  readonly token_id: string
  readonly name: string
  readonly hash: Uint8Array
  readonly created_at_ms: number
  readonly expires_at_ms: number | null
}

/** A password, with the properties of its token that a sign-in needs. */
export type SecretRow = {
  readonly token_id: string
  readonly token_name: string
  readonly enabled: number
  readonly id: string
  readonly name: string
  readonly hash: Uint8Array
  readonly expires_at_ms: number | null
}
