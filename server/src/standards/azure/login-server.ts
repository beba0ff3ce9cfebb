declare const brand: unique symbol

/** A registry's host, with its port if there is one, in lower case: `contoso.azurecr.io`, `localhost:5443`. */
export type LoginServer = string & { readonly [brand]: 'LoginServer' }

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const namePattern = new RegExp(`^${label}(?:\\.${label})*$`)
const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
const ipv4Pattern = new RegExp(`^${octet}(?:\\.${octet}){3}$`)
const splitPattern = /^([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::([1-9][0-9]{0,4}))?$/

/**
 * Reads a `Host` header: a DNS name, an IPv4 address or an IPv6 address in brackets, and an optional port. An IPv6
 * address is given back in its canonical spelling. [RFC 9110 §7.2; RFC 1123 §2.1; RFC 5952]
 *
 * The port is kept as it is written, the scheme's own too: clients compare login servers as text.
 */
export function parseLoginServer(hostHeader: string): LoginServer | undefined {
  // Beyond ASCII there are letters whose lower case is an ASCII one.
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

/** A name that ends in digits is an address or nothing; resolvers disagree about the rest. [WHATWG URL §3.5] */
function isNameOrIpv4(host: string): boolean {
  return namePattern.test(host) && (!/(?:^|\.)[0-9]+$/.test(host) || ipv4Pattern.test(host))
}

/** What is no address becomes what no pattern takes. */
function canonicalIpv6(host: string): string {
  return URL.parse(`http://${host}/`)?.hostname ?? ''
}

/**
 * A host, or what follows a registry's name in one, without the port that its scheme has anyway. Most clients leave that
 * out, and login servers, realms and audiences are compared as text. [RFC 3986 §6.2.3]
 *
 * A name without a dot keeps its port, by which alone clients know it for a host. [distribution reference, splitDockerDomain]
 */
export function withoutDefaultPort<Host extends string>(host: Host, defaultPort: number): Host {
  const end = `:${defaultPort}`
  if (!host.endsWith(end)) return host
  const bare = host.slice(0, -end.length)
  return bare === 'localhost' || /[.\]]/.test(bare) ? (bare as Host) : host
}

/** The refusal of a request to a host of nobody: it names the host, as far as it could be one. */
export function noRegistryAt(host = ''): string {
  return /^[\w.:[\]-]{1,255}$/.test(host)
    ? `no registry is served at the host ${host}`
    : 'no registry is served at this host'
}
