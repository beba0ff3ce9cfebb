/** A parsed `Authorization` header. */
export type Authorization =
  | { readonly scheme: 'basic'; readonly username: string; readonly password: string }
  | { readonly scheme: 'bearer'; readonly token: string }
  /** There is no header. */
  | { readonly scheme: 'none' }
  /** The header has another scheme or is malformed. Do not treat the caller as anonymous. */
  | { readonly scheme: 'invalid' }

const invalid: Authorization = { scheme: 'invalid' }

const maxHeaderLength = 16 * 1024
const headerPattern = /^([A-Za-z]+) +([A-Za-z0-9\-._~+/]+=*) *$/
const base64Pattern = /^[A-Za-z0-9+/]+={0,2}$/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const controlPattern = /\p{Cc}/u

/** Parses an `Authorization` header of the schemes Basic and Bearer, in any case. [RFC 7617; RFC 6750 §2.1] */
export function parseAuthorization(header: string | undefined): Authorization {
  if (header === undefined) return { scheme: 'none' }
  if (header.length > maxHeaderLength) return invalid
  const match = headerPattern.exec(header)
  const credentials = match?.[2]
  if (credentials === undefined) return invalid
  switch (match?.[1]?.toLowerCase()) {
    case 'bearer':
      return { scheme: 'bearer', token: credentials }
    case 'basic':
      return parseBasic(credentials)
    default:
      return invalid
  }
}

/** The first colon is the separator: a password can contain colons, a user name cannot. Control characters are invalid. */
function parseBasic(credentials: string): Authorization {
  if (!base64Pattern.test(credentials)) return invalid
  const text = decodeText(Buffer.from(credentials, 'base64'))
  const colon = text.indexOf(':')
  if (colon === -1 || controlPattern.test(text)) return invalid
  return { scheme: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** docker sends UTF-8, and az sends ISO 8859-1, both without a charset. [RFC 7617 §2.1] */
function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return Buffer.from(bytes).toString('latin1')
  }
}
