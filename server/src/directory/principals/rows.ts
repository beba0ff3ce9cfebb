/** The rows of the directory. Times are milliseconds since the epoch; Boolean values are 0 and 1. */
export type DirectoryTables = {
  tenant: TenantRow
  directory_user: UserRow
  directory_group: GroupRow
  group_owner: GroupOwnerRow
  group_member: GroupMemberRow
  application: ApplicationRow
  application_uri: ApplicationUriRow
  application_owner: ApplicationOwnerRow
  service_principal: ServicePrincipalRow
  managed_identity: ManagedIdentityRow
  external_principal: ExternalPrincipalRow
}

export type TenantRow = {
  /** The value is always 1, because only one tenant exists. */
  readonly only: number
  readonly tenant_id: string
  readonly display_name: string
  readonly default_domain: string
}

export type UserRow = {
  readonly object_id: string
  readonly user_principal_name: string
  readonly user_principal_name_key: string
  readonly display_name: string
  readonly display_name_key: string
  /**
   * The hash of the password: argon2id, or SHA-256 for a password that this server generated. The text is empty for a user without a
   * password.
   */
  readonly password_hash: string
  readonly enabled: number
  readonly directory_role: string | null
  readonly created_at_ms: number
  readonly mail: string | null
  readonly mail_nickname: string | null
  readonly must_change_password: number
  readonly password_changed_at_ms: number | null
  /** Incremented by every change that invalidates earlier authentications of the user. */
  readonly proof_revision: number
  /** Whether another provider authenticates the user. */
  readonly external: number
}

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

export type ApplicationRow = {
  readonly object_id: string
  /** The client id. */
  readonly app_id: string
  readonly display_name: string
  readonly display_name_key: string
  readonly created_at_ms: number
}

export type ApplicationUriRow = { readonly uri_key: string; readonly uri: string; readonly application_id: string }

export type ApplicationOwnerRow = { readonly application_id: string; readonly owner_id: string }

export type ServicePrincipalRow = {
  readonly object_id: string
  readonly app_id: string
  /** The client id. A managed identity has no application, so its client id is its own object id. */
  readonly application_id: string
  readonly enabled: number
  readonly directory_role: string | null
  readonly created_at_ms: number
  /** The value is only displayed. Role assignments decide about permissions. */
  readonly assignment_required: number
}

/** The ARM resource of a service principal that is a managed identity. Keys are in lower case. */
export type ManagedIdentityRow = {
  /** The object id of the service principal. */
  readonly object_id: string
  /** The value is `user-assigned` or `machine`. */
  readonly kind: string
  readonly subscription_id: string
  readonly resource_group: string
  readonly resource_group_key: string
  /** The value is also the display name. */
  readonly name: string
  readonly name_key: string
  readonly location: string
  /** The value is JSON text. */
  readonly tags: string
  readonly created_at_ms: number
}

/** A principal of a trusted tenant. Its object id differs from the object ids of all principals of this directory. */
export type ExternalPrincipalRow = {
  readonly object_id: string
  readonly tenant_id: string
  /** The value is `user` or `service-principal`. */
  readonly kind: string
  /** The credential id in the tokens of the principal. */
  readonly credential_id: string
  readonly created_at_ms: number
}
