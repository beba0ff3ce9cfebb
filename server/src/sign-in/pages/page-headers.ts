import type { PublicOrigin } from '../../platform/http/requested-origin.ts'
/** The additions of one page to the common policy. */
export type PagePolicy = {
  /** The target of a redirect after a form is sent. Browsers apply the policy of the page with the form to the redirect. */
  readonly redirectUri?: string | undefined
  /** The path of the script of the page. */
  readonly script?: string | undefined
}

/**
 * The headers of a page. It loads only its style sheet and its script, cannot be framed, is not cached, and sends no referrer.
 * [CSP 3 §6.4, Fetch §3.7, WHATWG HTML cross-origin opener policies]
 */
export function pageHeaders(publicOrigin: PublicOrigin, { redirectUri, script }: PagePolicy): Record<string, string> {
  const formTargets = ["'self'", ...(redirectUri === undefined ? [] : [formTarget(redirectUri)])]
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self' data:",
    ...(script === undefined ? [] : [`script-src ${publicOrigin}${script}`]),
    `form-action ${formTargets.join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': policy.join('; '),
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'x-robots-tag': 'noindex',
  }
}

/** The origin of a redirect URI, or its scheme if it has no origin. */
function formTarget(redirectUri: string): string {
  const { origin, protocol } = new URL(redirectUri)
  return origin === 'null' ? protocol : origin
}
