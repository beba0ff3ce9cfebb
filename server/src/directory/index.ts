export type {
  Tenant,
  ServicePrincipal,
  User,
  Application,
  SigningPrincipal,
  DirectoryPrincipal,
  ClientSecretCheck,
  NewServicePrincipal,
  ManagedIdentityKind,
  ManagedIdentity,
  Machine,
  ManagedTrust,
  SpokenIdentity,
  ClientCertificate,
  OutsideAssertion,
  FederatedMatch,
} from './model.ts'
export type { ApplicationSignInChange } from './applications/application-sign-in-store.ts'
export type { KeyCredential } from './credentials/certificate.ts'
export type { SecretRequest } from './credentials/credentials.ts'
export type { FederatedCredentialChange } from './credentials/federated-credentials.ts'
export type { HolderKind } from './credentials/secrets.ts'
export { createDirectory, type Directory } from './directory.ts'
export { DirectoryError, type DirectoryRefusal, NameTakenError } from './errors.ts'
export type { ExternalPerson, ExternalSignIn, FederatedIdentity } from './external/external-identities.ts'
export type { GroupCondition } from './groups/group-store.ts'
export type { ApplicationCondition, Condition, UserCondition } from './list-store.ts'
export { directoryMigrations } from './migrations.ts'
export type { PasswordCheck, PasswordClaim } from './people/password-check.ts'
export { type PreparedPassword, WeakPasswordError, prepareGeneratedPassword } from './people/passwords.ts'
export type { DirectoryRole } from './model.ts'
export { ProofRefusedError } from './people/proof-standing.ts'
export type { NewPasskey, Passkey, SecondFactorsHeld } from './people/second-factors.ts'
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
