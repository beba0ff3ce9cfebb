import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Access } from '../authorization/index.ts'
import type { Audit } from '../audit/index.ts'
import type { Credentials } from '../credentials/index.ts'
import type { Directory } from '../directory/index.ts'
import type { Identity } from '../identity/index.ts'
import { type RawExchange, mountRaw } from '../platform/http/raw-surface.ts'
import type { RouteDescription } from '../platform/http/surface.ts'
import type { KeyRing, SigningKeyTimes } from '../platform/keys/key-ring.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import { CallerBudgets } from '../platform/limits/caller-budget.ts'
import type { Log } from '../platform/log/log.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import type { Gate } from '../registry/index.ts'
import type { Registry, Resources } from '../resources/index.ts'
import { type DenialExplanations, createDenialExplanations } from './denials/explain-denial.ts'
import { type FailedAuthentications, createFailedAuthentications } from './denials/failed-authentication.ts'
import { createDenials } from './denials/denials.ts'
import { createRejectedAcrTokens } from './denials/rejected-acr-token.ts'
import { IssueCache } from './endpoint/issue-cache.ts'
import { createGate } from './gate/gate.ts'
import { type MayPull, verifyPullPassword } from './gate/password-pull.ts'
import { type Throttle, createThrottle } from './limits/throttle.ts'
import { tokenRoutes } from './routes.ts'
import { createTokenSurface } from './surface.ts'
import { createAcrKeys } from './tokens/acr-keys.ts'
import { createAcrTokens } from './tokens/acr-token.ts'
import type { PasswordCredentials } from './tokens/authenticate-password.ts'

/** The token endpoints, and the gate of the data plane. */
export interface TokenService {
  readonly gate: Gate
  /**
   * Verifies a user name and a password, as the token endpoint accepts them. Undefined if they do not permit pulling a
   * repository of a registry. The result decides again later, without the password.
   *
   * @throws OverBudgetError if the sender has sent too many workload tokens
   */
  verifyPullPassword(
    registry: Registry,
    credentials: PasswordCredentials & { readonly remoteAddress: string },
    repository: string,
  ): Promise<MayPull | undefined>
  readonly routes: readonly RouteDescription[]
  /** Adds `/oauth2/*`. */
  mount(app: FastifyInstance): void
  /** Creates a new signing key. The previous one verifies tokens until all that it signed have expired. */
  rotateKeys(): Promise<void>
  /** The times of the current signing key. @throws if there is none and none can be created */
  signingKey(): Promise<SigningKeyTimes>
  /** Invalidates all ACR tokens that have been issued. */
  withdrawKeys(transaction: Transaction): Promise<void>
}

export type TokenServiceOptions = {
  readonly database: Database
  /** Finds the registry that is served at the address of a request to an unknown host. */
  readonly atOwnAddress?: (request: IncomingMessage) => Promise<Registry | undefined>
  readonly clock: Clock
  readonly log: Log
  readonly sealer: Sealer
  readonly audit: Audit
  readonly resources: Resources
  readonly credentials: Credentials
  readonly directory: Directory
  readonly identity: Pick<Identity, 'verifyAccessToken' | 'verifyIncomingToken' | 'verifyWorkloadToken'>
  readonly access: Access
  /** The scheme of the URL by which clients reach the server. */
  readonly scheme: 'http' | 'https'
  readonly signingKeyRotationDays: number
  /** The number of repositories that have been deleted so far. Access tokens carry it, because rights on a repository end with its deletion. */
  readonly repositoryDeletions: () => Promise<number>
  /** The budgets of callers over all surfaces; new ones by default. */
  readonly callerBudgets?: CallerBudgets
  /** With `acr`, ACR's rate limits apply to every registry; otherwise only to registries that are compatible with ACR. */
  readonly throttling?: 'off' | 'acr'
}

/** Creates the token service. */
export function createTokenService(options: TokenServiceOptions): TokenService {
  const { clock } = options
  const keys = createAcrKeys(options)
  const explanations = createDenialExplanations(options)
  const explainRejectedAcrToken = createRejectedAcrTokens({ keys, clock })
  const failures = createFailedAuthentications({ ...options, explanations, explainRejectedAcrToken })
  const throttle = createThrottle(clock, options.throttling === 'acr' ? 'all' : 'acr')
  const { context, ...service } = assembleTokenService(options, { keys, throttle, explanations, failures })
  return {
    ...service,
    verifyPullPassword: (registry, credentials, repository) =>
      verifyPullPassword(context, registry, credentials, repository),
    rotateKeys: () => keys.rotate(),
    signingKey: () => keys.times(),
    withdrawKeys: (transaction) => keys.withdraw(transaction),
  }
}

/** The parts of a token service that a thread which only reads has differently. */
type ThreadParts = {
  readonly keys: KeyRing
  readonly throttle: Throttle
  readonly explanations: DenialExplanations
  readonly failures: FailedAuthentications
}

/** Assembles the gate and the token endpoints of one thread. */
export function assembleTokenService(
  options: TokenServiceOptions & { readonly leaveToMainThread?: (exchange: RawExchange) => void },
  { keys, throttle, explanations, failures }: ThreadParts,
) {
  const { clock, scheme, callerBudgets: budgets = new CallerBudgets() } = options
  const tokens = createAcrTokens({ keys, clock })
  const denials = createDenials(scheme)
  const context = { ...options, budgets, tokens, denials, explanations, failures }
  const defaultPort = scheme === 'https' ? 443 : 80
  const routes = tokenRoutes({ ...context, issueCache: new IssueCache(), defaultPort }, keys)
  return {
    context,
    gate: createGate({ ...context, throttle }),
    routes,
    mount: (app: FastifyInstance) => mountRaw(app, createTokenSurface({ ...options, budgets, routes, throttle })),
  }
}
