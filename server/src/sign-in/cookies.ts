/** The values of a `Cookie` header by name; of two with one name neither, since they cannot both be ours. [RFC 6265 §5.4] */
export function parseCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  const doubled = new Set<string>()
  for (const pair of (header ?? '').split(';', cookieLimit)) {
    const equals = pair.indexOf('=')
    if (equals === -1) continue
    const name = pair.slice(0, equals).trim()
    if (cookies.has(name)) doubled.add(name)
    cookies.set(name, pair.slice(equals + 1).trim())
  }
  for (const name of doubled) cookies.delete(name)
  return cookies
}

const cookieLimit = 200

/** How the cookies of the pages are written. */
export type CookieJar = {
  readonly sessionName: string
  readonly browserName: string
  readonly knownName: string
  /** The value of a `Set-Cookie` that lasts until the browser is closed, or for `maxAgeSeconds`. */
  readonly write: (name: string, value: string, maxAgeSeconds?: number) => string
  /** The value of a `Set-Cookie` that takes the cookie away. */
  readonly remove: (name: string) => string
}

/**
 * Cookies that no other host, and no page over plain HTTP, can set or read: the prefix makes the browser see to it. Only a
 * server without TLS, which listens on loopback alone, does without. They are for every path, so that it does not matter
 * that paths are matched without regard to case and doubled slashes. [RFC 6265bis §4.1.3.2]
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
