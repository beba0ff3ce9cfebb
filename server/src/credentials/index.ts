export type { KeyCredential } from './certificates/certificate.ts'
export { createCredentials, type Credentials, type FixedServicePrincipal } from './credentials.ts'
export type { FederatedCredentialChange } from './federation/federated-credentials.ts'
export { credentialMigrations } from './migrations.ts'
export type { PasswordCheck, PasswordClaim } from './passwords/password-check.ts'
export { type PreparedPassword, WeakPasswordError, prepareGeneratedPassword } from './passwords/passwords.ts'
export {
  type CertificateRecord,
  type ClientCertificate,
  type ClientSecretCheck,
  type Credential,
  type CredentialKind,
  type ExternalAssertion,
  type FederatedCredentialRecord,
  type FederatedMatch,
  type HeldCredentials,
  type HolderKind,
  type Machine,
  type MachineIdentity,
  type ManagedTrust,
  type NewServicePrincipal,
  type SecretRecord,
  credentialKinds,
} from './records/model.ts'
export type { NewPasskey, Passkey, SecondFactorsHeld } from './second-factors/model.ts'
export type { SecretRequest } from './secrets/secrets.ts'
export type { SecurityEvent } from './security-events/security-events.ts'
export { AuthenticationRejectedError } from './sign-ins/authentication.ts'
export { type NewSignIn, type SignIn, type SignInUse, unknownInstantMs } from './sign-ins/sign-ins.ts'
