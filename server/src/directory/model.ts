import type { Transaction } from '../platform/sql/database.ts'

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
  /** Whether another provider proves the person, who has no password here then. */
  readonly external: boolean
  /** Whether the password that the person has is good for choosing another alone. */
  readonly mustChangePassword: boolean
  /** What was proved of an earlier one makes no sign-in any more. */
  readonly proofRevision: number
}

export type Group = {
  readonly objectId: string
  readonly displayName: string
  readonly description: string | undefined
}

/** Where browsers may be sent with a code, by how they are used: a confidential web application, a program, a page. */
export type RedirectUris = {
  readonly web: readonly string[]
  readonly publicClient: readonly string[]
  readonly spa: readonly string[]
}

/** An application through which people may sign in. */
export type Application = {
  readonly objectId: string
  /** The client id. */
  readonly appId: string
  readonly displayName: string
  readonly redirectUris: RedirectUris
  /** Whether it may sign people in without a secret or a browser of its own. [Microsoft Graph, application] */
  readonly isFallbackPublicClient: boolean
  /** False when its service principal is disabled. */
  readonly enabled: boolean
}

/** Whoever can prove who they are. */
export type SigningPrincipal =
  ({ readonly kind: 'service-principal' } & ServicePrincipal) | ({ readonly kind: 'user' } & User)

/** Anybody who can be given a role, known by the object id. */
export type DirectoryPrincipal = SigningPrincipal | ({ readonly kind: 'group' } & Group)

export type ClientSecretCheck =
  | {
      readonly outcome: 'proved'
      readonly servicePrincipal: ServicePrincipal
      readonly credentialId: string
      /** When the secret expires: nothing that is got by it may live longer. */
      readonly expiresAtMs: number
    }
  | { readonly outcome: 'unknown-application' | 'wrong-secret' | 'expired-secret' | 'disabled' }

/** What the first start gets: secrets are returned this once, in clear. */
export type NewServicePrincipal = { readonly servicePrincipal: ServicePrincipal; readonly secret: string }

/** What a managed identity belongs to: itself, or a machine that stands outside of every cloud. */
export type ManagedIdentityKind = 'user-assigned' | 'machine'

/** Where a resource lies in the ARM tree; compared without regard to case. */
export type ResourcePlace = {
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly name: string
}

/** A service principal without an application and without secrets: a user-assigned identity, or a machine's own. */
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

/** A machine with the key that it was enrolled with, if it was, and the user-assigned identities that are attached to it. */
export type Machine = ManagedIdentity & {
  readonly key: { readonly keyId: string; readonly enrolledAtMs: number } | undefined
  readonly attached: readonly ManagedIdentity[]
}

/** Whose tokens a managed identity trusts: a subject's, or those with certain claims; the other is undefined. */
export type ManagedTrust = {
  readonly name: string
  readonly issuer: string
  readonly audience: string
  readonly subject: string | undefined
  readonly claimsExpression: string | undefined
}

/** A code by which a machine is enrolled, once. It is stored by its hash alone. */
export type EnrollmentCode = { readonly code: string; readonly codeHash: string; readonly expiresAtMs: number }

/** A machine that was just enrolled, and the id of its new key. */
export type Enrolled = { readonly machine: ManagedIdentity; readonly keyId: string }

/** An identity that a machine may speak as. */
export type SpokenIdentity = {
  /** The ARM id of the identity. */
  readonly id: string
  readonly servicePrincipal: ServicePrincipal
  /** Ends when the identity is detached, and with every new key of the machine. */
  readonly credentialId: string
  readonly credentialExpiresAtMs: number
}

/** A certificate that may prove an application, within its times. */
export type ClientCertificate = {
  readonly credentialId: string
  readonly der: Uint8Array
  readonly startsAtMs: number
  readonly expiresAtMs: number
}

/** What a token of an outside issuer says, before or after its signature was checked. */
export type OutsideAssertion = {
  readonly issuer: string
  readonly subject: string
  readonly audiences: readonly string[]
  /** The value of a claim, where it is a text. */
  readonly claim: (name: string) => string | undefined
}

/** Which federated credential trusts a token; or what it failed by, of those that it was compared with. */
export type FederatedMatch =
  | { readonly outcome: 'matched'; readonly servicePrincipal: ServicePrincipal; readonly credentialId: string }
  | { readonly outcome: 'disabled'; readonly servicePrincipal: ServicePrincipal; readonly credentialId: string }
  | { readonly outcome: 'issuer' | 'subject' | 'audience' | 'several' }

/** Somebody of a trusted tenant: known by tenant and object id, and by nothing else. */
export type ExternalIdentity = {
  readonly tenantId: string
  readonly objectId: string
  readonly kind: 'user' | 'service-principal'
}

/** What the tokens of an external identity call it: for people to read, and for no decision. */
export type ExternalNames = { readonly displayName: string; readonly userPrincipalName: string; readonly appId: string }

/** An external identity that is on record. Its credential ends with the record, and with the trust in its tenant. */
export type KnownExternalPrincipal = { readonly principal: SigningPrincipal; readonly credentialId: string }

/** Called in the transaction that deletes a principal, so that whatever it was given elsewhere ends with it. */
export type OnPrincipalDeleted = (transaction: Transaction, objectId: string) => Promise<void>

/** What a directory can do for somebody: `owner` may change all of it, `reader` may read all of it. */
export type DirectoryRole = 'owner' | 'reader'
