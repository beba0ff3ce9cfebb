import type { FastifyReply, FastifyRequest } from 'fastify'
import { requestOrigin } from '../../platform/http/app.ts'
import { parseCookies } from '../../platform/http/cookies.ts'
import { newId, parseId } from '../../platform/keys/random-id.ts'
import { formToken } from './browser.ts'
import type { CookieJar } from './cookies.ts'
import type { KnownBrowsers, KnownPeople } from './known-browser.ts'
import type { BrowserSession, Sessions } from './sessions.ts'

/** The requester of a page. */
export type Caller = {
  /** The id of the browser, created at its first request. The id exists without a session too. */
  readonly browser: string
  readonly isNew: boolean
  /** The token in every form of this browser. */
  readonly formToken: string
  readonly sessionId: string | undefined
  readonly session: BrowserSession | undefined
  /** The people who recently completed a sign-in with this browser. */
  readonly known: KnownPeople
}

export type CallerOptions = {
  readonly jar: CookieJar
  readonly sessions: Sessions
  readonly knownBrowsers: KnownBrowsers
}

/** The id of the session of a browser. A browser has an id before it has a session: a session cookie alone was copied. */
export function sessionIdOf(cookies: ReadonlyMap<string, string>, jar: CookieJar): string | undefined {
  return parseId(cookies.get(jar.browserName)) === undefined ? undefined : parseId(cookies.get(jar.sessionName))
}

/** Reads the caller from the cookies of a request. */
export async function readCaller(
  request: FastifyRequest,
  { jar, sessions, knownBrowsers }: CallerOptions,
): Promise<Caller> {
  const cookies = parseCookies(request.headers.cookie)
  const known = parseId(cookies.get(jar.browserName))
  const browser = known ?? newId()
  const sessionId = sessionIdOf(cookies, jar)
  return {
    browser,
    isNew: known === undefined,
    formToken: formToken(browser),
    sessionId,
    session: await sessions.read(sessionId, requestOrigin(request)),
    known: knownBrowsers.read(cookies.get(jar.knownName)),
  }
}

/** Sends its id to a new browser. */
export function sendBrowserCookies(reply: FastifyReply, jar: CookieJar, caller: Caller): void {
  if (caller.isNew) reply.header('set-cookie', jar.write(jar.browserName, caller.browser))
}
