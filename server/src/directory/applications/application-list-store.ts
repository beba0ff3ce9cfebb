import type { ExpressionBuilder, Kysely } from 'kysely'
import type { Database } from '../../platform/sql/database.ts'
import { type Condition, type Page, lastCharacter } from '../principals/list-page.ts'
import { type NamedServicePrincipalRow, namedServicePrincipals } from '../principals/principal-store.ts'
import type { ApplicationRow, DirectoryTables } from '../principals/rows.ts'

/** The conditions of lists of applications and of service principals. */
export type ApplicationCondition = Condition<
  'app-id' | 'display-name' | 'display-name-prefix' | 'identifier-uri' | 'service-principal-name'
>

/** The SQL of the lists of applications and of service principals. */
export function applicationListStore(database: Database) {
  const read = () => database.tables<DirectoryTables>()
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
  }
}

export type ApplicationListStore = ReturnType<typeof applicationListStore>

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

function ownedBy(tables: Kysely<DirectoryTables>, ownerId: string) {
  return tables.selectFrom('application_owner').select('application_id').where('owner_id', '=', ownerId)
}
