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
import type { Database } from '../platform/sql/database.ts'
import type { Upstreams } from '../upstream/index.ts'
import { createConsents } from './consent-store.ts'
import { createCookieJar } from './cookies.ts'
import { createFlows } from './flow.ts'
import { createKnownBrowsers } from './known-browser.ts'
import { createPasskeys } from './passkeys.ts'
import { mountPages, pageRoutes } from './routes.ts'
import { createSessions } from './sessions.ts'
import { createSignInStore } from './store.ts'

export type SignInOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly log: Log
  readonly sealer: Sealer
  readonly credentials: Credentials
  readonly directory: Directory
  readonly identity: SignInProtocol
  /** Scheme, host and port under which clients reach the server, as `https://localhost:5443`. */
  readonly publicOrigin: string
  /** The providers of organisations, opened before. */
  readonly upstreams: Upstreams
  /** Whether `mfa` in the methods of a provider counts as a second factor; true by default. */
  readonly acceptsProviderMfa?: boolean
  /** Who proved something lately, here and at the token endpoint. */
  readonly senders?: KnownSenders
}

/** The pages on which people prove who they are, and the sessions of their browsers. */
export interface SignInPages {
  /** Adds the pages to the application. */
  mount(app: FastifyInstance): void
  /** The table of the pages, for the walk over all of them. */
  readonly routes: readonly RouteDescription[]
}

/** Opens the sign-in room. */
export function createSignInPages(options: SignInOptions): SignInPages {
  const { database, clock, audit, log, sealer, credentials, directory, identity, publicOrigin, upstreams } = options
  const { senders = createKnownSenders(clock) } = options
  const store = createSignInStore(database)
  const consents = createConsents(database)
  const site = {
    database,
    clock,
    audit,
    log,
    credentials,
    directory,
    protocol: identity,
    publicOrigin,
    store,
    consents,
    jar: createCookieJar(publicOrigin),
    sessions: createSessions({ database, store, credentials, directory, clock }),
    flows: createFlows(sealer, clock),
    knownBrowsers: createKnownBrowsers(sealer, clock),
    passkeys: createPasskeys({ database, store, credentials, clock, sealer, publicOrigin }),
    upstreams,
    acceptsProviderMfa: options.acceptsProviderMfa ?? true,
    senders,
    otherProviders: (flow: string) =>
      upstreams.settings.map(({ name, displayName }) => ({
        label: `Sign in with ${displayName}`,
        href: `/sign-in/${name}/start?flow=${flow}`,
      })),
  }
  return { mount: (app) => mountPages(app, site), routes: pageRoutes }
}
