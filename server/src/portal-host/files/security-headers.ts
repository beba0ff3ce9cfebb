/**
 * The policy of the portal's pages: everything comes from this server, and no text becomes script. The hash is that of the
 * empty string: it permits the empty `<style>` elements that the component library fills with `insertRule`.
 * [CSP 3 §6; Trusted Types §4]
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

/** The headers of a file that pages load. */
export const fileHeaders = { ...isolation, 'x-frame-options': 'DENY' } as const

/**
 * The headers of data. They contain what others have pushed, such as an HTML document as a blob; if a browser ever showed one,
 * it would have no script and no origin.
 */
export const dataHeaders = {
  ...isolation,
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cache-control': 'no-store',
  'x-frame-options': 'DENY',
} as const
