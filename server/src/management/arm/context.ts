import type { z } from 'zod'
import type { Access, Principal, Decisions } from '../../authorization/index.ts'
import type { Audit, AuditChain, AuditLag, AuditLog, CredentialUses, Webhooks } from '../../audit/index.ts'
import type { Credential, Credentials } from '../../credentials/index.ts'
import type { Directory, MayBecome, SigningPrincipal } from '../../directory/index.ts'
import type { Identity } from '../../identity/index.ts'
import type { Imports } from '../../imports/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { DocumentOf } from '../../platform/http/api-schema.ts'
import type { Call, ResponseSchema } from '../../platform/http/surface.ts'
import type { Log } from '../../platform/log/log.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Registry } from '../../registry/index.ts'
import type { Compatibility, RegistryActivity, Resources } from '../../resources/index.ts'
import type { TokenService } from '../../token-service/index.ts'
import type { ApiVersion } from './api-versions.ts'
import type { openApiResponse } from './response.ts'
import type { PathNames } from './path-scope.ts'
import type { BackupPort } from './backups.ts'
import type { HostCertificate } from './host-certificate.ts'
import type { ServerStatus } from './server-status.ts'

/** A setting, its value as JSON, and what set it. */
export type ServerSetting = {
  readonly key: string
  readonly value: string | undefined
  readonly source: string | undefined
  readonly description: string
}

/** The context of the handlers of the ARM surface. */
export type ManagementContext = {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly audit: Audit
  readonly auditLog: AuditLog
  readonly auditWebhooks: Webhooks
  readonly credentialUses: Pick<CredentialUses, 'list' | 'lastUses'>
  /** Why events may not be delivered to a URL; undefined if they may. */
  readonly explainWebhookUrl: (url: string) => Promise<string | undefined>
  readonly resources: Resources
  readonly activity: Pick<RegistryActivity, 'hours'>
  readonly directory: Pick<
    Directory,
    | 'tenant'
    | 'findPrincipal'
    | 'hasPrincipal'
    | 'groupIdsOf'
    | 'managedIdentities'
    | 'externalPrincipals'
    | 'isDirectoryOwner'
  > & { readonly people: Pick<Directory['people'], 'named'> }
  readonly credentials: Pick<Credentials, 'managedFederation' | 'machines' | 'credentialStands'>
  readonly identity: Pick<Identity, 'verifyAccessToken'>
  readonly access: Access
  readonly mayBecome: MayBecome
  readonly decisions: Decisions
  readonly tokenService: Pick<TokenService, 'verifyPullPassword'>
  readonly registry: Pick<
    Registry,
    'usage' | 'deleteContent' | 'deletions' | 'scrubs' | 'quotas' | 'uploads' | 'search'
  >
  readonly imports: Pick<Imports, 'start' | 'find' | 'list' | 'cancel' | 'findRequester'>
  /** Replaces the signing keys of the token service and of the identity provider. */
  readonly rotateKeys: () => Promise<void>
  /** Invalidates everything that the keys of both have signed. */
  readonly withdrawKeys: (transaction: Transaction) => Promise<void>
  /**
   * Awaited before the response to the creation or deletion of a registry: by then, the certificate must cover its
   * host.
   */
  readonly onRegistriesChanged: () => Promise<void>
  readonly auditChain: Pick<AuditChain, 'state'>
  readonly auditLag: Pick<AuditLag, 'chainSeconds'>
  /** The garbage collections of all servers of the database. */
  readonly collections: Pick<Registry['collections'], 'status'> & {
    /** Starts a garbage collection, unless one is running. */
    readonly start: () => Promise<void>
    readonly intervalSeconds: number
  }
  readonly backups: BackupPort
  /** The certificate of each host; none over plain HTTP. */
  readonly hostCertificates: () => Promise<readonly HostCertificate[]>
  /** The state of this server. */
  readonly serverStatus: () => Promise<ServerStatus>
  /** The configuration in force. */
  readonly serverSettings: () => readonly ServerSetting[]
  /** The compatibility of registries without an own setting. */
  readonly compatibility: Compatibility
  /** Scheme, host and port under which clients reach the server, as `https://localhost:5443`. */
  readonly publicOrigin: string
  /** The suffix of login servers, such as `.azurecr.localhost:5443`. */
  readonly suffix: string
  /** The routes of all surfaces as a document. */
  readonly openApi: () => DocumentOf<typeof openApiResponse>
}

/** The authenticated sender of a request. */
export type ManagementCaller = {
  readonly principal: SigningPrincipal
  /** The credential that the token was issued for; undefined if it cannot be revoked separately. */
  readonly credentialId: string | undefined
  /** The same credential, as `credentials` names it. */
  readonly credential: Credential | undefined
  /** The same principal, as `access` names it. */
  readonly rights: Principal & { readonly kind: 'directory' }
}

/** One request of the ARM surface. */
export type ManagementCall = Omit<Call<ManagementCaller>, 'params'> & {
  readonly names: PathNames
  /** The version of the API in which the request is served. */
  readonly apiVersion: ApiVersion
}

/**
 * A handler of the ARM surface, the schema of its 2xx responses, and, if it may change something, the schema of its request
 * body. It returns the body of the response, or undefined if the response has none; `call.reply.code` sets a status other than
 * 200.
 */
export type ManagementHandler = ((context: ManagementContext, call: ManagementCall) => Promise<unknown>) & {
  readonly body?: z.ZodType | 'none'
  readonly response: ResponseSchema
}

/** The handler itself, if it returns what its response schema describes; otherwise a type that it does not have. */
export type WellTyped<Handler extends ManagementHandler> =
  Awaited<ReturnType<Handler>> extends Returned<Handler['response']> ? Handler : { readonly response: never }

type Returned<Response extends ResponseSchema> =
  (Response extends z.ZodType ? DocumentOf<Response> : never) | undefined | void
