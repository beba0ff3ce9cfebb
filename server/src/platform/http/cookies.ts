import type { PublicOrigin } from './requested-origin.ts'
/**
 * The values of a `Cookie` header by name. A name that occurs twice is ignored, because only one of the two cookies can
 * be from this server. [RFC 6265 §5.4]
 */
export function parseCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  const duplicates = new Set<string>()
  for (const pair of (header ?? '').split(';', maxCookies)) {
    const equals = pair.indexOf('=')
    if (equals === -1) continue
    const name = pair.slice(0, equals).trim()
    if (cookies.has(name)) duplicates.add(name)
    cookies.set(name, pair.slice(equals + 1).trim())
  }
  for (const name of duplicates) cookies.delete(name)
  return cookies
}

const maxCookies = 200

/** Creates the headers for one cookie. */
export type CookieWriter = {
  /** The name of the cookie, with the prefix that the browser enforces. */
  readonly nameOf: (name: string) => string
  /** A `Set-Cookie` value. The browser stores the cookie until the browser is closed, or for `maxAgeSeconds`. */
  readonly write: (name: string, value: string, maxAgeSeconds?: number) => string
  /** A `Set-Cookie` value that deletes the cookie. */
  readonly remove: (name: string) => string
}

/**
 * Creates cookies that no other host and no page over plain HTTP can set or read. The prefix of the name makes the
 * browser enforce this rule. A server without TLS uses no prefix, and listens on loopback only. The cookies are valid
 * for every path, because paths are matched without regard to case and duplicate slashes. [RFC 6265bis §4.1.3.2]
 *
 * With `Strict`, the browser does not send the cookie with a request that another site caused, not even for a link.
 */
export function createCookieWriter(publicOrigin: PublicOrigin, sameSite: 'Lax' | 'Strict'): CookieWriter {
  const isSecure = String(publicOrigin).startsWith('https:')
  const attributes = `; Path=/; HttpOnly; SameSite=${sameSite}${isSecure ? '; Secure' : ''}`
  return {
    nameOf: (name) => (isSecure ? `__Host-${name}` : name),
    write: (name, value, maxAgeSeconds) =>
      `${name}=${value}${maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`}${attributes}`,
    remove: (name) => `${name}=; Max-Age=0${attributes}`,
  }
}
