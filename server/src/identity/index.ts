export { type Identity, createIdentity } from './identity.ts'
export { identityMigrations } from './migrations.ts'
export { createTokenVerification } from './token-verification.ts'
export type {
  IdentityRejection,
  PresentedToken,
  RejectedToken,
  TokenAudience,
  TokenOwner,
  VerifiedIdentity,
  VerifyWorkloadToken,
} from './tokens/model.ts'
export { portalClient } from './tokens/clients.ts'
export { EntraError } from './tokens/errors.ts'
export { tenantParameter } from './tokens/tenants.ts'
export type {
  AuthorizationRejection,
  AuthorizationRequest,
  AuthorizationResponse,
  DeviceRequest,
  SignInProtocol,
} from './provider/sign-in-protocol.ts'
