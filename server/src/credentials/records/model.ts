import type { ManagedIdentity, ServicePrincipal } from '../../directory/index.ts'

/** The kinds of credentials. The submodule of the same name implements each kind. */
export const credentialKinds = [
  'client-secret',
  'certificate',
  'federated-credential',
  'machine',
  'external-principal',
  'sign-in',
] as const

export type CredentialKind = (typeof credentialKinds)[number]

/** A credential of a principal, in the form in which tokens contain it. */
export type Credential = {
  readonly [Kind in CredentialKind]: { readonly kind: Kind; readonly id: string }
}[CredentialKind]

/** The two kinds of object that have secrets and certificates. Each object has its own lists. */
export type HolderKind = 'applications' | 'servicePrincipals'

/** The application or service principal that has a credential, and the client id that the credential authenticates. */
export type Holder = { readonly holderId: string; readonly appId: string }

export type ClientSecretCheck =
  | {
      readonly outcome: 'verified'
      readonly servicePrincipal: ServicePrincipal
      readonly credentialId: string
      /** The time at which the secret expires. A token that is issued for the secret must not be valid longer. */
      readonly expiresAtMs: number
    }
  | { readonly outcome: 'unknown-application' | 'wrong-secret' | 'expired-secret' | 'disabled' }

/** A new service principal with its secret. No other function returns the secret. */
export type NewServicePrincipal = { readonly servicePrincipal: ServicePrincipal; readonly secret: string }

/** A secret without its text. */
export type SecretRecord = {
  readonly keyId: string
  readonly displayName: string | null
  readonly hint: string
  readonly startsAtMs: number
  readonly expiresAtMs: number
}

/** A certificate without its content. */
export type CertificateRecord = {
  readonly keyId: string
  readonly displayName: string | null
  /** SHA-1 in upper-case hexadecimal. */
  readonly thumbprint: string
  readonly startsAtMs: number
  readonly expiresAtMs: number
}

/** The secrets and certificates of an application or a service principal. */
export type HeldCredentials = {
  readonly secrets: readonly SecretRecord[]
  readonly certificates: readonly CertificateRecord[]
}

/** A certificate of an application. */
export type ClientCertificate = {
  readonly credentialId: string
  readonly der: Uint8Array
  readonly startsAtMs: number
  readonly expiresAtMs: number
}

/** A federated credential. Either `subject` or `claimsExpression` is null. */
export type FederatedCredentialRecord = {
  readonly id: string
  readonly name: string
  readonly issuer: string
  readonly audience: string
  readonly subject: string | null
  readonly claimsExpression: string | null
  readonly description: string | null
}

/** The tokens that a managed identity trusts: tokens with a certain subject, or tokens with certain claims. */
export type ManagedTrust = {
  readonly name: string
  readonly issuer: string
  readonly audience: string
  readonly subject: string | undefined
  readonly claimsExpression: string | undefined
}

/** The claims in the token of an external issuer, before or after the server verified the signature. */
export type ExternalAssertion = {
  readonly issuer: string
  readonly subject: string
  readonly audiences: readonly string[]
  /** The value of a claim, if the value is a text. */
  readonly claim: (name: string) => string | undefined
}

/** The federated credential that trusts a token, or the reason why no credential trusts the token. */
export type FederatedMatch =
  | { readonly outcome: 'matched'; readonly servicePrincipal: ServicePrincipal; readonly credentialId: string }
  | { readonly outcome: 'disabled'; readonly servicePrincipal: ServicePrincipal; readonly credentialId: string }
  | { readonly outcome: 'issuer' | 'subject' | 'audience' | 'several' }

/** A machine with its key, if it is enrolled, and the user-assigned identities that are attached to it. */
export type Machine = ManagedIdentity & {
  readonly key: { readonly keyId: string; readonly enrolledAtMs: number } | undefined
  readonly attached: readonly ManagedIdentity[]
}

/** A code that enrolls a machine once. The server stores only a hash of the code. */
export type EnrollmentCode = { readonly code: string; readonly codeHash: string; readonly expiresAtMs: number }

/** A machine that was just enrolled, and the id of its new key. */
export type Enrolled = { readonly machine: ManagedIdentity; readonly keyId: string }

/** An identity as which a machine may act. */
export type MachineIdentity = {
  /** The ARM id of the identity. */
  readonly id: string
  readonly servicePrincipal: ServicePrincipal
  /** This credential becomes invalid when the identity is detached, and with every new key of the machine. */
  readonly credentialId: string
  readonly credentialExpiresAtMs: number
}
