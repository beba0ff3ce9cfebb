/** What a page needs beyond what all have. */
export type PagePolicy = {
  /** Where a redirect may lead after a form is sent: browsers hold a redirect to the policy of the page with the form. */
  readonly redirectUri?: string | undefined
  /** The path of the one script of the page. */
  readonly script?: string | undefined
}

/**
 * The headers of a page: nothing is loaded but its style, nothing may frame it, nothing is kept of it, and no other page
 * learns from where somebody came. [CSP 3 §6.4, Fetch §3.7, WHATWG HTML cross-origin opener policies]
 */
export function pageHeaders(publicOrigin: string, { redirectUri, script }: PagePolicy): Record<string, string> {
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

/** The origin of a redirect URI that was checked, or its scheme where it has no origin. */
function formTarget(redirectUri: string): string {
  const { origin, protocol } = new URL(redirectUri)
  return origin === 'null' ? protocol : origin
}
