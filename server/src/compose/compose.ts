import { randomUUID } from 'node:crypto'
import path from 'node:path'
import {
  type FirstRun,
  type FixedFirstRun,
  openClockWatch,
  Backups,
  controlHandler,
  createWritePause,
  figuresOf,
  readHostCertificates,
  readServerStatus,
  healthComponents,
  completeFirstRun,
  createFirstRun,
  updateFirstRun,
  logFailure,
} from '../operations/index.ts'
import type { FastifyInstance } from 'fastify'
import type { Audit } from '../audit/index.ts'
import type { Configuration } from '../configuration/index.ts'
import type { Acceptor } from '../platform/http/acceptor.ts'
import type { AcmeCertificates } from '../platform/acme/acme-certificates.ts'
import type { Interceptor } from '../platform/http/interceptor.ts'
import type { NamedCertificates } from '../platform/http/named-certificates.ts'
import { type PublicOrigin, RequestedOrigin, followRequests } from '../platform/http/requested-origin.ts'
import type { RouteDescription } from '../platform/http/surface.ts'
import type { Processes } from '../platform/jobs/processes.ts'
import type { Log } from '../platform/log/log.ts'
import type { Figure } from '../platform/metrics/figure.ts'
import { createHealth } from '../platform/metrics/health.ts'
import { openOutbound } from '../platform/outbound/open-outbound.ts'
import type { Outbound } from '../platform/outbound/outbound.ts'
import { withoutCaller } from '../platform/process/authorized-work.ts'
import { type Clock, machineClockOf, systemClock } from '../platform/process/clock.ts'
import { openControlChannel } from '../platform/process/control-channel.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import type { Database } from '../platform/sql/database.ts'
import { createWriterWatch } from '../platform/sql/writer-watch.ts'
import type { CertificateSource } from '../platform/tls/certificate-source.ts'
import type { KeyPair } from '../platform/tls/key-pair.ts'
import { publicOriginOf, publicSchemeOf } from './hosts/listened-hosts.ts'
import { coverHosts, moveRegistries, requireLoginServer, servedHosts } from './hosts/login-servers.ts'
import { type Jobs, listJobs, prepareCollection } from './jobs/jobs.ts'
import type { Delays } from './modules/basis.ts'
import { type Modules, createModules } from './modules/modules.ts'
import { openApiDocument } from '../openapi/index.ts'
import { markPostgres, openAcme, requireOwnRows } from '../installation/index.ts'
import { type State, openState } from './state/state.ts'
import { createSurfaces } from './surfaces/surfaces.ts'
import { type ThreadedListener, listenOnThreads, shareCallers } from './workers/workers.ts'

/** The result of a first start, and the file in which it is stored. */
export type StoredFirstRun = { readonly content: FirstRun; readonly file: string }

/** A server whose modules are created, and that does not listen yet. */
export type Composition = {
  readonly app: FastifyInstance
  /** Scheme, host and port at which clients reach the server. */
  readonly publicOrigin: string
  /** Undefined over plain HTTP. */
  readonly certificates: CertificateSource | undefined
  /** The certificates that are chosen by name. */
  readonly named: NamedCertificates | undefined
  /** Undefined without an ACME provider. */
  readonly acme: AcmeCertificates | undefined
  /** Undefined if the data directory was not new. */
  readonly firstRun: StoredFirstRun | undefined
  /** The tables of all surfaces. */
  readonly routes: readonly RouteDescription[]
  /** The metrics of all modules. */
  readonly figures: readonly Figure[]
  /**
   * Accepts connections in several threads; undefined if only the main thread accepts connections.
   *
   * @throws the operating system's error if an address is in use or not available
   */
  readonly listenOnThreads: (tls: KeyPair | undefined) => Promise<ThreadedListener | undefined>
  /** The jobs of a running server. None has been started. */
  readonly jobs: Jobs
  /** Clears the cached rights and credentials of all threads. Cached data is wrong after the clock is set back. */
  readonly decideAgain: () => Promise<void>
  /** The processes that share the database. */
  readonly processes: Processes
  /** Whether changes are paused, because the data is moved. */
  readonly isPaused: () => boolean
  /** Makes `/readyz` report that the server accepts no further requests. */
  readonly drain: () => void
  readonly close: () => Promise<void>
}

/** Options of one start, which are not settings. */
export type StartOptions = {
  /** Whether to replace the server's own certificate authority. */
  readonly renewCa?: boolean
  /** The version of the program, for owners. */
  readonly version?: string
  /** Whether the data directory may be a copy of a prepared directory, whose keys and secrets are public. */
  readonly acceptsPrepared?: boolean
  /** The ids and secrets of a first start. Default: random values. */
  readonly fixed?: FixedFirstRun
  /** Accepts the connections at the addresses of the configuration. Default: the server itself. */
  readonly acceptor?: Acceptor
  /** Called with the modules of the server before it accepts connections. */
  readonly onComposed?: (parts: ComposedParts) => void
  /** A steered clock. Default: the machine's. */
  readonly clock?: Clock
  /** The additions of an emulator. */
  readonly hooks?: EmulatorHooks
}

