export { explainRejectedIdentityToken } from './denials/rejected-identity-token.ts'
export { createReadingGate } from './reading-gate.ts'
export { createTokenService, type TokenService } from './token-service.ts'
