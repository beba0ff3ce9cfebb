import type { ExpressionBuilder, Kysely } from 'kysely'
import { type NamedServicePrincipalRow, namedServicePrincipals } from './lookup-store.ts'
import type {
  ApplicationRow,
  ApplicationUriRow,
  CertificateRow,
  DirectoryTables,
  SecretRow,
  UserRow,
} from './tables.ts'

/** What a list may be narrowed by; values are keys: ids and names in lower case. */
export type Condition<By> = { readonly by: By; readonly value: string }

/** What lists of applications and of service principals may be narrowed by. */
export type ApplicationCondition = Condition<
  'app-id' | 'display-name' | 'display-name-prefix' | 'identifier-uri' | 'service-principal-name'
>

/** What a list of users may be narrowed by. */
export type UserCondition = Condition<'user-principal-name' | 'display-name' | 'display-name-prefix'>

/** Which objects a list shows. */
export type Page<AnyCondition> = {
  readonly conditions: readonly AnyCondition[]
  /** Only what belongs to this principal; undefined for everything. */
  readonly visibleTo: { readonly objectId: string; readonly appId: string } | undefined
  /** Only objects with a greater id. */
  readonly after: string
  readonly limit: number
}

/** Everything that starts with a text lies before the text followed by the last of all characters. */
export const lastCharacter = '\u{10ffff}'

/** Reads many at a time, for the lists of Graph. */
export function listReads(read: () => Kysely<DirectoryTables>) {
  return {
    listApplications: ({
      conditions,
      visibleTo,
      after,
      limit,
    }: Page<ApplicationCondition>): Promise<ApplicationRow[]> => {
      let query = read().selectFrom('application').selectAll().where('object_id', '>', after)
      if (visibleTo !== undefined) {
        const { objectId, appId } = visibleTo
        const owned = ownedBy(read(), objectId)
        query = query.where((on) => on.or([on('object_id', 'in', owned), on('app_id', '=', appId)]))
      }
      for (const condition of conditions) query = query.where((on) => applicationMeets(on, condition))
      return query.orderBy('object_id').limit(limit).execute()
    },
    listServicePrincipals: ({
      conditions,
      visibleTo,
      after,
      limit,
    }: Page<ApplicationCondition>): Promise<NamedServicePrincipalRow[]> => {
      let query = namedServicePrincipals(read()).where('principal.object_id', '>', after)
      if (visibleTo !== undefined) {
        const { objectId, appId } = visibleTo
        const owned = ownedBy(read(), objectId)
        query = query.where((on) =>
          on.or([on('principal.application_id', 'in', owned), on('principal.app_id', '=', appId)]),
        )
      }
      for (const condition of conditions) {
        query = query.where('principal.object_id', 'in', servicePrincipalsMeeting(read(), condition))
      }
      return query.orderBy('principal.object_id').limit(limit).execute()
    },
    listUsers: ({ conditions, visibleTo, after, limit }: Page<UserCondition>): Promise<UserRow[]> => {
      let query = read().selectFrom('directory_user').selectAll().where('object_id', '>', after)
      if (visibleTo !== undefined) query = query.where('object_id', '=', visibleTo.objectId)
      for (const condition of conditions) query = query.where((on) => userMeets(on, condition))
      return query.orderBy('object_id').limit(limit).execute()
    },
    urisOf: async (applicationIds: readonly string[]): Promise<ApplicationUriRow[]> => {
      if (applicationIds.length === 0) return []
      const query = read()
        .selectFrom('application_uri')
        .selectAll()
        .where('application_id', 'in', [...applicationIds])
      return query.orderBy('uri_key').execute()
    },
    secretsOf: async (holderIds: readonly string[]): Promise<SecretRow[]> => {
      if (holderIds.length === 0) return []
      const query = read()
        .selectFrom('client_secret')
        .selectAll()
        .where('holder_id', 'in', [...holderIds])
      return query.orderBy('starts_at_ms').orderBy('id').execute()
    },
    certificatesOf: async (holderIds: readonly string[]): Promise<CertificateRow[]> => {
      if (holderIds.length === 0) return []
      const query = read()
        .selectFrom('client_certificate')
        .selectAll()
        .where('holder_id', 'in', [...holderIds])
      return query.orderBy('starts_at_ms').orderBy('id').execute()
    },
    usersByIds: async (objectIds: readonly string[]): Promise<UserRow[]> => {
      if (objectIds.length === 0) return []
      const query = read()
        .selectFrom('directory_user')
        .selectAll()
        .where('object_id', 'in', [...objectIds])
      return query.execute()
    },
    servicePrincipalsByIds: async (objectIds: readonly string[]): Promise<NamedServicePrincipalRow[]> => {
      if (objectIds.length === 0) return []
      return namedServicePrincipals(read())
        .where('principal.object_id', 'in', [...objectIds])
        .execute()
    },
  }
}

function applicationMeets(on: ExpressionBuilder<DirectoryTables, 'application'>, condition: ApplicationCondition) {
  const hasUri = (uri: string) =>
    on(
      'application.object_id',
      'in',
      on.selectFrom('application_uri').select('application_id').where('uri_key', '=', uri),
    )
  switch (condition.by) {
    case 'app-id':
      return on('application.app_id', '=', condition.value)
    case 'display-name':
      return on('application.display_name_key', '=', condition.value)
    case 'display-name-prefix':
      return on.and([
        on('application.display_name_key', '>=', condition.value),
        on('application.display_name_key', '<', `${condition.value}${lastCharacter}`),
      ])
    case 'identifier-uri':
      return hasUri(condition.value)
    case 'service-principal-name':
      return on.or([on('application.app_id', '=', condition.value), hasUri(condition.value)])
  }
}

/** The ids of the service principals that meet a condition, each found by an index. */
function servicePrincipalsMeeting(tables: Kysely<DirectoryTables>, condition: ApplicationCondition) {
  const ofApplications = tables
    .selectFrom('service_principal as found')
    .innerJoin('application', 'application.object_id', 'found.application_id')
    .select('found.object_id')
    .where((on) => applicationMeets(on, condition))
  const managed = tables.selectFrom('managed_identity').select('managed_identity.object_id')
  switch (condition.by) {
    case 'app-id':
    case 'service-principal-name':
      return ofApplications.unionAll(
        tables.selectFrom('service_principal').select('object_id').where('app_id', '=', condition.value),
      )
    case 'display-name':
      return ofApplications.unionAll(managed.where('name_key', '=', condition.value))
    case 'display-name-prefix':
      return ofApplications.unionAll(
        managed.where('name_key', '>=', condition.value).where('name_key', '<', `${condition.value}${lastCharacter}`),
      )
    case 'identifier-uri':
      return ofApplications
  }
}

function userMeets(on: ExpressionBuilder<DirectoryTables, 'directory_user'>, condition: UserCondition) {
  switch (condition.by) {
    case 'user-principal-name':
      return on('user_principal_name_key', '=', condition.value)
    case 'display-name':
      return on('display_name_key', '=', condition.value)
    case 'display-name-prefix':
      return on.and([
        on('display_name_key', '>=', condition.value),
        on('display_name_key', '<', `${condition.value}${lastCharacter}`),
      ])
  }
}

function ownedBy(tables: Kysely<DirectoryTables>, ownerId: string) {
  return tables.selectFrom('application_owner').select('application_id').where('owner_id', '=', ownerId)
}
