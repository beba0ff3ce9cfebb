const maxLength = 256

/** Printable ASCII without wildcards and without characters that browsers change. */
const uriPattern = /^https?:\/\/[!$%&'()+,\-./0-9:;=?A-Z[\]_a-z~]+$/
const loopbackPattern = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::([1-9]\d{0,4}))?(\/[^\s]*)?$/

/**
 * Whether a URI can be registered as a redirect URI: `https`, or `http` on loopback, without a fragment, wildcard, user
 * name, or spelling that a browser would change. [RFC 6749 §3.1.2; RFC 9700 §2.1, §4.1; RFC 8252 §7.3]
 */
export function isRedirectUri(text: string): boolean {
  if (text.length > maxLength || !uriPattern.test(text)) return false
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '') return false
  if (url.protocol === 'http:' && !loopbackPattern.test(text)) return false
  // If text and URL differ, programs could read different hosts.
  return url.href === text || url.href === `${text}/`
}

/**
 * Whether the requested URI `asked` matches a registered one: they are equal, except that a registration on loopback
 * without a port matches every port. `anyPort` is for programs on the user's machine, which do not know their port in
 * advance. [RFC 8252 §7.3; RFC 9700 §4.1.3]
 */
export function matchesRedirectUri(registered: string, asked: string, { anyPort }: { readonly anyPort: boolean }) {
  if (!isRedirectUri(asked)) return false
  if (asked === registered) return true
  if (!anyPort) return false
  const loopback = loopbackPattern.exec(registered)
  const other = loopbackPattern.exec(asked)
  if (loopback === null || other === null || loopback[2] !== undefined) return false
  return loopback[1] === other[1] && (loopback[3] ?? '/') === (other[3] ?? '/')
}
