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
  /** The scheme, host and port at which clients reach the server. */
  readonly publicOrigin: PublicOrigin
  /** The first path segments of the ARM routes that the portal may request. */
  readonly armRoots: ReadonlySet<string>
  readonly signIns: PortalSignIns
  readonly onSignOut: OnSignOut
  /** Finds the registry with a name or a login server. The result is undefined if no such registry exists. */
  readonly findRegistry: FindRegistry
  readonly findAbilities: FindAbilities
  /** The files of the built portal. By default, these are the files of the installed program. */
  readonly files?: ReadPortalFiles
  /** The files of the built documents. By default, these are the files of the installed program. */
  readonly documents?: ReadDocuments
}

/** The portal: its files, its sessions and its API. */
export interface PortalHost {
  /** Adds the routes `/`, `/portal` and `/docs`. */
  mount(app: FastifyInstance): void
  readonly routes: readonly RouteDescription[]
  /**
   * Ends the session of the browser with this `Cookie` header, if the session belongs to one of these people. Called when these people sign
   * out at the identity provider. Returns the `Set-Cookie` header for the response, if the response needs this header.
   */
  readonly endSessionOf: (
    transaction: Transaction,
    cookieHeader: string | undefined,
    objectIds: readonly string[],
  ) => Promise<string | undefined>
  /** Ends expired sessions. A job calls this function. */
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
