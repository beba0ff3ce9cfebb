import type { Credentials } from '../credentials/index.ts'
import type { Directory } from '../directory/index.ts'
import type { Issuers } from '../issuers/index.ts'
import { createKeyRing } from '../platform/keys/key-ring.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Database } from '../platform/sql/database.ts'
import { createAudiences } from './tokens/audiences.ts'
import { createClients } from './tokens/clients.ts'
import { retiredKeySeconds, signingAlgorithm } from './tokens/token-parameters.ts'
import { createAccessTokenVerifier } from './tokens/verify-access-token.ts'
import { createIncomingTokenVerifier, createWorkloadTokenVerifier } from './tokens/verify-incoming-token.ts'
import type { PublicOrigin } from '../platform/http/requested-origin.ts'

export type TokenVerificationOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly sealer: Sealer
  readonly credentials: Credentials
  readonly directory: Directory
  /** Verifies tokens of external issuers. */
  readonly issuers: Issuers
  /** Scheme, host and port of the server for clients, such as `https://localhost:5443`. */
  readonly publicOrigin: PublicOrigin
  /** The age at which a signing key is rotated. */
  readonly signingKeyRotationDays: number
}

const dayMs = 24 * 60 * 60 * 1000

/** Creates the verification of tokens of our provider, and of those that registries accept; and what the provider shares with it. */
export function createTokenVerification(options: TokenVerificationOptions) {
  const { database, clock, sealer, directory, issuers, publicOrigin } = options
  const audiences = createAudiences(publicOrigin)
  const clients = createClients(directory, publicOrigin)
  const keys = createKeyRing({
    database,
    clock,
    sealer,
    purpose: 'idp',
    algorithm: signingAlgorithm,
    rotationMilliseconds: options.signingKeyRotationDays * dayMs,
    signatureMilliseconds: retiredKeySeconds * 1000,
  })
  const verifyAccessToken = createAccessTokenVerifier({ ...options, keys, audiences, clients })
  const incoming = { directory, issuers, audiences, publicOrigin }
  return {
    audiences,
    clients,
    keys,
    verifyAccessToken,
    verifyIncomingToken: createIncomingTokenVerifier({ ...incoming, verifyAccessToken }),
    verifyWorkloadToken: createWorkloadTokenVerifier(incoming),
  }
}
