/** The path at which the server serves the portal. */
export const portalPath = '/portal/'

/**
 * The page to which the browser returns after a new authentication. It notifies the page that requested the authentication, and closes its
 * own window.
 */
export const confirmedPath = '/portal/confirmed'

const maxLength = 1024

/** Paths below the portal that are not pages. */
const notPages = /^\/portal\/+(?:api|assets|sign-in|signed-in)(?:\/|$)/i

/**
 * The path of the portal to which a sign-in returns. If a text is not the path of a page, the result is the first page of the portal. A
 * link therefore cannot redirect to another site.
 */
export function returnPathOf(text: unknown): string {
  if (typeof text !== 'string' || text.length > maxLength) return portalPath
  // Browsers ignore tabs and line breaks in URLs, and treat a backslash as a slash. [WHATWG URL §4.4]
  if (!/^\/portal\/[\x21-\x7e]*$/.test(text) || text.includes('\\')) return portalPath
  const base = 'https://portal.invalid'
  const url = URL.parse(text, base)
  if (url === null || url.origin !== base) return portalPath
  const pathname = decoded(url.pathname)
  if (pathname === undefined || !url.pathname.startsWith(portalPath) || notPages.test(pathname)) return portalPath
  return `${url.pathname}${url.search}${url.hash}`
}

/** The result is undefined if the path cannot be decoded. */
function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
