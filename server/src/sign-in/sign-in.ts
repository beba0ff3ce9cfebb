import type { FastifyInstance } from 'fastify'
import type { Audit } from '../audit/index.ts'
import type { Credentials } from '../credentials/index.ts'
import type { Directory } from '../directory/index.ts'
import type { SignInProtocol } from '../identity/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { RouteDescription } from '../platform/http/surface.ts'
import type { Log } from '../platform/log/log.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import { type KnownSenders, createKnownSenders } from '../platform/limits/sender-budget.ts'
import { parseCookies } from '../platform/http/cookies.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import type { Upstreams } from '../issuers/index.ts'
import { pageRoutes } from './routes.ts'
import { mountPages } from './surface.ts'
import type { OnSignOut } from './flow/context.ts'
import { createConsents } from './flow/consent-store.ts'
import { createFlows } from './flow/flow.ts'
import { createPasskeys } from './passkeys/passkeys.ts'
import { sessionIdOf } from './sessions/caller.ts'
import { createCookieJar } from './sessions/cookies.ts'
import { createKnownBrowsers } from './sessions/known-browser.ts'
import { createSessionStore } from './sessions/session-store.ts'
import { createSessions } from './sessions/sessions.ts'
import type { PublicOrigin } from '../platform/http/requested-origin.ts'

export type SignInOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly log: Log
  readonly sealer: Sealer
  readonly credentials: Credentials
  readonly directory: Directory
  readonly identity: SignInProtocol
  /** Scheme, host and port under which clients reach the server, such as `https://localhost:5443`. */
  readonly publicOrigin: PublicOrigin
  /** The identity providers of organisations. */
  readonly upstreams: Upstreams
  /** Whether `mfa` in the methods of a provider is accepted as a second factor; true by default. */
  readonly acceptsProviderMfa?: boolean
  /** The maximum lifetime of a sign-in to an application; 180 by default. */
  readonly maxSignInDays?: number
  /** The addresses that recently authenticated, here and at the token endpoint. */
  readonly senders?: KnownSenders
  /** Ends the other sign-ins of people in this browser, when they sign out. Nothing by default. */
  readonly onSignOut?: OnSignOut
}

/** The pages on which people sign in, and the sessions of their browsers. */
export interface SignInPages {
  /** Adds the pages to the application. */
  mount(app: FastifyInstance): void
  /** The route table of the pages. */
  readonly routes: readonly RouteDescription[]
  /**
   * Ends the sign-in of a person in the browser with this `Cookie` header: the person signs out of the portal. Returns the `Set-Cookie`
   * header of the response, if there is one to send.
   */
  readonly endSessionOf: (
    transaction: Transaction,
    cookieHeader: string | undefined,
    objectId: string,
  ) => Promise<string | undefined>
}

/** Creates the sign-in module. */
export function createSignInPages(options: SignInOptions): SignInPages {
  const { database, clock, audit, log, sealer, credentials, directory, identity, publicOrigin, upstreams } = options
  const { senders = createKnownSenders(clock) } = options
  const store = createSessionStore(database)
  const context = {
    database,
    clock,
    audit,
    log,
    credentials,
    directory,
    protocol: identity,
    publicOrigin,
    consents: createConsents(database),
    jar: createCookieJar(publicOrigin),
    sessions: createSessions({ database, store, credentials, directory, clock }),
    flows: createFlows(sealer, clock),
    knownBrowsers: createKnownBrowsers(sealer, clock),
    passkeys: createPasskeys({ database, credentials, clock, sealer, publicOrigin }),
    upstreams,
    acceptsProviderMfa: options.acceptsProviderMfa ?? true,
    maxSignInDays: options.maxSignInDays ?? 180,
    senders,
    onSignOut: options.onSignOut ?? (() => Promise.resolve(undefined)),
    providerLinks: (flow: string) =>
      upstreams.settings.map(({ name, displayName }) => ({
        label: `Sign in with ${displayName}`,
        href: `/sign-in/${name}/start?flow=${flow}`,
      })),
  }
  const { jar, sessions } = context
  return {
    mount: (app) => mountPages(app, context),
    routes: pageRoutes,
    endSessionOf: async (transaction, cookieHeader, objectId) => {
      const sessionId = sessionIdOf(parseCookies(cookieHeader), jar)
      return sessionId && jar.write(jar.sessionName, await sessions.signOut(transaction, sessionId, [objectId]))
    },
  }
}
