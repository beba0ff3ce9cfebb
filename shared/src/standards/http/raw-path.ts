const maxLength = 4096
/** A query, a fragment, a backslash or a control character. */
const forbiddenRaw = /[?#\\\p{Cc}]/u
const forbidden = /[\\\p{Cc}]/u
const dotSegment = /\/\.\.?(?:\/|$)/

/**
 * Decodes the path of a request line, percent-encoded and without its query, exactly once: Azure's SDKs send `%2F` and
 * `%3A` where other clients send `/` and `:`.
 *
 * Undefined for a path that programs could interpret differently: malformed escapes, control
 * characters, backslashes, the segments `.` and `..`, more than 4,096 characters. [RFC 3986 §2.4, §3.3]
 */
export function decodeRawPath(rawPath: string): string | undefined {
  if (rawPath.length > maxLength || !rawPath.startsWith('/') || forbiddenRaw.test(rawPath)) return undefined
  const path = rawPath.includes('%') ? decodeOnce(rawPath) : rawPath
  return path === undefined || dotSegment.test(path) ? undefined : path
}

/** The segments of {@link decodeRawPath}. */
export function splitRawPath(rawPath: string): string[] | undefined {
  return decodeRawPath(rawPath)?.slice(1).split('/')
}

function decodeOnce(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text)
    return forbidden.test(decoded) ? undefined : decoded
  } catch {
    return undefined
  }
}
