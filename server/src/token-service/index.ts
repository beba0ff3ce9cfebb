import type { FastifyInstance } from 'fastify'
import type { Gate } from '../registry/ports.ts'

/** Challenge, exchange, mint, verify. */
export interface TokenService {
  /** Answers the registry's question at every request. */
  readonly gate: Gate
  /** Adds `/oauth2/*`. */
  mount(app: FastifyInstance): void
  /** Makes a new signing key now. The one before it verifies on until all it signed has expired. */
  rotateKeys(): Promise<void>
}

export { createTokenService } from './token-service.ts'
export { tokenServiceMigrations } from './migrations.ts'
