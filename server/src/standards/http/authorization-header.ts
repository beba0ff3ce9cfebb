/** What an `Authorization` header holds. */
export type Authorization =
  | { readonly scheme: 'basic'; readonly username: string; readonly password: string }
  | { readonly scheme: 'bearer'; readonly token: string }
  /** No header was sent. */
  | { readonly scheme: 'none' }
  /** A header was sent that is neither, or is malformed. Never to be taken for an anonymous caller's. */
  | { readonly scheme: 'invalid' }

const invalid: Authorization = { scheme: 'invalid' }

const maxHeaderLength = 16 * 1024
const headerPattern = /^([A-Za-z]+) +([A-Za-z0-9\-._~+/]+=*) *$/
const base64Pattern = /^[A-Za-z0-9+/]+={0,2}$/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const controlPattern = /\p{Cc}/u

/** Reads an `Authorization` header of the schemes Basic and Bearer, whatever their case. [RFC 7617; RFC 6750 §2.1] */
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

/** The first colon separates: a password may hold more of them, a user name none. Control characters are not allowed. */
function parseBasic(credentials: string): Authorization {
  if (!base64Pattern.test(credentials)) return invalid
  const text = decodeText(Buffer.from(credentials, 'base64'))
  const colon = text.indexOf(':')
  if (colon === -1 || controlPattern.test(text)) return invalid
  return { scheme: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** docker writes UTF-8, az ISO 8859-1, and neither says so. [RFC 7617 §2.1] */
function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return Buffer.from(bytes).toString('latin1')
  }
}
