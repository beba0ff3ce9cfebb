const maxLength = 4096
const forbidden = /[\p{Cc}\\]/u

/**
 * Decodes the path of a request line, percent-encoded and without its query, exactly once, and splits it at its slashes: Azure's SDKs send `%2F` and `%3A` where other clients send `/` and `:`.
 *
 * Undefined for a path that programs could interpret differently: malformed escapes, control
 * characters, backslashes, the segments `.` and `..`, more than 4,096 characters. [RFC 3986 §2.4, §3.3]
 */
export function splitRawPath(rawPath: string): string[] | undefined {
  if (rawPath.length > maxLength || !rawPath.startsWith('/') || /[?#]/.test(rawPath)) return undefined
  const path = decodeOnce(rawPath)
  if (path === undefined || forbidden.test(path)) return undefined
  const segments = path.slice(1).split('/')
  return segments.includes('.') || segments.includes('..') ? undefined : segments
}

function decodeOnce(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