/**
 * The additions of an emulator to a server. The server must not have workers, because workers answer requests without
 * the interceptor.
 */
export type EmulatorHooks = {
  /** Receives every public request before the surfaces. */
  readonly interceptor?: Interceptor
  /** Certificates for the names that clients request. */
  readonly named?: NamedCertificates
  /** Whether addresses follow the host of each request. */
  readonly followsRequests?: boolean
  /** Called with the host of each request that addresses follow. */
  readonly onRequestedHost?: (host: string) => void
  /** Wraps the audit log, so that the emulator sees every event. */
  readonly wrapAudit?: (audit: Audit) => Audit
  /** Wraps the connections to external issuers, so that the emulator answers for the emulator's own issuers. */
  readonly wrapOutbound?: (outbound: Outbound) => Outbound
  /** The delays of Azure. */
  readonly delays?: Delays | undefined
}

/** The parts of a composed server that the emulator uses. */
export type ComposedParts = {
  readonly modules: Modules
  readonly database: Database
  /** Awaited after registries were created without the management API. */
  readonly onRegistriesChanged: () => Promise<void>
}

/** Opens the data directory and wires the modules. @throws StartupError for every failure that the operator can fix */
export async function compose(
  configuration: Configuration,
  log: Log,
  clock: Clock = systemClock,
  options: StartOptions = {},
): Promise<Composition> {
  const { renewCa = false, version = 'unknown', acceptsPrepared = false, hooks = {} } = options
  if (renewCa && (configuration.http || configuration.tlsCert !== undefined)) {
    throw new StartupError('--renew-ca: this server has no certificate authority', exitCodes.configuration, 'omit it')
  }
  const state = await openState(configuration, { clock, log, renewCa, version, acceptsPrepared })
  const { database, certificates } = state
  const publicOrigin = originOf(configuration, hooks)
  const startedAtMs = machineClockOf(clock).now()
  const acme = await openAcme(configuration.tls.acme, { ...state, clock: machineClockOf(clock), log })
  const connections = await openOutbound(configuration.outbound)
  const outbound = hooks.wrapOutbound?.(connections) ?? connections
  const callers = shareCallers(configuration)
  const backups = new Backups({ configuration, version, clock, log })
  const basis = { ...state, ...hooks, space: state.contentSpace, clock, log, outbound, publicOrigin }
  let openApi: ReturnType<typeof openApiDocument> | undefined
  // The change is already stored. If the certificate source cannot write a certificate now, it tries again later.
  const onRegistriesChanged = () =>
    withoutCaller(() => coverHosts(certificates, modules.resources, configuration)).catch((error: unknown) =>
      log.error({ err: error, id: randomUUID() }, 'the certificate does not cover the hosts of all registries'),
    )
  const modules: Modules = await createModules({ ...basis, callers: callers?.ofMainThread }, configuration, {
    onRegistriesChanged,
    openApi: () => (openApi ??= openApiDocument(routes)),
    serverStatus: () =>
      readServerStatus({ ...state, version, startedAtMs, health, space: state.contentSpace, ...modules }),
    hostCertificates: async () =>
      readHostCertificates({ certificates, acme, hosts: await servedHosts(modules.resources, configuration) }),
    backups,
    startCollection: () => modules.registry.collections.start(prepareCollection(modules)),
  })
  const firstRun = await prepareRegistries(configuration, { ...options, state, modules, log })
  const writeAll = () => writePending(modules, jobs, log)
  const control = await openControl({ state, modules, configuration, writeAll, log })

  let draining = false
  const watches = await openWatches({ database, clock: machineClockOf(clock), log })
  const sources = { ...state, ...modules, acme, auditLag: modules.auditing.lag, ...watches, clock }
  const components = healthComponents({ ...sources, isDraining: () => draining })
  const health = createHealth({ components, clock: machineClockOf(clock), log })
  const interceptor = interceptorOf(configuration, hooks)
  const { app, routes } = createSurfaces(configuration, { log, modules, health, certificates, interceptor })
  options.onComposed?.({ modules, database, onRegistriesChanged })
  const jobs = listJobs(configuration, { modules, state, acme, ...watches, clock, log })
  return {
    app,
    publicOrigin: publicOriginOf(configuration),
    named: acme ?? hooks.named,
    certificates,
    acme,
    firstRun,
    routes,
    figures: figuresOf({ ...sources, events: modules.auditing.events }),
    listenOnThreads: (tls) => listenOnThreads(configuration, { app, modules, state, tls, acme, clock, log, callers }),
    jobs,
    decideAgain: () => database.transaction(async (transaction) => transaction.changesAuthority()),
    processes: state.processes,
    isPaused: state.writes.isPaused,
    drain: () => {
      draining = true
      void modules.registry.scrubs.stop()
      void modules.registry.collections.stop()
      health.refresh()
      modules.auditing.delivery.stop()
      acme?.stop()
    },
    close: async () => {
      await control.close()
      await backups.close()
      await app.close()
      await closeModules(state, modules, () => writeLast(modules, jobs, log))
    },
  }
}

