import type { PeopleTables } from './people/people-rows.ts'

/** The rows of the directory room. Instants are milliseconds since the epoch, truth values 0 and 1. */
export type DirectoryTables = PeopleTables & {
  tenant: TenantRow
  directory_user: UserRow
  application: ApplicationRow
  application_uri: ApplicationUriRow
  application_owner: ApplicationOwnerRow
  service_principal: ServicePrincipalRow
  client_secret: SecretRow
  client_certificate: CertificateRow
  federated_credential: FederatedCredentialRow
  external_principal: ExternalPrincipalRow
  managed_identity: ManagedIdentityRow
  machine_key: MachineKeyRow
  machine_credential: MachineCredentialRow
  enrollment_code: EnrollmentCodeRow
  security_event: SecurityEventRow
  enrolment_code: EnrolmentCodeRow
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
  /** argon2id, or SHA-256 of a password that this server generated; empty for who has no password here. */
  readonly password_hash: string
  readonly enabled: number
  readonly directory_role: string | null
  readonly created_at_ms: number
  readonly mail: string | null
  readonly mail_nickname: string | null
  readonly must_change_password: number
  readonly password_changed_at_ms: number | null
  /** Moves with everything after which an earlier proof of the person counts no more. */
  readonly proof_revision: number
  /** Whether another provider proves the person. */
  readonly external: number
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

export type ServicePrincipalRow = {
  readonly object_id: string
  readonly app_id: string
  /** A managed identity has no application, and its own object id here, by which none is found. */
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

/** What a service principal that is a managed identity is besides: a resource of ARM's. Keys are in lower case. */
export type ManagedIdentityRow = {
  /** Of the service principal. */
  readonly object_id: string
  /** `user-assigned` or `machine`. */
  readonly kind: string
  readonly subscription_id: string
  readonly resource_group: string
  readonly resource_group_key: string
  /** The display name too. */
  readonly name: string
  readonly name_key: string
  readonly location: string
  /** JSON text. */
  readonly tags: string
  readonly created_at_ms: number
}

/** The one key that a machine proves itself with. */
export type MachineKeyRow = {
  readonly machine_id: string
  readonly key_id: string
  /** A JWK as JSON text. */
  readonly public_key: string
  readonly enrolled_at_ms: number
}

/** That a machine may speak as an identity: as its own, or as one that is attached to it. Another id with every new key. */
export type MachineCredentialRow = { readonly id: string; readonly machine_id: string; readonly identity_id: string }

/** The one code by which a machine may be enrolled. */
export type EnrollmentCodeRow = {
  readonly machine_id: string
  /** base64url of the SHA-256. */
  readonly code_hash: string
  readonly expires_at_ms: number
}

/** A federated credential of an application or a managed identity. */
export type FederatedCredentialRow = {
  /** Graph's id. */
  readonly id: string
  /** What tokens carry: another whenever the trust is. */
  readonly credential_id: string
  /** Object id of the application, or of the managed identity. */
  readonly holder_id: string
  readonly app_id: string
  readonly name: string
  readonly name_key: string
  readonly issuer: string
  readonly audience: string
  /** Null where the trust is in claims. */
  readonly subject: string | null
  /** Null where the trust is in a subject. */
  readonly claims_expression: string | null
  /** The text by which it is found. */
  readonly trust_key: string
  /** What tells its trust from others of the holder. */
  readonly trust_text: string
  readonly description: string | null
  readonly created_at_ms: number
}

export type ApplicationOwnerRow = { readonly application_id: string; readonly owner_id: string }

/** Something that happened to the security of a person's account. */
export type SecurityEventRow = {
  readonly id: string
  readonly object_id: string
  readonly kind: string
  /** How often it happened, for events of one kind from one address within an hour. */
  readonly count: number
  readonly first_at_ms: number
  readonly at_ms: number
  readonly remote_address: string
  readonly user_agent: string | null
  readonly detail: string
}

/** The one code with which a person may set up the first second factor. */
export type EnrolmentCodeRow = {
  readonly object_id: string
  /** base64url of the SHA-256. */
  readonly code_hash: string
  readonly created_at_ms: number
  readonly expires_at_ms: number
}

/** Somebody of a trusted tenant. Its object id is nobody's here. */
export type ExternalPrincipalRow = {
  readonly object_id: string
  readonly tenant_id: string
  /** `user` or `service-principal`. */
  readonly kind: string
  /** What tokens carry. */
  readonly credential_id: string
  readonly created_at_ms: number
}
