import type { Kysely } from 'kysely'
import type { Database } from '../platform/sql/database.ts'
import type {
  ApplicationRow,
  CertificateRow,
  DirectoryTables,
  SecretRow,
  ServicePrincipalRow,
  UserRow,
} from './tables.ts'

/** A service principal with what it takes from its application, or has as a managed identity. */
export type NamedServicePrincipalRow = ServicePrincipalRow &
  Pick<ApplicationRow, 'display_name'> & {
    /** Null, as the two after it, for the service principal of an application. */
    readonly managed_kind: string | null
    readonly subscription_id: string | null
    readonly resource_group: string | null
  }

/** A secret that was found by its hash, with the service principal that it proves. */
export type FoundSecretRow = Pick<SecretRow, 'id' | 'secret_hash' | 'starts_at_ms' | 'expires_at_ms'> &
  Pick<ServicePrincipalRow, 'object_id' | 'app_id' | 'enabled'> &
  Pick<ApplicationRow, 'display_name'>

type CredentialRow = Pick<ServicePrincipalRow, 'enabled'> & Pick<SecretRow, 'starts_at_ms' | 'expires_at_ms'>

type MachineStandingRow = { readonly enabled: number; readonly machine_enabled: number }

/** Reads by one key, compiled once: what every token and every request asks for. */
export function lookups(database: Database) {
  const secretByHash = database.prepare<DirectoryTables, { appId: string; hash: string }, FoundSecretRow>(
    ['appId', 'hash'],
    (tables, p) =>
      tables
        .selectFrom('client_secret as secret')
        .innerJoin('service_principal as principal', 'principal.app_id', 'secret.app_id')
        .innerJoin('application', 'application.object_id', 'principal.application_id')
        .select(['secret.id', 'secret.secret_hash', 'secret.starts_at_ms', 'secret.expires_at_ms'])
        .select(['principal.object_id', 'principal.app_id', 'principal.enabled', 'application.display_name'])
        .where('secret.app_id', '=', p.appId)
        .where('secret.secret_hash', '=', p.hash),
  )
  const principalByAppId = database.prepare<DirectoryTables, { appId: string }, NamedServicePrincipalRow>(
    ['appId'],
    (tables, p) => namedServicePrincipals(tables).where('principal.app_id', '=', p.appId),
  )
  const principalById = database.prepare<DirectoryTables, { objectId: string }, NamedServicePrincipalRow>(
    ['objectId'],
    (tables, p) => namedServicePrincipals(tables).where('principal.object_id', '=', p.objectId),
  )
  const userById = database.prepare<DirectoryTables, { objectId: string }, UserRow>(['objectId'], (tables, p) =>
    tables.selectFrom('directory_user').selectAll().where('object_id', '=', p.objectId),
  )
  const secretOf = database.prepare<DirectoryTables, { objectId: string; id: string }, CredentialRow>(
    ['objectId', 'id'],
    (tables, p) =>
      tables
        .selectFrom('client_secret as secret')
        .innerJoin('service_principal as principal', 'principal.app_id', 'secret.app_id')
        .select(['principal.enabled', 'secret.starts_at_ms', 'secret.expires_at_ms'])
        .where('secret.id', '=', p.id)
        .where('principal.object_id', '=', p.objectId),
  )
  const certificateOf = database.prepare<DirectoryTables, { objectId: string; id: string }, CredentialRow>(
    ['objectId', 'id'],
    (tables, p) =>
      tables
        .selectFrom('client_certificate as certificate')
        .innerJoin('service_principal as principal', 'principal.app_id', 'certificate.app_id')
        .select(['principal.enabled', 'certificate.starts_at_ms', 'certificate.expires_at_ms'])
        .where('certificate.id', '=', p.id)
        .where('principal.object_id', '=', p.objectId),
  )
  const certificatesOfApplication = database.prepare<DirectoryTables, { appId: string }, CertificateRow>(
    ['appId'],
    (tables, p) => tables.selectFrom('client_certificate').selectAll().where('app_id', '=', p.appId),
  )
  const machineCredential = database.prepare<DirectoryTables, { objectId: string; id: string }, MachineStandingRow>(
    ['objectId', 'id'],
    (tables, p) =>
      tables
        .selectFrom('machine_credential as credential')
        .innerJoin('service_principal as principal', 'principal.object_id', 'credential.identity_id')
        .innerJoin('service_principal as machine', 'machine.object_id', 'credential.machine_id')
        .select(['principal.enabled', 'machine.enabled as machine_enabled'])
        .where('credential.id', '=', p.id)
        .where('credential.identity_id', '=', p.objectId),
  )
  return {
    machineCredential: (objectId: string, id: string) => machineCredential.first({ objectId, id }),
    secretByHash: (appId: string, hash: string) => secretByHash.first({ appId, hash }),
    servicePrincipalByAppId: (appId: string) => principalByAppId.first({ appId }),
    servicePrincipalById: (objectId: string) => principalById.first({ objectId }),
    userById: (objectId: string) => userById.first({ objectId }),
    secretOf: (objectId: string, id: string) => secretOf.first({ objectId, id }),
    certificatesOfApplication: (appId: string) => certificatesOfApplication.all({ appId }),
    certificateOf: (objectId: string, id: string) => certificateOf.first({ objectId, id }),
  }
}

/** Service principals, each with what it takes from its application, or has as a managed identity. */
export function namedServicePrincipals(tables: Kysely<DirectoryTables>) {
  return tables
    .selectFrom('service_principal as principal')
    .leftJoin('application', 'application.object_id', 'principal.application_id')
    .leftJoin('managed_identity as managed', 'managed.object_id', 'principal.object_id')
    .selectAll('principal')
    .select('managed.kind as managed_kind')
    .select(['managed.subscription_id', 'managed.resource_group'])
    .select((on) => on.fn.coalesce('application.display_name', 'managed.name').as('display_name'))
    .$narrowType<{ display_name: string }>()
}
