export type {
  TokenAudience,
  VerifiedIdentity,
  IdentityRefusal,
  TokenOwner,
  PresentedToken,
  RefusedToken,
} from './model.ts'
export { EntraError } from './entra-errors.ts'
export { identityMigrations } from './handle-store.ts'
export { createIdentity, type Identity } from './identity.ts'
export type {
  AuthorizationRefusal,
  AuthorizationRequest,
  AuthorizationResponse,
  DeviceRequest,
  SignInProtocol,
} from './sign-in-protocol.ts'
export { tenantParameter } from './tenants.ts'
