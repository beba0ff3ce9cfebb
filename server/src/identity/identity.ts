import type { FastifyInstance } from 'fastify'
import type { Audit } from '../audit/index.ts'
import { type RouteDescription, describeRoutes } from '../platform/http/surface.ts'
import type { SigningKeyTimes } from '../platform/keys/key-ring.ts'
import { type KnownSenders, createKnownSenders, createSenderBudget } from '../platform/limits/sender-budget.ts'
import type { Log } from '../platform/log/log.ts'
import type { Transaction } from '../platform/sql/database.ts'
import { parseAuthorization } from '@acrux/shared/standards/http/authorization-header.ts'
import { createClientAuthentication } from './grants/client-authentication.ts'
import { createDevicePolls } from './grants/device-polls.ts'
import { createGrants, shortDeviceGrant } from './grants/grants.ts'
import { createHandles } from './grants/handles.ts'
import { createPersonTokens } from './grants/person-tokens.ts'
import { enrollmentRejectionAllowance } from './machines/machine-enrollment.ts'
import { createUsedAssertionStore } from './machines/used-assertion-store.ts'
import { createAuthorization } from './provider/authorization.ts'
import { createDevices } from './provider/devices.ts'
import type { SignInProtocol } from './provider/sign-in-protocol.ts'
import { tokenRejectionAllowance } from './provider/token-endpoint.ts'
import { providerRoutes } from './routes.ts'
import { mountProvider } from './surface.ts'
import { type TokenVerificationOptions, createTokenVerification } from './token-verification.ts'
import type { VerifiedIdentity, VerifyAccessToken, VerifyIncomingToken, VerifyWorkloadToken } from './tokens/model.ts'

/** The OpenID provider, and the verification of its tokens and of those that registries accept. */
export interface Identity extends SignInProtocol {
  readonly verifyAccessToken: VerifyAccessToken
  readonly verifyIncomingToken: VerifyIncomingToken
  readonly verifyWorkloadToken: VerifyWorkloadToken
  /**
   * Authenticates the caller of a Graph request by its `Authorization` header. Undefined without a valid token. The token of a
   * request that `isUnderWay` may have expired since it was accepted.
   */
  readonly authenticateGraph: (
    authorization: string | undefined,
    isUnderWay?: boolean,
  ) => Promise<VerifiedIdentity | undefined>
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

export type IdentityOptions = TokenVerificationOptions & {
  readonly audit: Audit
  readonly log: Log
  /** Whether applications may sign people in by user name and password. Off by default. */
  readonly passwordGrant?: boolean
  /** The maximum age of a person's sign-in. 180 days by default. */
  readonly maxSignInDays?: number
  /** The addresses that authenticated recently, here or at the sign-in pages. */
  readonly senders?: KnownSenders
}

const dayMs = 24 * 60 * 60 * 1000

/** Creates the module. The first signing key is created when it is needed. */
export function createIdentity(options: IdentityOptions): Identity {
  const { database, clock, audit, log, credentials, directory, issuers, publicOrigin } = options
  const { audiences, clients, keys, ...verification } = createTokenVerification(options)
  const { verifyAccessToken } = verification
  const handles = createHandles({ database, clock, credentials })
  const { senders = createKnownSenders(clock), passwordGrant = false, maxSignInDays = 180 } = options
  const devices = createDevices({ database, clock, credentials, clients, handles, senders })
  const usedAssertions = createUsedAssertionStore(database, clock)
  const shared = { database, clock, audit, credentials, directory, clients, audiences, handles, keys, publicOrigin }
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
    verifyAccessToken,
    tokenRejections: createSenderBudget(clock, tokenRejectionAllowance, senders),
    enrollmentRejections: createSenderBudget(clock, enrollmentRejectionAllowance, senders),
  }
  return {
    ...createAuthorization(shared),
    findClient: clients.find,
    findDeviceRequest: devices.findDeviceRequest,
    answerDeviceRequest: devices.answerDeviceRequest,
    ...verification,
    authenticateGraph: async (header, isUnderWay) => {
      const parsed = parseAuthorization(header)
      if (parsed.scheme !== 'bearer') return undefined
      const result = await verifyAccessToken(parsed.token, ['graph'], isUnderWay)
      return result.ok ? result.identity : undefined
    },
    rotateKeys: () => keys.rotate(),
    signingKey: () => keys.times(),
    withdrawKeys: (transaction) => keys.withdraw(transaction),
    mount: (app) => mountProvider(app, context),
    routes: describeRoutes(providerRoutes),
  }
}
