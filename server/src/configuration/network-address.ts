import { isIP } from 'node:net'
import { parseAddressRange } from '@acrux/shared/standards/http/address-range.ts'

/** The address of a listener. `host` is an address or a name, without brackets. */
export type ListenAddress = { readonly host: string; readonly port: number }

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const name = new RegExp(`^${label}(?:\\.${label})*$`)

/** `HOST:PORT` or `[IPV6]:PORT`; undefined for anything else. The port is from 1 to 65535. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  return parseAddress(text, 1)
}

/** Like `parseListenAddress`, but the port may be 0: any free port. */
export function parseListenAddressOrFreePort(text: string): ListenAddress | undefined {
  return parseAddress(text, 0)
}

function parseAddress(text: string, minPort: number): ListenAddress | undefined {
  const { host, port } = splitHost(text, minPort) ?? {}
  return host === undefined || port === undefined ? undefined : { host, port }
}

/** `HOST:PORT`, with brackets around an IPv6 address. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether only this machine can reach the address. */
export function isLoopback({ host }: ListenAddress): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/**
 * The host, with an optional port, that clients write before a repository name, in lower case. The host must contain a
 * dot or a port, or be `localhost`. Clients treat any other text as the first part of a repository name. [distribution
 * reference, splitDockerDomain]
 */
export function parsePublicHost(text: string): string | undefined {
  const { host, port } = splitHost(text) ?? {}
  if (host === undefined || !(host.includes('.') || host === 'localhost' || port !== undefined)) return undefined
  const bracketed = host.includes(':') ? `[${host}]` : host
  return port === undefined ? bracketed : `${bracketed}:${port}`
}

/** `.NAME` or `.NAME:PORT`, the part of a host after the registry name; in lower case. */
export function parseHostSuffix(text: string): string | undefined {
  if (!text.startsWith('.')) return undefined
  const { host, port } = splitHost(text.slice(1)) ?? {}
  if (host === undefined || isIP(host) !== 0) return undefined
  return port === undefined ? `.${host}` : `.${host}:${port}`
}

/** `REGISTRY=HOST`: the hosts of a registry and of its token service, without the default port of HTTPS; in lower case. */
export function parseTokenService(text: string): { registry: string; host: string } | undefined {
  const [registry, host, ...more] = text.split('=').map((part) => splitHost(part))
  if (registry === undefined || host === undefined || more.length > 0) return undefined
  return { registry: withoutDefaultPort(registry), host: withoutDefaultPort(host) }
}

/** An address, or a range `ADDRESS/BITS` that does not contain all addresses. */
export function parseSomeAddresses(text: string): string | undefined {
  const range = parseAddressRange(text)
  return range === undefined || range.bits === 0 ? undefined : text.toLowerCase()
}

/** In the form of a URL. */
function withoutDefaultPort({ host, port }: Host): string {
  return new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port ?? 443}`).host
}

type Host = { readonly host: string; readonly port: number | undefined }

function splitHost(text: string, minPort = 1): Host | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]{1,253}))(?::(\d{1,5}))?$/i.exec(text) ?? []
  const host = (bracketed ?? plain ?? '').toLowerCase()
  const port = digits === undefined ? undefined : Number(digits)
  if (port !== undefined && (port < minPort || port > 65_535)) return undefined
  if (bracketed !== undefined)
    return isIP(host) === 6 ? { host: new URL(`http://[${host}]`).hostname.slice(1, -1), port } : undefined
  // Resolvers disagree about the address of a name whose last label is a number.
  const usable = isIP(host) === 4 || (name.test(host) && !/(?:^|\.)\d+$/.test(host))
  return usable ? { host, port } : undefined
}
