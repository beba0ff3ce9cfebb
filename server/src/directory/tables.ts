/** The rows of the directory room. Instants are milliseconds since the epoch, truth values 0 and 1. */
export type DirectoryTables = {
  tenant: TenantRow
  directory_user: UserRow
  application: ApplicationRow
  application_uri: ApplicationUriRow
  service_principal: ServicePrincipalRow
  client_secret: SecretRow
  client_certificate: CertificateRow
}

export type TenantRow = {
  /** Always 1: there is one tenant. */
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
  /** argon2id. */
  readonly password_hash: string
  readonly enabled: number
  readonly directory_role: string | null
  readonly created_at_ms: number
}

export type ApplicationRow = {
  readonly object_id: string
  /** The client id. */
  readonly app_id: string
  readonly display_name: string
  readonly display_name_key: string
  /** Who made it; null for what the first start made. */
  readonly owner_id: string | null
  readonly created_at_ms: number
}

export type ApplicationUriRow = { readonly uri_key: string; readonly uri: string; readonly application_id: string }

export type ServicePrincipalRow = {
  readonly object_id: string
  readonly app_id: string
  readonly application_id: string
  readonly enabled: number
  readonly directory_role: string | null
  readonly created_at_ms: number
}

export type SecretRow = {
  /** Graph's `keyId`, made here. */
  readonly id: string
  /** Object id of the application or of the service principal that it was added to. */
  readonly holder_id: string
  readonly app_id: string
  readonly display_name: string | null
  readonly hint: string
  /** base64url of the SHA-256. */
  readonly secret_hash: string
  readonly starts_at_ms: number
  readonly expires_at_ms: number
}

export type CertificateRow = {
  /** Made here: Graph's `keyId` is chosen by the client, and a later certificate may have it again. */
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
