export type {
  DataPlaneNeed,
  RegistryAddress,
  DataPlaneCaller,
  DataPlaneRefusal,
  DataPlaneAdmission,
  PullCredentials,
} from './model.ts'
export type { DataPlaneGate } from './gate.ts'
export { createTokenService, type TokenService } from './token-service.ts'
export { decisionOnToken } from './unproved-token.ts'