/** Closes the resources of the surfaces, and finally the database and the data directory. */
async function closeModules(state: State, modules: Modules, writeAll: () => Promise<void>): Promise<void> {
  await state.certificates?.close()
  await modules.imports.close()
  await modules.registry.close()
  await (state.writes.isPaused() ? writeDenials(modules) : writeAll())
  await state.processes.close()
  await state.database.close()
  state.objects?.close()
  state.dataDir.close()
}

/** The origin in addresses, tokens and audiences. */
function originOf(configuration: Configuration, hooks: EmulatorHooks): PublicOrigin {
  if (hooks.followsRequests !== true) return publicOriginOf(configuration)
  return new RequestedOrigin(publicSchemeOf(configuration), configuration.publicHost)
}

function interceptorOf(configuration: Configuration, hooks: EmulatorHooks): Interceptor | undefined {
  const { interceptor, followsRequests, onRequestedHost } = hooks
  if (followsRequests !== true) return interceptor
  const follow = followRequests(publicSchemeOf(configuration) === 'https' ? 443 : 80, onRequestedHost)
  return (next) => follow(interceptor?.(next) ?? next)
}

/** The jobs that watch the database while the server runs. */
async function openWatches(options: { readonly database: Database; readonly clock: Clock; readonly log: Log }) {
  return { writerWatch: createWriterWatch(options), clockWatch: await openClockWatch(options) }
}

type RegistryStart = Pick<StartOptions, 'fixed' | 'acceptsPrepared'> & {
  readonly state: State
  readonly modules: Modules
  readonly log: Log
}

/**
 * Creates the first registry in a new data directory, or applies a changed public host to the existing registries. Then
 * resumes the unfinished work of the last run.
 */
async function prepareRegistries(
  configuration: Configuration,
  { state, modules, log, fixed, acceptsPrepared }: RegistryStart,
): Promise<StoredFirstRun | undefined> {
  const { database, certificates } = state
  const { audit, resources, credentials, directory, access, imports, registry } = modules
  const file = path.join(state.dataDir.path, 'first-run.json')
  const place = {
    database,
    resources,
    loginServer: requireLoginServer(configuration.publicHost),
    resourceManager: publicOriginOf(configuration),
    caFile: certificates?.caFile ?? null,
    file,
  }
  const prepared = acceptsPrepared === true ? await completeFirstRun(place) : undefined
  const content =
    prepared ??
    (await createFirstRun({
      ...place,
      audit,
      credentials,
      directory,
      access,
      registryName: configuration.registry,
      mustChangePassword: !configuration.dev,
      fixed,
      onCreate: async () => {
        if (database.kind === 'postgres') await markPostgres(state.dataDir.path, state.installationId)
      },
    }))
  // Another server on the same database may have created the registry in the meantime.
  if (content === undefined) await requireOwnRows(state.dataDir.path, database, { ...state, clock: systemClock })
  if (content === undefined) {
    await moveRegistries({ database, resources, audit, log }, configuration.publicHost)
    await updateFirstRun(place)
  }
  await coverHosts(certificates, resources, configuration)
  await imports.endOrphaned()
  registry.resumeDeletions()
  return content && { content, file }
}

type ControlParts = {
  readonly state: State
  readonly modules: Modules
  readonly configuration: Configuration
  /** Writes pending data in memory to the database. */
  readonly writeAll: () => Promise<void>
  readonly log: Log
}

/** Listens for the commands of the operator. */
async function openControl(parts: ControlParts): Promise<{ close: () => Promise<void> }> {
  const { state, modules, writeAll, log } = parts
  const { listen, http, tlsCert } = parts.configuration
  const pause = createWritePause({ writes: state.writes, beforePause: writeAll, log })
  const others = controlHandler({ ...modules, database: state.database, address: { listen, http, tlsCert } }, log)
  const control = await openControlChannel(
    state.dataDir.path,
    async (command) => (await pause.handle(command)) ?? others(command),
  )
  return {
    close: async () => {
      pause.close()
      await control?.close()
    },
  }
}

/** Writes the counts of denials, whose events wait in a file. The next start adds the events to the chain. */
async function writeDenials({ auditing }: Modules): Promise<void> {
  await auditing.recorder.writeFolded(true)
}

/** Writes the pending data of a closing server. */
async function writeLast(modules: Modules, jobs: Jobs, log: Log): Promise<void> {
  await writePending(modules, jobs, log)
  const chain = jobs['extend-audit-chain']
  await modules.auditing.chain.close().catch((error: unknown) => logFailure(chain, error, log))
}

/** Writes pending data in memory to the database. Events that are not in the hash chain are added at the next start. */
async function writePending({ auditing }: Modules, jobs: Jobs, log: Log): Promise<void> {
  try {
    await auditing.recorder.writeFolded(true)
    await auditing.chain.extend()
    await auditing.credentialUses.flush(true)
  } catch (error) {
    logFailure(jobs['extend-audit-chain'], error, log)
  }
  const counters = jobs['flush-counters']
  await counters.run().catch((error: unknown) => logFailure(counters, error, log))
}
