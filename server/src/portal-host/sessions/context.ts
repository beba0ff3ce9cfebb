import type { Audit } from '../../audit/index.ts'
import type { Log } from '../../platform/log/log.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { ReadDocuments } from '../files/documents.ts'
import type { ReadPortalFiles } from '../files/portal-files.ts'
import type { FindAbilities, FindRegistry, OnSignOut, PortalSignIns } from './model.ts'
import type { PortalCookies } from './portal-cookies.ts'
import type { PortalSessions } from './portal-sessions.ts'
import type { SessionTokens } from './session-tokens.ts'
import type { RequestToken } from './token-endpoints.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** The dependencies of the handlers. */
export type Context = {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly audit: Audit
  readonly sealer: Sealer
  /** The scheme, host and port at which clients reach the server. Requests with another host get no portal. */
  readonly publicOrigin: PublicOrigin
  /** The first path segments of the ARM routes that the portal may request. */
  readonly armRoots: ReadonlySet<string>
  readonly signIns: PortalSignIns
  readonly onSignOut: OnSignOut
  /** Finds the registry with a name or a login server. The result is undefined if no such registry exists. */
  readonly findRegistry: FindRegistry
  readonly findAbilities: FindAbilities
  readonly files: ReadPortalFiles
  readonly documents: ReadDocuments
  readonly cookies: PortalCookies
  readonly sessions: PortalSessions
  readonly tokens: SessionTokens
  readonly requestToken: RequestToken
}
