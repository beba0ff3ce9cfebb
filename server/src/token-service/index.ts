import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { AuditActor, AuditCredential } from '../audit/index.ts'
import type { Origin } from '../platform/http/app.ts'
import type { RouteDescription } from '../platform/http/surface.ts'
import type { SigningKeyTimes } from '../platform/signing-keys/key-ring.ts'
import type { Transaction } from '../platform/sql/database.ts'
import type { Registry } from '../resources/index.ts'
import type { LoginServer } from '../spec/login-server.ts'
import type { NetworkRules } from '../spec/network-rules.ts'

/** What a data-plane route needs of its caller. */
export type DataPlaneNeed =
  | { readonly kind: 'signed-in' }
  | {
      readonly kind: 'repository'
      readonly repository: string
      /** All of them are needed, and a challenge names them. */
      readonly actions: readonly string[]
      /** Any one of these is enough instead. A challenge does not name them. */
      readonly anyOf?: readonly string[]
    }
  | { readonly kind: 'catalog'; readonly name: 'catalog' | 'deleted_catalog' }

/** The registry that a request came to. */
export type RegistryAddress = NetworkRules & {
  readonly rid: string
  readonly name: string
  readonly loginServer: LoginServer
  /** Where the request came, if not to a host of the registry: challenges lead there again. */
  readonly reachedAt?: LoginServer
}

/** Somebody who was let in at the data plane. */
export type DataPlaneCaller = {
  /** The same for the same principal, and for no other. */
  readonly key: string
  readonly actor: AuditActor
  readonly credential?: AuditCredential | undefined
  /** How many repositories had been deleted when the credential was issued. */
  readonly deletionsSeen: number
  readonly mayPull: (repository: string) => boolean | Promise<boolean>
}

/** A refusal with all that its rendering needs. */
export type DataPlaneRefusal = {
  readonly status: 401 | 403 | 429
  readonly code: 'UNAUTHORIZED' | 'DENIED' | 'TOOMANYREQUESTS'
  readonly message: string
  readonly detail: unknown
  /** The value of `WWW-Authenticate`, if any. */
  readonly challenge: string | undefined
  /** When to come again, if that is the reason. */
  readonly retryAfterSeconds?: number
}

export type DataPlaneAdmission =
  | { readonly admitted: true; readonly caller: DataPlaneCaller }
  | { readonly admitted: false; readonly refusal: DataPlaneRefusal }

/** Answers, at every request to the data plane, whether this caller may do this here. Shaped to fit the registry's port. */
export interface DataPlaneGate {
  admit(
    request: IncomingMessage,
    origin: Origin,
    registry: RegistryAddress,
    need: DataPlaneNeed,
  ): DataPlaneAdmission | Promise<DataPlaneAdmission>
  /** The refusal of a credential that was issued before the repository it is used on was deleted. */
  refuseOutdated(
    origin: Origin,
    registry: RegistryAddress,
    need: DataPlaneNeed,
    caller: Pick<DataPlaneCaller, 'actor' | 'credential'>,
  ): Promise<DataPlaneRefusal>
}

/** A user name and a password that somebody gave for another registry than the one that they speak to. */
export type PullCredentials = { readonly username: string; readonly password: string }

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

export { decisionOnToken } from './unproved-token.ts'
export { createTokenService } from './token-service.ts'
