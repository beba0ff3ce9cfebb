import type { FastifyReply } from 'fastify'
import type { Audit, AuditActor, AuditEvent } from '../audit/index.ts'
import type { Credentials } from '../credentials/index.ts'
import type { Directory, User } from '../directory/index.ts'
import type { SignInProtocol } from '../identity/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Call } from '../platform/http/surface.ts'
import type { Log } from '../platform/log/log.ts'
import type { KnownSenders } from '../platform/limits/sender-budget.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import type { Form } from '../standards/http/form.ts'
import type { Consents } from './consent-store.ts'
import type { CookieJar } from './cookies.ts'
import { PageError } from './errors.ts'
import type { Flow, Flows } from './flow.ts'
import type { HtmlValue } from './html.ts'
import type { KnownBrowsers } from './known-browser.ts'
import { type PagePolicy, pageHeaders } from './page-headers.ts'
import type { Passkeys } from './passkeys.ts'
import { type Layout, renderPage } from './pages/layout.ts'
import type { OtherWay } from './pages/sign-in-pages.ts'
import type { Account, Proof, Sessions } from './sessions.ts'
import type { SignInStore } from './store.ts'
import type { Upstreams } from '../upstream/index.ts'
import type { Visitor } from './visitor.ts'

/** What the handlers of the pages work with. */
export type Site = {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly log: Log
  readonly credentials: Credentials
  readonly directory: Directory
  readonly protocol: SignInProtocol
  readonly publicOrigin: string
  readonly store: SignInStore
  readonly consents: Consents
  readonly jar: CookieJar
  readonly sessions: Sessions
  readonly flows: Flows
  readonly knownBrowsers: KnownBrowsers
  readonly passkeys: Passkeys
  readonly upstreams: Upstreams
  /** Whether `mfa` in the methods of a provider counts as a second factor. */
  readonly acceptsProviderMfa: boolean
  readonly senders: KnownSenders
  /** Ways to sign in at other providers, each with the sealed sign-in in its address. */
  readonly otherProviders: (flow: string) => readonly OtherWay[]
}

export type PageCall = Call<Visitor>

export type Page = Omit<Layout, 'tenantName' | 'publicOrigin'> & {
  readonly body: HtmlValue
  /** 200 unless told otherwise. */
  readonly status?: number | undefined
  readonly redirectUri?: PagePolicy['redirectUri']
}

/** Sends a page with the headers that every page has. */
export async function sendPage(site: Site, reply: FastifyReply, page: Page): Promise<FastifyReply> {
  const { publicOrigin, directory } = site
  const { status = 200, body, redirectUri, ...layout } = page
  const tenantName = (await directory.tenant()).displayName
  return reply
    .code(status)
    .headers(pageHeaders(publicOrigin, { redirectUri, script: layout.script }))
    .send(renderPage({ ...layout, tenantName, publicOrigin }, body))
}

/** Sends the browser to one of our own pages. `path` is made here, never of what a request says. */
export function goTo(reply: FastifyReply, path: `/${string}`): FastifyReply {
  return reply.code(303).header('cache-control', 'no-store').header('location', path).send()
}

/** The address at which a sign-in goes on. */
export function flowPath(site: Site, visitor: Visitor, flow: Flow, page = ''): `/${string}` {
  return `/sign-in${page}?flow=${site.flows.write(visitor.browser, flow)}`
}

/** The sign-in that a form or an address carries. @throws PageError */
export function requireFlow(site: Site, visitor: Visitor, text: string | undefined): Flow {
  const flow = text === undefined ? undefined : site.flows.read(visitor.browser, text)
  if (flow === undefined) throw new PageError('expired')
  return flow
}

/**
 * Lets somebody in, wholly or in part, and gives the browser the session's new cookie. `change` belongs to it: it comes
 * first, and gives the person as they are then.
 *
 * @throws AuthenticationRefusedError
 */
export async function signIn(
  site: Site,
  { reply, caller, origin }: PageCall,
  proof: Proof,
  event?: AuditEvent,
  change?: (transaction: Transaction) => Promise<User>,
): Promise<void> {
  const { database, credentials, sessions, audit, jar, senders, knownBrowsers } = site
  const isWhole = proof.remaining.length === 0
  const id = await database.transaction(async (transaction) => {
    const user = change === undefined ? proof.user : await change(transaction)
    if (event !== undefined) await audit.record(transaction, event)
    if (isWhole) await credentials.rememberPlace(transaction, user.objectId, origin)
    return sessions.signIn(transaction, caller.sessionId, { ...proof, user, use: origin })
  })
  reply.header('set-cookie', jar.write(jar.sessionName, id))
  if (!isWhole) return
  senders.note(origin.remoteAddress)
  const known = knownBrowsers.write(caller.known, proof.user.objectId)
  reply.header('set-cookie', jar.write(jar.knownName, known, knownBrowsers.maxAgeSeconds))
}

/** The origin of a sign-in request: its address and the identity of the browser. */
export function placeOf({ caller, origin }: PageCall) {
  const { remoteAddress, userAgent } = origin
  return { remoteAddress, userAgent, browserKnownSinceMs: (objectId: string) => caller.known.get(objectId) }
}

/** The one value that a field has; empty where it is absent. @throws PageError for a field that comes twice */
export function textOf(form: Form, name: string): string {
  const [value, ...others] = form.get(name) ?? []
  if (others.length > 0) throw new PageError('malformed')
  return value ?? ''
}

/** The query of a request as fields. @throws PageError */
export function queryText({ request }: PageCall): string {
  const at = request.url.indexOf('?')
  return at === -1 ? '' : request.url.slice(at + 1)
}

/** An event of somebody who is known: by the session of their browser, unless the event names what else proved it. */
export function eventOf(
  call: PageCall,
  account: Pick<Account, 'user'>,
  event: Omit<AuditEvent, 'actor' | 'target' | 'origin'>,
): AuditEvent {
  const actor: AuditActor = { kind: 'user', id: account.user.objectId }
  return {
    credential: { kind: 'browser-session' },
    ...event,
    actor,
    target: account.user.objectId,
    origin: call.origin,
  }
}
