import type { FastifyReply, FastifyRequest } from 'fastify'
import { requestOrigin } from '../platform/http/app.ts'
import { formToken, newId, parseId } from './browser.ts'
import { type CookieJar, parseCookies } from './cookies.ts'
import type { KnownBrowsers, KnownPeople } from './known-browser.ts'
import type { BrowserSession, Sessions } from './sessions.ts'

/** Who asks for a page. */
export type Visitor = {
  /** Names the browser, signed in or not; made at its first visit. */
  readonly browser: string
  readonly isNew: boolean
  /** What every form of this browser carries. */
  readonly formToken: string
  readonly sessionId: string | undefined
  readonly session: BrowserSession | undefined
  /** The people who recently completed a sign-in with this browser. */
  readonly known: KnownPeople
}

export type VisitorOptions = {
  readonly jar: CookieJar
  readonly sessions: Sessions
  readonly knownBrowsers: KnownBrowsers
}

/** Reads who asks from the cookies of a request. */
export async function readVisitor(
  request: FastifyRequest,
  { jar, sessions, knownBrowsers }: VisitorOptions,
): Promise<Visitor> {
  const cookies = parseCookies(request.headers.cookie)
  const known = parseId(cookies.get(jar.browserName))
  const browser = known ?? newId()
  // Each browser has a name before it has a session: one that comes alone was carried here.
  const sessionId = known === undefined ? undefined : parseId(cookies.get(jar.sessionName))
  return {
    browser,
    isNew: known === undefined,
    formToken: formToken(browser),
    sessionId,
    session: await sessions.read(sessionId, requestOrigin(request)),
    known: knownBrowsers.read(cookies.get(jar.knownName)),
  }
}

/** Tells a new browser its name. */
export function rememberBrowser(reply: FastifyReply, jar: CookieJar, visitor: Visitor): void {
  if (visitor.isNew) reply.header('set-cookie', jar.write(jar.browserName, visitor.browser))
}
