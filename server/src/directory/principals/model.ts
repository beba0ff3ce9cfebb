import type { Transaction } from '../../platform/sql/database.ts'

export type Tenant = { readonly tenantId: string; readonly displayName: string; readonly defaultDomain: string }

export type ServicePrincipal = {
  readonly objectId: string
  readonly appId: string
  readonly displayName: string
  readonly enabled: boolean
}

export type User = {
  readonly objectId: string
  readonly userPrincipalName: string
  readonly displayName: string
  readonly enabled: boolean
  readonly mail: string | undefined
  /** Whether another provider authenticates the user. Such a user has no password in this directory. */
  readonly external: boolean
  /** Whether the user must choose another password before signing in. */
  readonly mustChangePassword: boolean
  /** If the user has a later revision, an authentication of an earlier revision is no longer valid. */
  readonly authenticationRevision: number
}

export type Group = {
  readonly objectId: string
  readonly displayName: string
  readonly description: string | undefined
}

/**
 * The redirect URIs to which the server may send a browser with a code: of a confidential web application, a native program or a
 * single-page application.
 */
export type RedirectUris = {
  readonly web: readonly string[]
  readonly publicClient: readonly string[]
  readonly spa: readonly string[]
}

/** An application to which users may sign in. */
export type Application = {
  readonly objectId: string
  /** The client id. */
  readonly appId: string
  readonly displayName: string
  readonly redirectUris: RedirectUris
  /** Whether the application may sign in users without a secret or a browser of its own. [Microsoft Graph, application] */
  readonly isFallbackPublicClient: boolean
  /** The value is false if the service principal of the application is disabled. */
  readonly enabled: boolean
}

/** A principal that can authenticate. */
export type SigningPrincipal =
  ({ readonly kind: 'service-principal' } & ServicePrincipal) | ({ readonly kind: 'user' } & User)

/** A principal to which a role can be assigned. */
export type DirectoryPrincipal = SigningPrincipal | ({ readonly kind: 'group' } & Group)

/** The kind of managed identity: user-assigned, or the identity of a machine outside of any cloud. */
export type ManagedIdentityKind = 'user-assigned' | 'machine'

/** The position of a resource in the ARM tree. Positions are compared case-insensitively. */
export type ResourcePlace = {
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly name: string
}

/** A service principal without an application and without secrets: a user-assigned identity or the identity of a machine. */
export type ManagedIdentity = ResourcePlace & {
  readonly kind: ManagedIdentityKind
  /** The ARM id. */
  readonly id: string
  readonly objectId: string
  readonly appId: string
  readonly location: string
  readonly tags: Readonly<Record<string, string>>
  readonly createdAtMs: number
}

/**
 * The identity of a user at another provider. The provider never assigns the identity to another person. [OpenID Connect Core §2, `sub`]
 */
export type ExternalIdentity = { readonly issuer: string; readonly subject: string }

/** A principal of a trusted tenant, identified by tenant and object id. */
export type ExternalPrincipal = {
  readonly tenantId: string
  readonly objectId: string
  readonly kind: 'user' | 'service-principal'
}

/** The names of an external principal in its tokens. The server only displays these names. */
export type ExternalNames = { readonly displayName: string; readonly userPrincipalName: string; readonly appId: string }

/**
 * An external principal that is registered. Its credential becomes invalid when the principal is removed or its tenant is no longer
 * trusted.
 */
export type KnownExternalPrincipal = { readonly principal: SigningPrincipal; readonly credentialId: string }

/** An `owner` may change the whole directory, and a `reader` may read the whole directory. */
export type DirectoryRole = 'owner' | 'reader'

/** Deletes the data of a deleted principal in other modules, in the same transaction. */
export type OnPrincipalDeleted = (transaction: Transaction, principal: DeletedPrincipal) => Promise<void>

/** A principal that is being deleted. If it is a service principal, `appId` is the client id of its application. */
export type DeletedPrincipal =
  | { readonly kind: 'service-principal'; readonly objectId: string; readonly appId: string }
  | { readonly kind: 'user' | 'group' | 'external'; readonly objectId: string }
