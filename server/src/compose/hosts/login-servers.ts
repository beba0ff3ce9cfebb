import { randomUUID } from 'node:crypto'
import { isIP } from 'node:net'
import type { Audit } from '../../audit/index.ts'
import { listenedHosts, machineHosts } from './listened-hosts.ts'
import type { Configuration } from '../../configuration/index.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import type { Log } from '../../platform/log/log.ts'
import type { CertificateSource } from '../../platform/tls/certificate-source.ts'
import { parseCertificateHost } from '../../platform/tls/certificate-hosts.ts'
import type { Database } from '../../platform/sql/database.ts'
import { type MovedRegistry, NameTakenError, type Registry, type Resources } from '../../resources/index.ts'
import { type LoginServer, parseLoginServer } from '@acrux/shared/standards/azure/login-server.ts'

/** Every registry of the server. */
export async function listRegistries(resources: Resources): Promise<Registry[]> {
  const subscriptions = await resources.listSubscriptions()
  const lists = subscriptions.map(({ subscriptionId }) => resources.listRegistries(subscriptionId))
  return (await Promise.all(lists)).flat()
}

/**
 * The hosts in the settings, which the certificate must cover, and the addresses of the machine, which the certificate
 * may omit.
 */
export function configuredHosts(configuration: Configuration): { hosts: string[]; hostsWherePermitted: string[] } {
  const { publicHost, suffix } = configuration
  const machine = new Set(machineHosts(configuration))
  const named = listenedHosts(configuration).filter((host) => !machine.has(host))
  return {
    hosts: ['localhost', '127.0.0.1', '::1', publicHost, `*${suffix}`, ...named],
    hostsWherePermitted: [...machine],
  }
}

/** Ensures that the certificate covers all hosts of the server and of its registries. @throws CertificateError */
export async function coverHosts(
  certificates: CertificateSource | undefined,
  resources: Resources,
  configuration: Configuration,
): Promise<void> {
  if (certificates === undefined) return
  const { hosts, hostsWherePermitted } = configuredHosts(configuration)
  const registries = await listRegistries(resources)
  await certificates.ensureHosts([...hosts, ...registries.map(({ loginServer }) => loginServer)], hostsWherePermitted)
}

/** The public host and the login servers of the registries, without ports. */
export async function servedHosts(
  resources: Resources,
  { publicHost }: Pick<Configuration, 'publicHost'>,
): Promise<string[]> {
  const registries = await listRegistries(resources)
  const hosts = [publicHost, ...registries.map(({ loginServer }) => loginServer)]
  return [...new Set(hosts.flatMap((host) => parseCertificateHost(host) ?? []))]
}

/** The hosts for which an ACME provider can issue a certificate: the public names of the server and its registries. */
export async function acmeHosts(
  resources: Resources,
  { publicHost }: Pick<Configuration, 'publicHost'>,
): Promise<string[]> {
  return (await servedHosts(resources, { publicHost })).filter(isPublicName)
}

function isPublicName(host: string): boolean {
  return isIP(host) === 0 && host.includes('.') && !host.endsWith('.localhost')
}

/** The public host as a login server. @throws StartupError if the public host is not a host name */
export function requireLoginServer(publicHost: string): LoginServer {
  const loginServer = parseLoginServer(publicHost)
  if (loginServer !== undefined) return loginServer
  throw new StartupError(`${publicHost} is not a login server`, exitCodes.configuration, advice)
}

const advice = 'set --public-host to a host name'

/**
 * Updates the login servers of the registries if the settings have changed since the last start.
 *
 * @throws StartupError if two registries would have the same host
 */
export async function moveRegistries(
  server: { readonly database: Database; readonly resources: Resources; readonly audit: Audit; readonly log: Log },
  publicHost: string,
): Promise<void> {
  for (const { before, loginServer } of await move(server, requireLoginServer(publicHost))) {
    const fields = { id: randomUUID(), registry: before.name, before: before.loginServer, loginServer }
    server.log.warn(fields, 'the settings changed the login server of a registry')
  }
}

async function move(
  { database, resources, audit }: { readonly database: Database; readonly resources: Resources; readonly audit: Audit },
  publicHost: LoginServer,
): Promise<readonly MovedRegistry[]> {
  try {
    return await database.transaction(async (transaction) => {
      const moved = await resources.moveRegistries(transaction, publicHost)
      for (const { before, loginServer } of moved) {
        await audit.record(transaction, {
          action: 'registry.move',
          outcome: 'success',
          actor: { kind: 'system', id: 'acrux' },
          target: before.id,
          detail: { from: before.loginServer, to: loginServer },
          origin: { correlationId: randomUUID(), remoteAddress: '', userAgent: undefined },
        })
      }
      return moved
    })
  } catch (error) {
    if (!(error instanceof NameTakenError)) throw error
    throw new StartupError(error.message, exitCodes.configuration, advice, { cause: error })
  }
}
