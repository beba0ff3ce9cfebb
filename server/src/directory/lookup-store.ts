import type { Kysely } from 'kysely'
import type { Database } from '../platform/sql/database.ts'
import type { ApplicationRow, DirectoryTables, SecretRow, ServicePrincipalRow, UserRow } from './tables.ts'

/** A service principal with what it takes from its application. */
export type NamedServicePrincipalRow = ServicePrincipalRow &
  Pick<ApplicationRow, 'display_name' | 'display_name_key' | 'owner_id'>

/** A secret that was found by its hash, with the service principal that it proves. */
export type FoundSecretRow = Pick<SecretRow, 'id' | 'secret_hash' | 'starts_at_ms' | 'expires_at_ms'> &
  Pick<ServicePrincipalRow, 'object_id' | 'app_id' | 'enabled'> &
  Pick<ApplicationRow, 'display_name'>

type CredentialRow = Pick<ServicePrincipalRow, 'enabled'> & Pick<SecretRow, 'starts_at_ms' | 'expires_at_ms'>

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
  return {
    secretByHash: (appId: string, hash: string) => secretByHash.first({ appId, hash }),
    servicePrincipalByAppId: (appId: string) => principalByAppId.first({ appId }),
    servicePrincipalById: (objectId: string) => principalById.first({ objectId }),
    userById: (objectId: string) => userById.first({ objectId }),
    secretOf: (objectId: string, id: string) => secretOf.first({ objectId, id }),
    certificateOf: (objectId: string, id: string) => certificateOf.first({ objectId, id }),
  }
}

/** Service principals, each with what it takes from its application. */
function namedServicePrincipals(tables: Kysely<DirectoryTables>) {
  return tables
    .selectFrom('service_principal as principal')
    .innerJoin('application', 'application.object_id', 'principal.application_id')
    .selectAll('principal')
    .select(['application.display_name', 'application.display_name_key', 'application.owner_id'])
}
