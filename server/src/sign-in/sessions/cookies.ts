/** The values of a `Cookie` header by name. A name that occurs twice is ignored: only one can be ours. [RFC 6265 §5.4] */
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

/** The names and attributes of our cookies. */
export type CookieJar = {
  readonly sessionName: string
  readonly browserName: string
  readonly knownName: string
  /** A `Set-Cookie` value. The cookie lasts until the browser is closed, or for `maxAgeSeconds`. */
  readonly write: (name: string, value: string, maxAgeSeconds?: number) => string
  /** A `Set-Cookie` value that deletes the cookie. */
  readonly remove: (name: string) => string
}

/**
 * Creates cookies that no other host and no page over plain HTTP can set or read. The browser enforces this by the prefix.
 * A server without TLS uses no prefix; it listens on loopback only. The cookies are valid for every path, because paths are
 * matched without regard to case and duplicate slashes. [RFC 6265bis §4.1.3.2]
 */
export function createCookieJar(publicOrigin: string): CookieJar {
  const isSecure = publicOrigin.startsWith('https:')
  const prefix = isSecure ? '__Host-' : ''
  const attributes = `; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`
  return {
    sessionName: `${prefix}acrux-session`,
    browserName: `${prefix}acrux-browser`,
    knownName: `${prefix}acrux-known`,
    write: (name, value, maxAgeSeconds) =>
      `${name}=${value}${maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`}${attributes}`,
    remove: (name) => `${name}=; Max-Age=0${attributes}`,
  }
}
