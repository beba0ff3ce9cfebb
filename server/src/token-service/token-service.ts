import type { IncomingMessage } from 'node:http'
import type { Access } from '../access/index.ts'
import type { Audit } from '../audit/index.ts'
import type { Credentials } from '../credentials/index.ts'
import type { Directory } from '../directory/index.ts'
import type { Identity } from '../identity/index.ts'
import { CallerBudgets } from '../platform/limits/caller-budget.ts'
import type { Clock } from '../platform/process/clock.ts'
import { mountRaw } from '../platform/http/raw-surface.ts'
import type { Log } from '../platform/log/log.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import { createKeyRing, type SigningKeyTimes } from '../platform/keys/key-ring.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import type { Registry, Resources } from '../resources/index.ts'
import { createAcrTokens, refreshTokenSeconds } from './acr-token.ts'
import { createDecisions } from './decisions.ts'
import { createDisbelief } from './disbelieved-token.ts'
import { createGate, type DataPlaneGate } from './gate.ts'
import { IssueMemory } from './issue-memory.ts'
import { createTokenSurface } from './dispatch.ts'
import { passwordMayPull } from './password-pull.ts'
import { createRefusals } from './refusals.ts'
import { tokenRoutes } from './routes.ts'
import { createThrottle } from './throttle.ts'
import { createUnprovedCredentials } from './unproved.ts'
import type { FastifyInstance } from 'fastify'
import type { RouteDescription } from '../platform/http/surface.ts'
import type { PullCredentials } from './model.ts'

/** Challenge, exchange, mint, verify. */
export interface TokenService {
  readonly gate: DataPlaneGate
  /** Whether a user name and a password, taken as the token endpoint takes them, let pull a repository of a registry. */
  passwordMayPull(registry: Registry, credentials: PullCredentials, repository: string): Promise<boolean>
  readonly routes: readonly RouteDescription[]
  /** Adds `/oauth2/*`. */
  mount(app: FastifyInstance): void
  /** Makes a new signing key now. The one before it verifies on until all it signed has expired. */
  rotateKeys(): Promise<void>
  /** The age of the key that signs ACR tokens. @throws where there is none and none can be made */
  signingKey(): Promise<SigningKeyTimes>
  /** No ACR token that was issued is believed any more. */
  withdrawKeys(transaction: Transaction): Promise<void>
}

export type TokenServiceOptions = {
  readonly database: Database
  /** Finds the registry that is served at the address at which a request came, where no registry has its host. */
  readonly atOwnAddress?: (request: IncomingMessage) => Registry | undefined | Promise<Registry | undefined>
  readonly clock: Clock
  readonly log: Log
  readonly sealer: Sealer
  readonly audit: Audit
  readonly resources: Resources
  readonly credentials: Credentials
  readonly directory: Directory
  readonly identity: Identity
  readonly access: Access
  /** Under which scheme clients reach the server. */
  readonly scheme: 'http' | 'https'
  readonly signingKeyRotationDays: number
  /** How many repositories have been deleted so far; access tokens say so, since what they give ends with the repository. */
  readonly repositoryDeletions: () => number | Promise<number>
  /** What each caller may use, over all surfaces; what is usual where nothing is said. */
  readonly callerBudgets?: CallerBudgets
  /** Whether the requests to every registry are limited as ACR limits them; otherwise only of those that are compatible with ACR. */
  readonly throttling?: 'off' | 'acr'
}

/** Opens the token service. */
export function createTokenService(options: TokenServiceOptions): TokenService {
  const { database, clock, sealer } = options
  const keys = createKeyRing({
    database,
    clock,
    sealer,
    purpose: 'acr',
    algorithm: 'ES256',
    rotationMilliseconds: options.signingKeyRotationDays * 24 * 60 * 60 * 1000,
    signatureMilliseconds: refreshTokenSeconds * 1000,
  })
  const tokens = createAcrTokens({ keys, clock })
  const refusals = createRefusals(options.scheme)
  const throttle = createThrottle(clock, options.throttling === 'acr' ? 'all' : 'acr')
  const decisions = createDecisions(options)
  const disbelief = createDisbelief({ keys, clock })
  const unproved = createUnprovedCredentials({ ...options, decisions, disbelief })
  const { callerBudgets: budgets = new CallerBudgets() } = options
  const parts = { ...options, budgets, tokens, refusals, decisions, unproved }
  const defaultPort = options.scheme === 'https' ? 443 : 80
  const routes = tokenRoutes({ ...parts, issues: new IssueMemory(), defaultPort }, keys)
  return {
    gate: createGate({ ...parts, throttle }),
    passwordMayPull: (registry, credentials, repository) => passwordMayPull(parts, registry, credentials, repository),
    routes,
    mount: (app) => mountRaw(app, createTokenSurface({ ...options, budgets, routes, throttle })),
    rotateKeys: () => keys.rotate(),
    signingKey: () => keys.times(),
    withdrawKeys: (transaction) => keys.withdraw(transaction),
  }
}
