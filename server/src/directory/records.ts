import type { ApplicationSignIn } from './applications/application-sign-in-store.ts'
import type { FederatedCredentialRow, ApplicationRow, CertificateRow, SecretRow, UserRow } from './tables.ts'
import type { NamedServicePrincipalRow } from './lookup-store.ts'
import { managedResourceIdOf, requireKind } from './managed-identities/managed-resource.ts'
import type { DirectoryRole, Group, ManagedIdentityKind, ServicePrincipal, User } from './model.ts'
import type { GroupRow } from './people/people-rows.ts'
import { toServicePrincipal, toUser } from './principals.ts'

/** What is on record of a person, without anything that proves them. */
export type UserRecord = User & {
  readonly mailNickname: string | undefined
  readonly directoryRole: DirectoryRole | undefined
  readonly hasPassword: boolean
  /** Undefined where it is not known, too. */
  readonly passwordChangedAtMs: number | undefined
  readonly createdAtMs: number
}

export type GroupRecord = Group & { readonly mailNickname: string; readonly createdAtMs: number }

/** An application, and nothing yet of what belongs to it. */
export type ApplicationRecord = {
  readonly objectId: string
  readonly appId: string
  readonly displayName: string
  readonly createdAtMs: number
}

export type ServicePrincipalRecord = ServicePrincipal & {
  /** A managed identity has none, and its own object id here. */
  readonly applicationId: string
  readonly directoryRole: DirectoryRole | undefined
  readonly createdAtMs: number
  /** Undefined for the service principal of an application. */
  readonly managed: { readonly kind: ManagedIdentityKind; readonly resourceId: string } | undefined
}

/** A secret as it can be shown: without itself. */
export type SecretRecord = {
  readonly keyId: string
  readonly displayName: string | null
  readonly hint: string
  readonly startsAtMs: number
  readonly expiresAtMs: number
}

/** A certificate as it can be told from others. */
export type CertificateRecord = {
  readonly keyId: string
  readonly displayName: string | null
  /** SHA-1 in upper-case hexadecimal. */
  readonly thumbprint: string
  readonly startsAtMs: number
  readonly expiresAtMs: number
}

/** What belongs to an application or a service principal. */
export type Belongings = {
  readonly uris: readonly string[]
  readonly secrets: readonly SecretRecord[]
  readonly certificates: readonly CertificateRecord[]
}

/** An application with all that belongs to it. */
export type DescribedApplication = ApplicationRecord & Belongings & ApplicationSignIn

/** A service principal with all that belongs to it. */
export type DescribedServicePrincipal = ServicePrincipalRecord & Belongings

/** A federated credential: of its two forms of trust, the other is null. */
export type FederatedCredentialRecord = {
  readonly id: string
  readonly name: string
  readonly issuer: string
  readonly audience: string
  readonly subject: string | null
  readonly claimsExpression: string | null
  readonly description: string | null
}

/** The role that a row says. */
export function roleOf(text: string | null): DirectoryRole | undefined {
  return text === 'owner' || text === 'reader' ? text : undefined
}

export function toUserRecord(row: UserRow): UserRecord {
  return {
    ...toUser(row),
    mailNickname: row.mail_nickname ?? undefined,
    directoryRole: roleOf(row.directory_role),
    hasPassword: row.password_hash !== '',
    passwordChangedAtMs: row.password_changed_at_ms ?? undefined,
    createdAtMs: row.created_at_ms,
  }
}

/** What other rooms know of a person. */
export function asUser(record: UserRecord): User {
  const { objectId, userPrincipalName, displayName, enabled, mail, external, mustChangePassword, proofRevision } =
    record
  return { objectId, userPrincipalName, displayName, enabled, mail, external, mustChangePassword, proofRevision }
}

export function toGroupRecord(row: GroupRow): GroupRecord {
  return {
    objectId: row.object_id,
    displayName: row.display_name,
    description: row.description ?? undefined,
    mailNickname: row.mail_nickname,
    createdAtMs: row.created_at_ms,
  }
}

export function toApplicationRecord(row: ApplicationRow): ApplicationRecord {
  const { object_id: objectId, app_id: appId, display_name: displayName, created_at_ms: createdAtMs } = row
  return { objectId, appId, displayName, createdAtMs }
}

export function toServicePrincipalRecord(row: NamedServicePrincipalRow): ServicePrincipalRecord {
  const resourceId = managedResourceIdOf(row)
  return {
    ...toServicePrincipal(row),
    applicationId: row.application_id,
    directoryRole: roleOf(row.directory_role),
    createdAtMs: row.created_at_ms,
    managed: resourceId === undefined ? undefined : { kind: requireKind(row.managed_kind ?? ''), resourceId },
  }
}

export function toSecretRecord(row: SecretRow): SecretRecord {
  const { id: keyId, display_name: displayName, hint, starts_at_ms: startsAtMs, expires_at_ms: expiresAtMs } = row
  return { keyId, displayName, hint, startsAtMs, expiresAtMs }
}

export function toCertificateRecord(row: CertificateRow): CertificateRecord {
  const { key_id: keyId, display_name: displayName, thumbprint } = row
  return { keyId, displayName, thumbprint, startsAtMs: row.starts_at_ms, expiresAtMs: row.expires_at_ms }
}

export function toFederatedCredentialRecord(row: FederatedCredentialRow): FederatedCredentialRecord {
  const { id, name, issuer, audience, subject, claims_expression: claimsExpression, description } = row
  return { id, name, issuer, audience, subject, claimsExpression, description }
}
