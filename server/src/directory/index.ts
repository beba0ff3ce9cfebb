export type {
  Tenant,
  ServicePrincipal,
  User,
  Group,
  RedirectUris,
  Application,
  SigningPrincipal,
  DirectoryPrincipal,
  ClientSecretCheck,
  NewServicePrincipal,
  ManagedIdentityKind,
  ResourcePlace,
  ManagedIdentity,
  Machine,
  ManagedTrust,
  EnrollmentCode,
  Enrolled,
  SpokenIdentity,
  ClientCertificate,
  OutsideAssertion,
  FederatedMatch,
  ExternalIdentity,
  ExternalNames,
  KnownExternalPrincipal,
} from './model.ts'
export type { ApplicationSignInChange } from './applications/application-sign-in-store.ts'
export type { KeyCredential } from './credentials/certificate.ts'
export type { SecretRequest } from './credentials/credentials.ts'
export type { FederatedCredentialChange } from './credentials/federated-credentials.ts'
export type { HolderKind } from './credentials/secrets.ts'
export { createDirectory, type Directory } from './directory.ts'
export { DirectoryError, type DirectoryRefusal, NameTakenError, resourceNotFound } from './errors.ts'
export type { ExternalPerson, ExternalSignIn, FederatedIdentity } from './external/external-identities.ts'
export type { ExternalPrincipals } from './external/external-principals.ts'
export type { GroupCondition } from './groups/group-store.ts'
export type { ApplicationCondition, Condition, UserCondition } from './list-store.ts'
export type { Machines } from './managed-identities/machines.ts'
export type { ManagedFederation } from './managed-identities/managed-federation.ts'
export type { ManagedIdentities } from './managed-identities/managed-identities.ts'
export { directoryMigrations } from './migrations.ts'
export type { PasswordCheck, PasswordClaim } from './people/password-check.ts'
export { type PreparedPassword, WeakPasswordError, prepareGeneratedPassword } from './people/passwords.ts'
export type { NewUser } from './people/people.ts'
export type { DirectoryRole } from './model.ts'
export { ProofRefusedError } from './people/proof-standing.ts'
export type { NewPasskey, Passkey, SecondFactors, SecondFactorsHeld } from './people/second-factors.ts'
export type { SecurityEvent } from './people/security-events.ts'
export { type NewSignIn, type SignIn, type SignInUse, unknownInstantMs } from './people/sign-ins.ts'
export type {
  ApplicationRecord,
  CertificateRecord,
  DescribedApplication,
  DescribedServicePrincipal,
  FederatedCredentialRecord,
  GroupRecord,
  SecretRecord,
  ServicePrincipalRecord,
  UserRecord,
} from './records.ts'
