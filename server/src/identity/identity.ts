import type { Audit } from '../audit/index.ts'
import type { Credentials } from '../credentials/index.ts'
import type { Directory } from '../directory/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Log } from '../platform/log/log.ts'
import { type Outbound, createOutbound } from '../platform/outbound/outbound.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import { type KnownSenders, createKnownSenders } from '../platform/limits/sender-budget.ts'
import { createKeyRing, type SigningKeyTimes } from '../platform/keys/key-ring.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import { parseAuthorization } from '../standards/http/authorization-header.ts'
import { createAudiences } from './audiences.ts'
import { createAuthorization } from './authorization.ts'
import { createClientAuthentication } from './client-auth.ts'
import { createClients } from './clients.ts'
import { createDeviceEndpoint } from './device-endpoint.ts'
import { createDevices } from './devices.ts'
import { createGrants, shortDeviceGrant } from './grants/grants.ts'
import { createPersonTokens } from './grants/person-tokens.ts'
import { createHandles } from './handles.ts'
import { createIncomingVerifier } from './incoming-token.ts'
import { createIssuerKeys } from './issuer-keys.ts'
import { createMachineEnrollment } from './machine-enrollment.ts'
import { mountProvider, providerRoutes } from './routes.ts'
import { createTokenEndpoint } from './token-endpoint.ts'
import { retiredKeySeconds, signingAlgorithm } from './token-parameters.ts'
import { type TrustedTenant, createTrustedTenants } from './trusted-tenants.ts'
import { createUsedAssertionStore } from './used-assertion-store.ts'
import { createUserInfo } from './user-info.ts'
import { createVerifier } from './verify.ts'
import type { FastifyInstance } from 'fastify'
import type { RouteDescription } from '../platform/http/surface.ts'
import type { SignInProtocol } from './sign-in-protocol.ts'
import type { VerifiedIdentity, VerifyAccessToken, VerifyIncomingToken } from './model.ts'

/** Proof of who you are: the OpenID provider, and the verification of what it issued. */
export interface Identity extends SignInProtocol {
  readonly verifyAccessToken: VerifyAccessToken
  readonly verifyIncomingToken: VerifyIncomingToken
  /** Proves the sender of a Graph request by its `Authorization` header; undefined for nobody. */
  readonly authenticateGraph: (authorization: string | undefined) => Promise<VerifiedIdentity | undefined>
  /** Makes a new signing key of the provider; the one before it verifies on until all that it signed has expired. */
  rotateKeys(): Promise<void>
  /** The age of the key that signs the provider's tokens. @throws where there is none and none can be made */
  signingKey(): Promise<SigningKeyTimes>
  /** Nothing that the provider has signed is believed any more. */
  withdrawKeys(transaction: Transaction): Promise<void>
  /** Adds `/{tenant}/…`, `/common`, `/organizations` and the keys. */
  mount(app: FastifyInstance): void
  /** The provider's table, for the walk over all of them. */
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
  /** Scheme, host and port under which clients reach the server, as `https://localhost:5443`. */
  readonly publicOrigin: string
  /** The way to outside issuers; to public addresses alone by default. */
  readonly outbound?: Outbound
  /** The tenants of Microsoft Entra whose access tokens are accepted at registries; none by default. */
  readonly trustedTenants?: readonly TrustedTenant[]
  /** After how many days a signing key is followed by a new one. */
  readonly signingKeyRotationDays: number
  /** Whether programs may sign people in by user name and password; no by default. */
  readonly passwordGrant?: boolean
  /** No sign-in of a person lasts longer than so many days; 180 by default. */
  readonly maxSignInDays?: number
  /** For how many seconds the token of a workload may hold; a day by default. */
  readonly maxWorkloadTokenSeconds?: number
  /** Who proved something lately, here and at the pages. */
  readonly senders?: KnownSenders
}

const dayMs = 24 * 60 * 60 * 1000

/** Opens the identity room. Its first signing key is made when it is first needed. */
export function createIdentity(options: IdentityOptions): Identity {
  const { database, clock, audit, log, sealer, credentials, directory, publicOrigin, signingKeyRotationDays } = options
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
  const clients = createClients(directory)
  const handles = createHandles({ database, clock, credentials })
  const { senders = createKnownSenders(clock) } = options
  const devices = createDevices({ database, clock, credentials, clients, handles, senders })
  const authorization = createAuthorization({
    database,
    credentials,
    directory,
    clients,
    audiences,
    handles,
    keys,
    publicOrigin,
  })
  const { outbound = createOutbound({ allowPrivateAddresses: false, allowedNetworks: [] }) } = options
  const outside = { credentials, directory, clock, issuerKeys: createIssuerKeys({ outbound, clock }) }
  const workloads = { ...outside, maxWorkloadTokenSeconds: options.maxWorkloadTokenSeconds ?? dayMs / 1000 }
  const trustedTenants = createTrustedTenants({ ...outside, tenants: options.trustedTenants ?? [] })
  const authenticateClient = createClientAuthentication({
    ...workloads,
    usedAssertions: createUsedAssertionStore(database, clock),
  })
  const tokens = createPersonTokens({ clock, audit, keys, handles, credentials, directory, publicOrigin })
  const maxSignInMs = (options.maxSignInDays ?? 180) * dayMs
  const people = {
    database,
    clock,
    credentials,
    clients,
    audiences,
    handles,
    tokens,
    devices,
    publicOrigin,
    maxSignInMs,
  }
  const grants = createGrants({ ...people, audit, keys, passwordGrant: options.passwordGrant ?? false })
  const token = createTokenEndpoint({ directory, clock, audit, publicOrigin, authenticateClient, grants, senders })
  const enrollMachine = createMachineEnrollment({ credentials, directory, clock, audit, publicOrigin, senders })
  const verifyAccessToken = createVerifier({ credentials, directory, clock, keys, audiences, clients, publicOrigin })
  const deviceCode = createDeviceEndpoint({ directory, clients, devices, audiences, publicOrigin })
  const userInfo = createUserInfo(verifyAccessToken, audit)
  const endpoints = { token, enrollMachine, deviceCode, userInfo }
  const grantTypes = [...grants.keys()].filter((grantType) => grantType !== shortDeviceGrant)
  return {
    ...authorization,
    findClient: clients.find,
    findDeviceRequest: devices.findDeviceRequest,
    answerDeviceRequest: devices.answerDeviceRequest,
    verifyAccessToken,
    verifyIncomingToken: createIncomingVerifier({
      ...workloads,
      ours: audiences,
      publicOrigin,
      verifyAccessToken,
      trustedTenants,
    }),
    authenticateGraph: async (header) => {
      const parsed = parseAuthorization(header)
      if (parsed.scheme !== 'bearer') return undefined
      const result = await verifyAccessToken(parsed.token, ['graph'])
      return result.ok ? result.identity : undefined
    },
    rotateKeys: () => keys.rotate(),
    signingKey: () => keys.times(),
    withdrawKeys: (transaction) => keys.withdraw(transaction),
    mount: (app) => mountProvider(app, { directory, clock, log, keys, publicOrigin, grantTypes, ...endpoints }),
    routes: providerRoutes,
  }
}
