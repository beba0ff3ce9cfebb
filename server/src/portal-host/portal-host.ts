import type { FastifyInstance } from 'fastify'
import type { Audit } from '../audit/index.ts'
import { parseCookies } from '../platform/http/cookies.ts'
import type { RouteDescription } from '../platform/http/surface.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import type { Log } from '../platform/log/log.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import { type ReadDocuments, createDocuments } from './files/documents.ts'
import { type ReadPortalFiles, createPortalFiles } from './files/portal-files.ts'
import type { FindAbilities, FindRegistry, OnSignOut, PortalSignIns } from './sessions/model.ts'
import { portalRoutes } from './routes.ts'
import { createPortalCookies } from './sessions/portal-cookies.ts'
import { createPortalSessions } from './sessions/portal-sessions.ts'
import { createSessionTokens } from './sessions/session-tokens.ts'
import { createTokenClient } from './sessions/token-endpoints.ts'
import { mountPortal } from './surface.ts'
import type { PublicOrigin } from '../platform/http/requested-origin.ts'

export type PortalHostOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly audit: Audit
  readonly sealer: Sealer
  /** Scheme, host and port at which clients reach the server. */
  readonly publicOrigin: PublicOrigin
  /** The first segments of the paths of ARM's routes that the portal may request. */
  readonly armRoots: ReadonlySet<string>
  readonly signIns: PortalSignIns
  readonly onSignOut: OnSignOut
  /** The registry with a name or a login server. Undefined if there is none. */
  readonly findRegistry: FindRegistry
  readonly findAbilities: FindAbilities
  /** The files of the built portal; those of the program by default. */
  readonly files?: ReadPortalFiles
  /** The built documents; those of the program by default. */
  readonly documents?: ReadDocuments
}

/** The portal: its files, its sessions and its API. */
export interface PortalHost {
  /** Adds `/`, `/portal` and `/docs`. */
  mount(app: FastifyInstance): void
  readonly routes: readonly RouteDescription[]
  /**
   * Ends the session of the browser with this `Cookie` header, if it is one of these people: they sign out at the identity
   * provider. Returns the `Set-Cookie` header of the response, if there is one to send.
   */
  readonly endSessionOf: (
    transaction: Transaction,
    cookieHeader: string | undefined,
    objectIds: readonly string[],
  ) => Promise<string | undefined>
  /** Ends expired sessions. For a job. */
  endExpiredSessions(): Promise<void>
}

/** Creates the portal. */
export function createPortalHost(options: PortalHostOptions): PortalHost {
  const { publicOrigin, files = createPortalFiles(), documents = createDocuments() } = options
  const sessions = createPortalSessions(options)
  const cookies = createPortalCookies(publicOrigin)
  return {
    mount: (app) => {
      const requestToken = createTokenClient(app)
      const tokens = createSessionTokens({ ...options, requestToken })
      mountPortal(app, { ...options, files, documents, cookies, sessions, tokens, requestToken })
    },
    routes: portalRoutes,
    endSessionOf: async (transaction, cookieHeader, objectIds) => {
      const cookie = parseCookies(cookieHeader).get(cookies.session)
      return (await sessions.endOf(transaction, cookie, objectIds)) ? cookies.removeSession : undefined
    },
    endExpiredSessions: sessions.endExpired,
  }
}
