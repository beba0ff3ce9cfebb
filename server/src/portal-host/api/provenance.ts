import type { IncomingHttpHeaders } from 'node:http'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** The header that a page of the portal adds to each request. Other sites cannot add it without being asked first. */
export const portalHeader = 'x-acrux-portal'

/**
 * Whether a script of our own page sent the request. A browser sends `Sec-Fetch-Site`, and no script can change it; a link, a
 * form, an image or a frame cannot add our header, so nothing that this address serves is ever shown as a page.
 * [Fetch Metadata §2; OWASP Cross-Site Request Forgery Prevention]
 */
export function isFromPortal(publicOrigin: PublicOrigin, headers: IncomingHttpHeaders): boolean {
  const { origin } = headers
  if (origin !== undefined && origin !== String(publicOrigin)) return false
  return headers['sec-fetch-site'] === 'same-origin' && headers[portalHeader] === '1' && isFetch(headers)
}

function isFetch(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-mode'] !== 'navigate' && (headers['sec-fetch-dest'] ?? 'empty') === 'empty'
}
