import type { FastifyInstance } from 'fastify'
import type { Audit } from '../audit/index.ts'
import type { Credentials } from '../credentials/index.ts'
import type { Directory } from '../directory/index.ts'
import type { Issuers } from '../issuers/index.ts'
import { type RouteDescription, describeRoutes } from '../platform/http/surface.ts'
import { type SigningKeyTimes, createKeyRing } from '../platform/keys/key-ring.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import { type KnownSenders, createKnownSenders, createSenderBudget } from '../platform/limits/sender-budget.ts'
import type { Log } from '../platform/log/log.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import { parseAuthorization } from '../standards/http/authorization-header.ts'
import { createClientAuthentication } from './grants/client-authentication.ts'
import { createDevicePolls } from './grants/device-polls.ts'
import { createGrants, shortDeviceGrant } from './grants/grants.ts'
import { createHandles } from './grants/handles.ts'
import { createPersonTokens } from './grants/person-tokens.ts'
import { enrollmentRefusalAllowance } from './machines/machine-enrollment.ts'
import { createUsedAssertionStore } from './machines/used-assertion-store.ts'
import { createAuthorization } from './provider/authorization.ts'
import { createDevices } from './provider/devices.ts'
import type { SignInProtocol } from './provider/sign-in-protocol.ts'
import { tokenRefusalAllowance } from './provider/token-endpoint.ts'
import { providerRoutes } from './routes.ts'
import { mountProvider } from './surface.ts'
import { createAudiences } from './tokens/audiences.ts'
import { createClients } from './tokens/clients.ts'
import type { VerifiedIdentity, VerifyAccessToken, VerifyIncomingToken, VerifyWorkloadToken } from './tokens/model.ts'
import { retiredKeySeconds, signingAlgorithm } from './tokens/token-parameters.ts'
import { type VerifierOptions, createAccessTokenVerifier } from './tokens/verify-access-token.ts'
import { createIncomingTokenVerifier, createWorkloadTokenVerifier } from './tokens/verify-incoming-token.ts'

/** The OpenID provider, and the verification of its tokens and of those that registries accept. */
export interface Identity extends SignInProtocol {
  readonly verifyAccessToken: VerifyAccessToken
  readonly verifyIncomingToken: VerifyIncomingToken
  readonly verifyWorkloadToken: VerifyWorkloadToken
  /** Authenticates the caller of a Graph request by its `Authorization` header. Undefined without a valid token. */
  readonly authenticateGraph: (authorization: string | undefined) => Promise<VerifiedIdentity | undefined>
  /** Creates a new signing key. The previous key verifies until the last token that it signed has expired. */
  rotateKeys(): Promise<void>
  /** The times of the current signing key. @throws if there is none and none can be created */
  signingKey(): Promise<SigningKeyTimes>
  /** Invalidates every token that the provider has signed. */
  withdrawKeys(transaction: Transaction): Promise<void>
  /** Mounts `/{tenant}/…`, `/common`, `/organizations` and the keys. */
  mount(app: FastifyInstance): void
  /** The table of the provider, for the test of all routes. */
  readonly routes: readonly RouteDescription[]
}

export type IdentityOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly log: Log
  readonly sealer: Sealer
  readonly credentials: Credentials
  readonly directory: Directory
  /** Verifies tokens of external issuers. */
  readonly issuers: Issuers
  /** Scheme, host and port of the server for clients, such as `https://localhost:5443`. */
  readonly publicOrigin: string
  /** The age at which a signing key is rotated. */
  readonly signingKeyRotationDays: number
  /** Whether applications may sign people in by user name and password. Off by default. */
  readonly passwordGrant?: boolean
  /** The maximum age of a person's sign-in. 180 days by default. */
  readonly maxSignInDays?: number
  /** The addresses that authenticated recently, here or at the sign-in pages. */
  readonly senders?: KnownSenders
}

const dayMs = 24 * 60 * 60 * 1000

/** Creates the module. Its first signing key is created when it is needed. */
export function createIdentity(options: IdentityOptions): Identity {
  const { database, clock, audit, log, sealer, credentials, directory, issuers, publicOrigin } = options
  const audiences = createAudiences(publicOrigin)
  const keys = createKeyRing({
    database,
    clock,
    sealer,
    purpose: 'idp',
    algorithm: signingAlgorithm,
    rotationMilliseconds: options.signingKeyRotationDays * dayMs,
    signatureMilliseconds: retiredKeySeconds * 1000,
  })
  const clients = createClients(directory)
  const handles = createHandles({ database, clock, credentials })
  const { senders = createKnownSenders(clock), passwordGrant = false, maxSignInDays = 180 } = options
  const devices = createDevices({ database, clock, credentials, clients, handles, senders })
  const usedAssertions = createUsedAssertionStore(database, clock)
  const shared = { database, clock, audit, credentials, directory, clients, audiences, handles, keys, publicOrigin }
  const verification = createVerification(shared, issuers)
  const grants = createGrants({
    ...shared,
    tokens: createPersonTokens(shared),
    devicePolls: createDevicePolls(clock),
    passwordGrant,
    maxSignInMs: maxSignInDays * dayMs,
  })
  const context = {
    ...shared,
    log,
    devices,
    senders,
    grants,
    grantTypes: [...grants.keys()].filter((grantType) => grantType !== shortDeviceGrant),
    authenticateClient: createClientAuthentication({ credentials, directory, clock, issuers, usedAssertions }),
    verifyAccessToken: verification.verifyAccessToken,
    tokenRefusals: createSenderBudget(clock, tokenRefusalAllowance, senders),
    enrollmentRefusals: createSenderBudget(clock, enrollmentRefusalAllowance, senders),
  }
  return {
    ...createAuthorization(shared),
    findClient: clients.find,
    findDeviceRequest: devices.findDeviceRequest,
    answerDeviceRequest: devices.answerDeviceRequest,
    ...verification,
    rotateKeys: () => keys.rotate(),
    signingKey: () => keys.times(),
    withdrawKeys: (transaction) => keys.withdraw(transaction),
    mount: (app) => mountProvider(app, context),
    routes: describeRoutes(providerRoutes),
  }
}

function createVerification(
  shared: VerifierOptions,
  issuers: Issuers,
): Pick<Identity, 'authenticateGraph' | 'verifyAccessToken' | 'verifyIncomingToken' | 'verifyWorkloadToken'> {
  const verifyAccessToken = createAccessTokenVerifier(shared)
  return {
    verifyAccessToken,
    verifyIncomingToken: createIncomingTokenVerifier({ ...shared, issuers, verifyAccessToken }),
    verifyWorkloadToken: createWorkloadTokenVerifier({ ...shared, issuers }),
    authenticateGraph: async (header) => {
      const parsed = parseAuthorization(header)
      if (parsed.scheme !== 'bearer') return undefined
      const result = await verifyAccessToken(parsed.token, ['graph'])
      return result.ok ? result.identity : undefined
    },
  }
}
