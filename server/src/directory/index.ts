import type { FastifyInstance } from 'fastify'
import type { RouteDescription } from '../platform/http/surface.ts'
import type { Transaction } from '../platform/sql/database.ts'

export type Tenant = { readonly tenantId: string; readonly displayName: string; readonly defaultDomain: string }

export type ServicePrincipal = {
  readonly objectId: string
  readonly appId: string
  readonly displayName: string
  readonly enabled: boolean
}

export type User = {
  readonly objectId: string
  readonly userPrincipalName: string
  readonly displayName: string
  readonly enabled: boolean
}

/** Anybody who can be given a role, known by the object id. */
export type DirectoryPrincipal =
  ({ readonly kind: 'service-principal' } & ServicePrincipal) | ({ readonly kind: 'user' } & User)

export type ClientSecretCheck =
  | {
      readonly outcome: 'proved'
      readonly servicePrincipal: ServicePrincipal
      readonly credentialId: string
      /** When the secret expires: nothing that is got by it may live longer. */
      readonly expiresAtMs: number
    }
  | { readonly outcome: 'unknown-application' | 'wrong-secret' | 'expired-secret' | 'disabled' }

/** What the first start gets: secrets are returned this once, in clear. */
export type NewServicePrincipal = { readonly servicePrincipal: ServicePrincipal; readonly secret: string }

/** Principals and their credentials. Secrets are stored hashed and given out once, when they are made. */
export interface Directory {
  readonly tenant: () => Promise<Tenant>
  createTenant(transaction: Transaction, tenant: Tenant): Promise<void>
  /** @returns the user's object id */
  createUser(
    transaction: Transaction,
    user: {
      readonly userPrincipalName: string
      readonly displayName: string
      readonly password: string
      readonly directoryRole?: 'owner'
    },
  ): Promise<User>
  /** An application, its service principal and one secret, valid for `secretDays` (365 by default). */
  createServicePrincipal(
    transaction: Transaction,
    application: { readonly displayName: string; readonly directoryRole?: 'owner'; readonly secretDays?: number },
  ): Promise<NewServicePrincipal>

  /** Hot: remembered as long as {@link Database.authorityRevision} stands and the secret has not expired. Takes the same time for every refusal. */
  checkClientSecret(appId: string, secret: string): ClientSecretCheck | Promise<ClientSecretCheck>
  /** Whether a principal exists, is enabled and still has this unexpired credential. `undefined` asks for the principal alone. */
  credentialStands(objectId: string, credentialId: string | undefined): boolean | Promise<boolean>
  findPrincipal(objectId: string): DirectoryPrincipal | undefined | Promise<DirectoryPrincipal | undefined>
  findServicePrincipalByAppId(appId: string): ServicePrincipal | undefined | Promise<ServicePrincipal | undefined>
  /** Object ids of the groups that the principal is in, nested ones too. There are no groups yet. */
  groupIdsOf(objectId: string): readonly string[] | Promise<readonly string[]>
  /** Adds the Graph surface. Its callers are proved by `authenticate`, plugged in by the composition. */
  mountGraph(app: FastifyInstance, authenticate: GraphAuthenticate): void
  /** The Graph surface's table, for the walk over all of them. */
  readonly routes: readonly RouteDescription[]
}

/** Proves the sender of a Graph request by its `Authorization` header, or throws what {@link unauthenticated} makes. */
export type GraphAuthenticate = (authorization: string | undefined) => Promise<DirectoryPrincipal>

export { createDirectory } from './directory.ts'
export { unauthenticated } from './errors.ts'
export { directoryMigrations } from './migrations.ts'
