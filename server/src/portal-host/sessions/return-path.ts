/** Where the portal is served. */
export const portalPath = '/portal/'

/** The page on which a new authentication ends. It reports to the page that asked for it, and closes its window. */
export const confirmedPath = '/portal/confirmed'

const maxLength = 1024

/** Paths below the portal that are no pages. */
const notPages = /^\/portal\/+(?:api|assets|sign-in|signed-in)(?:\/|$)/i

/**
 * The path of the portal to which a sign-in returns. Any text that is not the path of one of its pages leads to its first
 * page, so no link can redirect to another site.
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

/** Undefined if the path cannot be decoded. */
function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
