/**
 * The policy of the portal's pages. Pages load content only from this server, and browsers never run text as a script. The hash of the
 * empty string permits the empty `<style>` elements that the component library fills with `insertRule`. [CSP 3 §6; Trusted Types §4]
 */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'none'",
  "style-src-elem 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "form-action 'self'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const isolation = {
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** The headers of an HTML page of the portal. */
export const pageHeaders = {
  ...isolation,
  'content-security-policy': pagePolicy,
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex',
  'cache-control': 'no-store',
} as const

/** The headers of a file that the portal's pages load. */
export const fileHeaders = { ...isolation, 'x-frame-options': 'DENY' } as const

/**
 * The headers of data. Data can contain content that users have pushed, such as a blob with an HTML document. If a browser displayed such a
 * document, the document would have no script and no origin.
 */
export const dataHeaders = {
  ...isolation,
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cache-control': 'no-store',
  'x-frame-options': 'DENY',
} as const
