export { explainRejectedIdentityToken } from './denials/rejected-identity-token.ts'
export { createTokenService, type TokenService } from './token-service.ts'
