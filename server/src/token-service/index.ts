export { explainRejectedIdentityToken } from './denials/rejected-identity-token.ts'
export { actorOfPrincipal } from './tokens/actor.ts'
export { createReadingTokenService } from './reading-token-service.ts'
export { createTokenService, type TokenService } from './token-service.ts'
