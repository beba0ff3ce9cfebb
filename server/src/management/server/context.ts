import type { AuditChain, AuditLag, AuditLog, CredentialUses, Webhooks } from '../../audit/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { DocumentOf } from '../../platform/http/api-schema.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Registry } from '../../registry/index.ts'
import type { RegistryActivity } from '../../resources/index.ts'
import type { BackupPort } from '../arm/backups.ts'
import type { ArmContext } from '../arm/context.ts'
import type { HostCertificate } from '../arm/host-certificate.ts'
import type { openApiResponse } from '../arm/response.ts'
import type { ServerStatus } from '../arm/server-status.ts'

/** A setting, its value as JSON, and what set it. */
type ServerSetting = {
  readonly key: string
  readonly value: string | undefined
  readonly source: string | undefined
  readonly description: string
}

/** What the handlers of the server itself use: its audit log, keys, jobs, state and settings. */
export type ServerContext = ArmContext & {
  readonly activity: Pick<RegistryActivity, 'hours'>
  readonly auditChain: Pick<AuditChain, 'state'>
  readonly auditLag: Pick<AuditLag, 'chainSeconds'>
  readonly auditLog: AuditLog
  readonly auditWebhooks: Webhooks
  readonly backups: BackupPort
  /** The garbage collections of all servers of the database. */
  readonly collections: Pick<Registry['collections'], 'status'> & {
    /** Starts a garbage collection, unless one is running. */
    readonly start: () => Promise<void>
    readonly intervalSeconds: number
  }
  readonly credentialUses: Pick<CredentialUses, 'list'>
  readonly directory: { readonly people: Pick<Directory['people'], 'named'> }
  /** Why events may not be delivered to a URL; undefined if they may. */
  readonly explainWebhookUrl: (url: string) => Promise<string | undefined>
  /** The certificate of each host; none over plain HTTP. */
  readonly hostCertificates: () => Promise<readonly HostCertificate[]>
  /** The routes of all surfaces as a document. */
  readonly openApi: () => DocumentOf<typeof openApiResponse>
  readonly registry: Pick<Registry, 'scrubs'>
  /** Replaces the signing keys of the token service and of the identity provider. */
  readonly rotateKeys: () => Promise<void>
  /** The configuration in force. */
  readonly serverSettings: () => readonly ServerSetting[]
  /** The state of this server. */
  readonly serverStatus: () => Promise<ServerStatus>
  /** The suffix of login servers, such as `.azurecr.localhost:5443`. */
  readonly suffix: () => string
  /** Invalidates everything that the keys of both have signed. */
  readonly withdrawKeys: (transaction: Transaction) => Promise<void>
}
