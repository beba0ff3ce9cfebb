import type { IncomingHttpHeaders } from 'node:http'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/**
 * The header that a page of the portal adds to each request. A page of another site can add this header only if the server permits it in a
 * preflight request.
 */
export const portalHeader = 'x-acrux-portal'

/**
 * Whether a script on a page of the portal sent the request. A browser sends `Sec-Fetch-Site`, and no script can change it. A link, a form,
 * an image or a frame cannot add the portal's header, so a browser never displays a response from this address as a page. [Fetch Metadata
 * §2; OWASP Cross-Site Request Forgery Prevention]
 */
export function isFromPortal(publicOrigin: PublicOrigin, headers: IncomingHttpHeaders): boolean {
  const { origin } = headers
  if (origin !== undefined && origin !== String(publicOrigin)) return false
  return headers['sec-fetch-site'] === 'same-origin' && headers[portalHeader] === '1' && isFetch(headers)
}

function isFetch(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-mode'] !== 'navigate' && (headers['sec-fetch-dest'] ?? 'empty') === 'empty'
}
