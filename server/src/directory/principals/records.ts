import type { NamedServicePrincipalRow } from './principal-store.ts'
import { managedResourceIdOf, requireKind } from './managed-resource.ts'
import type { DirectoryRole, Group, ManagedIdentityKind, RedirectUris, ServicePrincipal, User } from './model.ts'
import { toServicePrincipal, toUser } from './principals.ts'
import type { ApplicationRow, GroupRow, UserRow } from './rows.ts'

/** A user without credentials. */
export type UserRecord = User & {
  readonly mailNickname: string | undefined
  readonly directoryRole: DirectoryRole | undefined
  readonly hasPassword: boolean
  /** The value is undefined if it is unknown. */
  readonly passwordChangedAtMs: number | undefined
  readonly createdAtMs: number
}

export type GroupRecord = Group & { readonly mailNickname: string; readonly createdAtMs: number }

export type ApplicationRecord = {
  readonly objectId: string
  readonly appId: string
  readonly displayName: string
  readonly createdAtMs: number
}

export type ServicePrincipalRecord = ServicePrincipal & {
  /** The client id. A managed identity has no application, so its client id is its own object id. */
  readonly applicationId: string
  readonly directoryRole: DirectoryRole | undefined
  readonly createdAtMs: number
  /** Whether Graph shows that users need an app role. The value is only displayed; role assignments decide. */
  readonly assignmentRequired: boolean
  /** The value is undefined for the service principal of an application. */
  readonly managed: { readonly kind: ManagedIdentityKind; readonly resourceId: string } | undefined
}

/** How users sign in to an application. */
export type ApplicationSignIn = {
  readonly redirectUris: RedirectUris
  readonly isFallbackPublicClient: boolean
  /** Whether a client has set `isFallbackPublicClient`. Otherwise Graph returns null. */
  readonly isFallbackNamed: boolean
}

/** An application with its identifier URIs and its sign-in properties. */
export type DescribedApplication = ApplicationRecord & { readonly uris: readonly string[] } & ApplicationSignIn

/** A service principal with the identifier URIs of its application. */
export type DescribedServicePrincipal = ServicePrincipalRecord & { readonly uris: readonly string[] }

/** The directory role in a row. */
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
    assignmentRequired: row.assignment_required === 1,
    managed: resourceId === undefined ? undefined : { kind: requireKind(row.managed_kind ?? ''), resourceId },
  }
}

/** The user in a record, without the other columns. */
export function asUser(record: User): User {
  const {
    objectId,
    userPrincipalName,
    displayName,
    enabled,
    mail,
    external,
    mustChangePassword,
    authenticationRevision,
  } = record
  return {
    objectId,
    userPrincipalName,
    displayName,
    enabled,
    mail,
    external,
    mustChangePassword,
    authenticationRevision,
  }
}
