const longestUri = 256

/** Printable characters of ASCII, but none that a browser reads in a second way, and no wildcard. */
const uriPattern = /^https?:\/\/[!$%&'()+,\-./0-9:;=?A-Z[\]_a-z~]+$/
const loopbackPattern = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::([1-9]\d{0,4}))?(\/[^\s]*)?$/

/**
 * Whether browsers may be sent to a URI with a code: `https`, or `http` on loopback; no fragment, wildcard, user name or
 * spelling that a browser would change. [RFC 6749 §3.1.2; RFC 9700 §2.1, §4.1; RFC 8252 §7.3]
 */
export function isRedirectUri(text: string): boolean {
  if (text.length > longestUri || !uriPattern.test(text)) return false
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '') return false
  if (url.protocol === 'http:' && !loopbackPattern.test(text)) return false
  // Where text and URL differ, two programs could read two hosts.
  return url.href === text || url.href === `${text}/`
}

/**
 * Whether a request may name `asked` where `registered` is registered: they are the same text, but that a registration
 * on loopback without a port stands for every port. `anyPort` is for programs on the person's machine, which cannot know
 * their port beforehand. [RFC 8252 §7.3; RFC 9700 §4.1.3]
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
