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
  /** Whether another provider authenticates the user, who then has no password here. */
  readonly external: boolean
  /** Whether the user must choose another password before signing in. */
  readonly mustChangePassword: boolean
  /** An authentication of an earlier revision is no longer valid. */
  readonly authenticationRevision: number
}

export type Group = {
  readonly objectId: string
  readonly displayName: string
  readonly description: string | undefined
}

/** Where a browser may be sent with a code: a confidential web application, a native program, a single-page application. */
export type RedirectUris = {
  readonly web: readonly string[]
  readonly publicClient: readonly string[]
  readonly spa: readonly string[]
}

/** An application that users may sign in to. */
export type Application = {
  readonly objectId: string
  /** The client id. */
  readonly appId: string
  readonly displayName: string
  readonly redirectUris: RedirectUris
  /** Whether it may sign users in without a secret or a browser of its own. [Microsoft Graph, application] */
  readonly isFallbackPublicClient: boolean
  /** False if its service principal is disabled. */
  readonly enabled: boolean
}

/** A principal that can authenticate. */
export type SigningPrincipal =
  ({ readonly kind: 'service-principal' } & ServicePrincipal) | ({ readonly kind: 'user' } & User)

/** A principal to which a role can be assigned. */
export type DirectoryPrincipal = SigningPrincipal | ({ readonly kind: 'group' } & Group)

/** A user-assigned managed identity, or the one of a machine outside of any cloud. */
export type ManagedIdentityKind = 'user-assigned' | 'machine'

/** Where a resource lies in the ARM tree; compared without regard to case. */
export type ResourcePlace = {
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly name: string
}

/** A service principal without an application and without secrets: a user-assigned identity, or that of a machine. */
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

/** A user's identity at another provider, which never assigns it to another person. [OpenID Connect Core §2, `sub`] */
export type ExternalIdentity = { readonly issuer: string; readonly subject: string }

/** A principal of a trusted tenant, identified by tenant and object id. */
export type ExternalPrincipal = {
  readonly tenantId: string
  readonly objectId: string
  readonly kind: 'user' | 'service-principal'
}

/** The names of an external principal in its tokens. They are only displayed. */
export type ExternalNames = { readonly displayName: string; readonly userPrincipalName: string; readonly appId: string }

/** An external principal on record. Its credential ends with the record, and with the trust in its tenant. */
export type KnownExternalPrincipal = { readonly principal: SigningPrincipal; readonly credentialId: string }

/** `owner` may change the whole directory, `reader` may read all of it. */
export type DirectoryRole = 'owner' | 'reader'

/** Deletes in the same transaction what a principal that is being deleted has elsewhere. */
export type OnPrincipalDeleted = (transaction: Transaction, principal: DeletedPrincipal) => Promise<void>

/** A principal that is being deleted. A service principal has the client id of its application. */
export type DeletedPrincipal =
  | { readonly kind: 'service-principal'; readonly objectId: string; readonly appId: string }
  | { readonly kind: 'user' | 'group' | 'external'; readonly objectId: string }
