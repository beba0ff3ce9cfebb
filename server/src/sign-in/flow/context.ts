import type { Audit } from '../../audit/index.ts'
import type { Credentials } from '../../credentials/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { SignInProtocol } from '../../identity/index.ts'
import type { KnownSenders } from '../../platform/limits/sender-budget.ts'
import type { Log } from '../../platform/log/log.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Upstreams } from '../../issuers/index.ts'
import type { Link } from '../pages/layout.ts'
import type { Passkeys } from '../passkeys/passkeys.ts'
import type { CookieJar } from '../sessions/cookies.ts'
import type { KnownBrowsers } from '../sessions/known-browser.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Consents } from './consent-store.ts'
import type { Flows } from './flow.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/**
 * Called in the transaction in which people sign out, with the `Cookie` header of their browser. Returns a `Set-Cookie` header
 * for the response.
 */
export type OnSignOut = (
  transaction: Transaction,
  cookieHeader: string | undefined,
  objectIds: readonly string[],
) => Promise<string | undefined>

/** The dependencies of the handlers of the pages. */
export type Context = {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly log: Log
  readonly credentials: Credentials
  readonly directory: Directory
  readonly protocol: SignInProtocol
  readonly publicOrigin: PublicOrigin
  readonly consents: Consents
  readonly jar: CookieJar
  readonly sessions: Sessions
  readonly flows: Flows
  readonly knownBrowsers: KnownBrowsers
  readonly passkeys: Passkeys
  readonly upstreams: Upstreams
  /** Whether `mfa` in the methods of a provider is accepted as a second factor. */
  readonly acceptsProviderMfa: boolean
  /** The maximum lifetime of a sign-in to an application. */
  readonly maxSignInDays: number
  readonly senders: KnownSenders
  readonly onSignOut: OnSignOut
  /** Links to sign in with the providers of organisations. Each link contains the sealed flow. */
  readonly providerLinks: (flow: string) => readonly Link[]
}
