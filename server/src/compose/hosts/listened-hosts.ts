import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Configuration } from '../../configuration/index.ts'
import { formatListenAddress, isLoopback } from '../../configuration/index.ts'
import type { Registry, Resources } from '../../resources/index.ts'
import { parseLoginServer, withoutDefaultPort } from '@acrux/shared/standards/azure/login-server.ts'
import { plainAddress } from '@acrux/shared/standards/azure/network-rules.ts'

/** A machine can have any number of addresses; a certificate should not. */
const maxAddresses = 64

/** The settings that determine where clients reach the server. */
export type Reach = Pick<Configuration, 'listen' | 'publicHost' | 'hasPublicHost' | 'behindProxy' | 'http'>

/**
 * The addresses and names of the listeners, as clients write them. Empty if the first registry is not served at these
 * addresses: with a public host, and behind a proxy, where clients use other addresses. A wildcard address is replaced
 * by the addresses of the machine.
 */
export function listenedHosts(settings: Reach): string[] {
  if (!servesOwnAddresses(settings)) return []
  const hosts = settings.listen.flatMap(({ host, port }) =>
    addressesFor(host).map((address) =>
      withoutDefaultPort(formatListenAddress({ host: address, port }), defaultPortOf(settings)),
    ),
  )
  return [...new Set(hosts)].slice(0, maxAddresses)
}

/**
 * The hosts of `listenedHosts` that no setting names. These hosts are addresses of the machine, which change with the
 * network.
 */
export function machineHosts(settings: Reach): string[] {
  const named = settings.listen.filter(({ host }) => !isEveryAddress(host))
  const byName = new Set(listenedHosts({ ...settings, listen: named }))
  return listenedHosts(settings).filter((host) => !byName.has(host))
}

/** A hint for an operator who listens on the network and has set no public host; undefined for other operators. */
export function reachNotice(settings: Reach): string | undefined {
  if (settings.hasPublicHost || settings.listen.every(isLoopback)) return undefined
  const { publicHost } = settings
  const hosts = listenedHosts(settings).filter((host) => host !== publicHost)
  const elsewhere = hosts.length === 0 ? '' : `, and at ${hosts.join(', ')}`
  const renewal = settings.http
    ? ''
    : ' If the server created its own certificate, also start the server once with --renew-ca.'
  return `no public host is set, so clients reach the registry at ${publicHost}${elsewhere}. To use another host, set --public-host to the host, with the port unless the port is ${defaultPortOf(settings)}.${renewal}`
}

/**
 * Finds the first registry for a request whose `Host` is the address of the connection, or a name in `listen`. The
 * function is used for hosts without a registry. For any other `Host`, the function finds no registry.
 */
export function findAtOwnAddress(
  resources: Resources,
  settings: Reach,
): (request: IncomingMessage) => Promise<Registry | undefined> {
  if (!servesOwnAddresses(settings)) return () => Promise.resolve(undefined)
  const defaultPort = defaultPortOf(settings)
  const names = new Set(settings.listen.filter(({ host }) => isIP(host) === 0).map(formatListenAddress))
  return async ({ headers, socket }) => {
    const requested = parseLoginServer(headers.host ?? '')
    const { localAddress, localPort } = socket
    if (requested === undefined || localAddress === undefined || localPort === undefined) return undefined
    const host = /:\d+$/.test(requested) ? requested : `${requested}:${defaultPort}`
    const arrivedAt = formatListenAddress({ host: plainAddress(localAddress), port: localPort })
    if (host !== arrivedAt && !names.has(host)) return undefined
    const reachedAt = withoutDefaultPort(requested, defaultPort)
    const first = await resources.findRegistryByHost(settings.publicHost)
    return first && { ...first, reachedAt }
  }
}

function servesOwnAddresses({ hasPublicHost, behindProxy }: Reach): boolean {
  return !hasPublicHost && behindProxy.length === 0
}

/** The port that clients omit. */
function defaultPortOf(settings: Reach): number {
  return publicSchemeOf(settings) === 'http' ? 80 : 443
}

/** The scheme that clients use: a proxy in front of the server terminates TLS. */
export function publicSchemeOf({ http, behindProxy }: Pick<Reach, 'http' | 'behindProxy'>): 'http' | 'https' {
  return http && behindProxy.length === 0 ? 'http' : 'https'
}

/** Scheme, host and port at which clients reach the server. */
export function publicOriginOf(settings: Reach): string {
  return `${publicSchemeOf(settings)}://${settings.publicHost}`
}

function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function addressesFor(host: string): string[] {
  if (!isEveryAddress(host)) return [host]
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => !internal && (family === 'IPv4' || host === '::'))
    .map(({ address }) => address)
    .filter((address) => !/^fe80:/i.test(address))
}
