import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { ApplicationRow, ServicePrincipalRow } from '../principals/rows.ts'
import type { Application, RedirectUris } from '../principals/model.ts'
import type { ApplicationSignIn } from '../principals/records.ts'

/** How users sign in to an application. If an application has no row, users cannot sign in to it. */
type ApplicationSignInRow = {
  readonly application_id: string
  /** The JSON text of {@link RedirectUris}. */
  readonly redirect_uris: string
  readonly is_fallback_public_client: number
  readonly is_fallback_named: number
}

type Tables = {
  application_sign_in: ApplicationSignInRow
  application: ApplicationRow
  service_principal: ServicePrincipalRow
}

type FoundRow = Pick<ApplicationRow, 'object_id' | 'app_id' | 'display_name'> & {
  readonly redirect_uris: string | null
  readonly is_fallback_public_client: number | null
  readonly is_fallback_named: number | null
  /** The value is null if the application has no service principal. */
  readonly enabled: number | null
}

const noRedirectUris: RedirectUris = { web: [], publicClient: [], spa: [] }

/** An application to which users cannot sign in. */
export const noSignIn: ApplicationSignIn = {
  redirectUris: noRedirectUris,
  isFallbackPublicClient: false,
  isFallbackNamed: false,
}

/** The SQL of applications to which users sign in. */
export function createApplicationSignInStore(database: Database) {
  const byAppId = database.prepare<Tables, { appId: string }, FoundRow>(['appId'], (tables, p) =>
    tables
      .selectFrom('application')
      .leftJoin('application_sign_in as sign_in', 'sign_in.application_id', 'application.object_id')
      .leftJoin('service_principal as principal', 'principal.application_id', 'application.object_id')
      .select(['application.object_id', 'application.app_id', 'application.display_name'])
      .select(['sign_in.redirect_uris', 'sign_in.is_fallback_public_client', 'sign_in.is_fallback_named'])
      .select('principal.enabled')
      .where('application.app_id', '=', p.appId),
  )
  return {
    find: async (appId: string): Promise<Application | undefined> => {
      const row = await byAppId.first({ appId })
      return row && toApplication(row)
    },
    of: async (applicationIds: readonly string[]): Promise<Map<string, ApplicationSignIn>> => {
      if (applicationIds.length === 0) return new Map()
      const rows = await database
        .tables<Tables>()
        .selectFrom('application_sign_in')
        .selectAll()
        .where('application_id', 'in', [...applicationIds])
        .execute()
      return new Map(rows.map((row) => [row.application_id, toSignIn(row)]))
    },
    /** Changes the given properties of an application. */
    change: async (transaction: Transaction, applicationId: string, change: ApplicationSignInChange) => {
      const tables = transaction.tables<Tables>()
      const before = await tables
        .selectFrom('application_sign_in')
        .selectAll()
        .where('application_id', '=', applicationId)
        .executeTakeFirst()
      const old = toSignIn(before)
      const present = old.isFallbackNamed ? old.isFallbackPublicClient : null
      const fallback = change.isFallbackPublicClient === undefined ? present : change.isFallbackPublicClient
      const columns = {
        redirect_uris: JSON.stringify({ ...old.redirectUris, ...change.redirectUris }),
        is_fallback_named: fallback === null ? 0 : 1,
        is_fallback_public_client: fallback === true ? 1 : 0,
      }
      await tables
        .insertInto('application_sign_in')
        .values({ application_id: applicationId, ...columns })
        .onConflict((conflict) => conflict.column('application_id').doUpdateSet(columns))
        .execute()
    },
    remove: async (transaction: Transaction, applicationId: string) => {
      const signIns = transaction.tables<Tables>().deleteFrom('application_sign_in')
      await signIns.where('application_id', '=', applicationId).execute()
    },
  }
}

/** The sign-in properties of an application to change. */
export type ApplicationSignInChange = {
  readonly redirectUris?: Partial<RedirectUris> | undefined
  /** Null sets the value that a new application has. */
  readonly isFallbackPublicClient?: boolean | null | undefined
}

type SignInColumns = Pick<FoundRow, 'redirect_uris' | 'is_fallback_public_client' | 'is_fallback_named'>

function toSignIn(row: SignInColumns | undefined): ApplicationSignIn {
  const text = row?.redirect_uris ?? undefined
  return {
    // The server wrote this text itself, and checked it before.
    redirectUris: text === undefined ? noRedirectUris : (JSON.parse(text) as RedirectUris),
    isFallbackPublicClient: row?.is_fallback_public_client === 1,
    // In rows of earlier versions, it is unknown whether a client set the value.
    isFallbackNamed: row?.is_fallback_named === 1 || row?.is_fallback_public_client === 1,
  }
}

function toApplication(row: FoundRow): Application {
  return {
    objectId: row.object_id,
    appId: row.app_id,
    displayName: row.display_name,
    enabled: row.enabled !== 0,
    ...toSignIn(row),
  }
}

export type ApplicationSignInStore = ReturnType<typeof createApplicationSignInStore>
