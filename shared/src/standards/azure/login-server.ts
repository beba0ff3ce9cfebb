declare const brand: unique symbol

/** A registry's host, with its port if there is one, in lower case: `contoso.azurecr.io`, `localhost:5443`. */
export type LoginServer = string & { readonly [brand]: 'LoginServer' }

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const namePattern = new RegExp(`^${label}(?:\\.${label})*$`)
const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
const ipv4Pattern = new RegExp(`^${octet}(?:\\.${octet}){3}$`)
const splitPattern = /^([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::([1-9][0-9]{0,4}))?$/

/**
 * Parses a `Host` header: a DNS name, an IPv4 address or an IPv6 address in brackets, and an optional port. An IPv6
 * address is returned in its canonical form. [RFC 9110 §7.2; RFC 1123 §2.1; RFC 5952]
 *
 * The port is kept, including the default port of the scheme: clients compare login servers as text.
 */
export function parseLoginServer(hostHeader: string): LoginServer | undefined {
  // Some letters outside ASCII have a lower case in ASCII.
  if (!/^[\x21-\x7e]{1,260}$/.test(hostHeader)) return undefined
  const text = hostHeader.toLowerCase().replace(/^\[[0-9a-f:.]{2,45}\]/, canonicalIpv6)
  return isLoginServer(text) ? text : undefined
}

function isLoginServer(text: string): text is LoginServer {
  const match = splitPattern.exec(text)
  if (match === null) return false
  const [, host = '', port = '1'] = match
  return Number(port) <= 65_535 && (host.startsWith('[') || isNameOrIpv4(host))
}

/** A name that ends in digits must be an address, because resolvers disagree about others. [WHATWG URL §3.5] */
function isNameOrIpv4(host: string): boolean {
  return namePattern.test(host) && (!/(?:^|\.)[0-9]+$/.test(host) || ipv4Pattern.test(host))
}

/** Returns an empty text, which no pattern matches, for an invalid address. */
function canonicalIpv6(host: string): string {
  return URL.parse(`http://${host}/`)?.hostname ?? ''
}

/**
 * Removes the default port of the scheme from a host or a host suffix. Most clients omit that port, and login servers,
 * realms and audiences are compared as text. [RFC 3986 §6.2.3]
 *
 * A name without a dot keeps its port, because clients recognise it as a host only by the port. [distribution reference, splitDockerDomain]
 */
export function withoutDefaultPort<Host extends string>(host: Host, defaultPort: number): Host {
  const end = `:${defaultPort}`
  if (!host.endsWith(end)) return host
  const bare = host.slice(0, -end.length)
  return bare === 'localhost' || /[.\]]/.test(bare) ? (bare as Host) : host
}

/** The error message for a request to a host without a registry. It names the host if the host is well-formed. */
export function noRegistryAt(host = ''): string {
  return /^[\w.:[\]-]{1,255}$/.test(host)
    ? `no registry is served at the host ${host}`
    : 'no registry is served at this host'
}
