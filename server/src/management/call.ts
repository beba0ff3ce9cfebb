import type { z } from 'zod'
import type { Access, Principal } from '../access/index.ts'
import type { Audit, AuditEvent, AuditLog, CredentialUses, Webhooks } from '../audit/index.ts'
import type { Credentials } from '../credentials/index.ts'
import type { Directory, SigningPrincipal } from '../directory/index.ts'
import type { Identity } from '../identity/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Call } from '../platform/http/surface.ts'
import type { Log } from '../platform/log/log.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import type { RegistryRoom } from '../registry/index.ts'
import type { ChangeAuthor, RegistryActivity, Resources } from '../resources/index.ts'
import type { TokenService } from '../token-service/index.ts'
import type { PathNames } from './path-scope.ts'

/** What the management room works with. */
export type ManagementOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly audit: Audit
  readonly auditLog: AuditLog
  readonly auditWebhooks: Webhooks
  readonly credentialUses: Pick<CredentialUses, 'list'>
  /** Whether a URL may be one that events are delivered to, as far as it tells by itself. */
  readonly explainWebhookUrl: (url: string) => Promise<string | undefined>
  readonly resources: Resources
  readonly activity: Pick<RegistryActivity, 'hours'>
  readonly directory: Pick<
    Directory,
    | 'tenant'
    | 'findPrincipal'
    | 'holdsPrincipal'
    | 'groupIdsOf'
    | 'managedIdentities'
    | 'externalPrincipals'
    | 'isDirectoryOwner'
  >
  readonly credentials: Pick<Credentials, 'managedFederation' | 'machines'>
  readonly identity: Pick<Identity, 'verifyAccessToken'>
  readonly access: Access
  readonly tokenService: Pick<TokenService, 'passwordMayPull'>
  readonly registry: Pick<
    RegistryRoom,
    'usage' | 'deleteContent' | 'imports' | 'deletions' | 'scrubs' | 'quotas' | 'uploads'
  >
  /** Replaces the signing keys of the token service and of the identity provider. */
  readonly rotateKeys: () => Promise<void>
  /** Ends whatever the keys of both have signed. */
  readonly withdrawKeys: (transaction: Transaction) => Promise<void>
  /** Awaited before it is answered that a registry was made or deleted: its host must be in the certificate by then. */
  readonly onRegistriesChanged: () => Promise<void>
  /** Scheme, host and port under which clients reach the server, as `https://localhost:5443`. */
  readonly publicOrigin: string
  /** What follows a registry's name in its login server, as `.azurecr.localhost:5443`. */
  readonly suffix: string
  /** The routes of all surfaces as a document. */
  readonly openApi: () => object
}

/** Somebody whose token held. */
export type ManagementCaller = {
  readonly principal: SigningPrincipal
  /** By which credential the token was got; undefined for what has none that could be taken away alone. */
  readonly credentialId: string | undefined
  /** The same, as the access room asks for it. */
  readonly rights: Principal & { readonly kind: 'directory' }
}

/** One request of the ARM surface, on its way through a handler. */
export type ManagementCall = Omit<Call<ManagementCaller>, 'params'> & { readonly names: PathNames }

/** A handler of the ARM surface, with the shape of the body that it reads, if it reads one. */
export type ManagementHandler = ((rooms: ManagementOptions, call: ManagementCall) => unknown) & {
  readonly body?: z.ZodType
}

/** The caller and their credential, as an audit event names them. */
export function provedBy({ principal, credentialId }: ManagementCaller): Pick<AuditEvent, 'actor' | 'credential'> {
  return {
    actor: { kind: principal.kind, id: principal.objectId },
    credential: { kind: 'identity-token', id: credentialId },
  }
}

/** The caller, as ARM names who made a resource. */
export function authorOf({ principal }: ManagementCaller): ChangeAuthor {
  return principal.kind === 'user'
    ? { name: principal.userPrincipalName, kind: 'User' }
    : { name: principal.appId, kind: 'Application' }
}

type ChangeEvent = {
  readonly action: string
  readonly target: string
  readonly detail?: Readonly<Record<string, unknown>>
}

/** Makes a change and writes its event, which may tell of the result, in the same transaction. No event, no change. */
export function change<Result>(
  { database, audit }: ManagementOptions,
  { caller, origin }: ManagementCall,
  work: (transaction: Transaction) => Promise<{ readonly result: Result; readonly event: ChangeEvent | undefined }>,
): Promise<Result> {
  return database.transaction(async (transaction) => {
    const { result, event } = await work(transaction)
    if (event !== undefined) {
      await audit.record(transaction, { ...event, outcome: 'success', ...provedBy(caller), origin })
    }
    return result
  })
}
