import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Configuration } from '../../configuration/index.ts'
import { formatListenAddress, isLoopback } from '../../configuration/index.ts'
import type { Registry, Resources } from '../../resources/index.ts'
import { parseLoginServer, withoutDefaultPort } from '../../standards/azure/login-server.ts'
import { plainAddress } from '../../standards/azure/network-rules.ts'

/** A machine can have any number of addresses; a certificate should not. */
const maxAddresses = 64

/** The settings that say where clients reach the server. */
export type Reach = Pick<Configuration, 'listen' | 'publicHost' | 'hasPublicHost' | 'behindProxy' | 'http'>

/**
 * The addresses and names that the server listens on, as clients write them, where the first registry is served at them: no
 * public host is set, and no proxy is in front, behind which clients see other addresses. Otherwise none. An address that
 * stands for every address of the machine is replaced by those.
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

/** Those of `listenedHosts` that the machine has, and no setting names: they change as it moves between networks. */
export function machineHosts(settings: Reach): string[] {
  const named = settings.listen.filter(({ host }) => !isEveryAddress(host))
  const byName = new Set(listenedHosts({ ...settings, listen: named }))
  return listenedHosts(settings).filter((host) => !byName.has(host))
}

/** What an operator is told whose clients come from elsewhere and who set no public host; undefined for everybody else. */
export function reachNotice(settings: Reach): string | undefined {
  if (settings.hasPublicHost || settings.listen.every(isLoopback)) return undefined
  const { publicHost } = settings
  const hosts = listenedHosts(settings).filter((host) => host !== publicHost)
  const elsewhere = hosts.length === 0 ? '' : `, and at ${hosts.join(', ')}`
  const renewal = settings.http ? '' : ' Where the server made its own certificate, start once with --renew-ca, too.'
  return `no public host is set, so clients reach the registry at ${publicHost}${elsewhere}. For another name, set --public-host to it, with the port unless it is ${defaultPortOf(settings)}.${renewal}`
}

/**
 * Finds the first registry for a request whose `Host` is the address at which it arrived, or a name of `listen`. Asked for
 * hosts that no registry has. A `Host` that is anything else finds nothing, whoever sent it.
 */
export function findAtOwnAddress(
  resources: Resources,
  settings: Reach,
): (request: IncomingMessage) => Promise<Registry | undefined> {
  if (!servesOwnAddresses(settings)) return () => Promise.resolve(undefined)
  const defaultPort = defaultPortOf(settings)
  const names = new Set(settings.listen.filter(({ host }) => isIP(host) === 0).map(formatListenAddress))
  return async ({ headers, socket }) => {
    const asked = parseLoginServer(headers.host ?? '')
    const { localAddress, localPort } = socket
    if (asked === undefined || localAddress === undefined || localPort === undefined) return undefined
    const host = /:\d+$/.test(asked) ? asked : `${asked}:${defaultPort}`
    const arrivedAt = formatListenAddress({ host: plainAddress(localAddress), port: localPort })
    if (host !== arrivedAt && !names.has(host)) return undefined
    const reachedAt = withoutDefaultPort(asked, defaultPort)
    const first = await resources.findRegistryByHost(settings.publicHost)
    return first && { ...first, reachedAt }
  }
}

function servesOwnAddresses({ hasPublicHost, behindProxy }: Reach): boolean {
  return !hasPublicHost && behindProxy.length === 0
}

/** The port that clients leave out. */
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
