import type { Audit } from '../audit/index.ts'
import { type Directory, unauthenticated } from '../directory/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Sealer } from '../platform/sealing.ts'
import { createKeyRing } from '../platform/signing-keys/key-ring.ts'
import type { Database } from '../platform/sql/database.ts'
import { parseAuthorization } from '../spec/authorization-header.ts'
import { createAudiences } from './audiences.ts'
import { createClientAuthentication } from './client-auth.ts'
import { createClientCredentialsGrant } from './grants/client-credentials.ts'
import type { Identity } from './index.ts'
import { createMachineEnrollment } from './machine-enrollment.ts'
import { mountProvider, providerRoutes } from './routes.ts'
import { createTokenEndpoint } from './token-endpoint.ts'
import { retiredKeySeconds, signingAlgorithm } from './token-parameters.ts'
import { createVerifier } from './verify.ts'

export type IdentityOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly log: Log
  readonly sealer: Sealer
  readonly directory: Directory
  /** Scheme, host and port under which clients reach the server, as `https://localhost:5443`. */
  readonly publicOrigin: string
  /** After how many days a signing key is followed by a new one. */
  readonly signingKeyRotationDays: number
}

const dayMs = 24 * 60 * 60 * 1000

/** Opens the identity room. Its first signing key is made when it is first needed. */
export function createIdentity(options: IdentityOptions): Identity {
  const { database, clock, audit, log, sealer, directory, publicOrigin, signingKeyRotationDays } = options
  const audiences = createAudiences(publicOrigin)
  const keys = createKeyRing({
    database,
    clock,
    sealer,
    purpose: 'idp',
    algorithm: signingAlgorithm,
    rotationMilliseconds: signingKeyRotationDays * dayMs,
    signatureMilliseconds: retiredKeySeconds * 1000,
  })
  const authenticateClient = createClientAuthentication({ directory, clock })
  const grants = new Map([
    ['client_credentials', createClientCredentialsGrant({ clock, audit, keys, audiences, publicOrigin })],
  ])
  const token = createTokenEndpoint({ directory, clock, audit, publicOrigin, authenticateClient, grants })
  const enrollMachine = createMachineEnrollment({ directory, clock, audit, publicOrigin })
  const verifyAccessToken = createVerifier({ directory, clock, keys, audiences, publicOrigin })
  return {
    verifyAccessToken,
    authenticateGraph: async (header) => {
      const authorization = parseAuthorization(header)
      if (authorization.scheme !== 'bearer') throw unauthenticated()
      const result = await verifyAccessToken(authorization.token, ['graph'])
      if (!result.ok) throw unauthenticated()
      return result.identity.principal
    },
    rotateKeys: () => keys.rotate(),
    mount: (app) => mountProvider(app, { directory, clock, log, keys, publicOrigin, token, enrollMachine }),
    routes: providerRoutes,
  }
}
