import { createWriteStream, mkdirSync, renameSync, rmSync } from 'node:fs'
import { hostname, networkInterfaces, tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ReadyDocument } from '@acrux/shared/wire/ready-document.ts'
import { type Configuration, formatListenAddress, loadConfiguration } from '../configuration/index.ts'
import {
  type AfterClockMove,
  type ControlListener,
  type EmulatorAuthority,
  type ControlContext,
  EmulatorState,
  type Observer,
  RequestedNames,
  SteeredClock,
  controlRoutes,
  createClockControl,
  createObserver,
  createWorkloadIssuer,
  extractTar,
  findPreparedArchive,
  fixedIdentity,
  listenForControl,
  openAuthority,
  openRunFolder,
  registryName,
  removeAbandonedFolders,
  tarOf,
  writeMark,
} from '../emulator/index.ts'
import { preparedFileIn } from '../platform/files/data-dir.ts'
import { Acceptor, type ListenAddress } from '../platform/http/acceptor.ts'
import { createLog } from '../platform/log/log.ts'
import { parseCertificateHost } from '../platform/tls/certificate-hosts.ts'
import { listenFailure } from '../platform/process/listen-failure.ts'
import { type ComposedParts, type EmulatorHooks, type StartOptions, compose } from './compose.ts'
import { type EmulatorFlags, type EmulatorSettings, readEmulatorSettings } from './emulator-options.ts'
import { seedsOf } from './emulator-seeds.ts'

export type { EmulatorFlags } from './emulator-options.ts'

/** The parts of a server that the emulator uses. */
export type StartedServer = {
  readonly publicOrigin: string
  readonly afterClockMove: AfterClockMove
  readonly stop: () => Promise<void>
}

/** How `main.ts` starts a server. */
export type StartServer = (configuration: Configuration, options: StartOptions) => Promise<StartedServer>

/** An emulator that accepts requests. */
export type RunningEmulator = {
  readonly ready: ReadyDocument
  /** The information for the user, with one sentence per item. */
  readonly warnings: readonly string[]
  /** Stops the server, and removes all files. */
  readonly stop: () => Promise<void>
}

/** The options of the process that runs an emulator. */
export type EmulatorProcess = {
  readonly version: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly logLevel: Configuration['logLevel']
}

/** Starts an emulator. @throws StartupError for every failure that the user can fix */
export async function emulate(
  flags: EmulatorFlags,
  host: EmulatorProcess,
  startServer: StartServer,
): Promise<RunningEmulator> {
  const settings = await readEmulatorSettings(flags, host.env)
  const parent = tmpdir()
  await removeAbandonedFolders(parent)
  const folder = await openRunFolder(parent)
  const closing: (() => Promise<void>)[] = []
  const stop = async () => {
    try {
      for (const close of closing.toReversed()) await close()
    } finally {
      folder.remove()
    }
  }
  try {
    const acceptor = await Acceptor.open([settings.listen], { isTls: !settings.http }).catch(
      explain(settings.listen, '--listen'),
    )
    closing.push(() => acceptor.close())
    const configuration = await configurationOf(settings, { acceptor, folder: folder.path, host })
    const authority = await authorityOf(settings, { configuration, folder: folder.path, host })
    const steered = new SteeredClock(settings.startsAtMs)
    const workloads = createWorkloadIssuer(steered.clock)
    const observer = createObserver(steered.clock, settings.realism === 'azure')
    let requestedHost: string | undefined
    const onRequestedHost = (host: string) => void (requestedHost = host)
    const following = requestHooks(settings, authority)
    const hooks = { wrapOutbound: workloads.publish, onRequestedHost, ...observer.hooks, ...following }
    const { state, afterClockMove, parts } = await openState({
      configuration,
      authority,
      acceptor,
      folder: folder.path,
      host,
      steered,
      startServer,
      hooks,
      observer,
    })
    closing.push(() => state.close())
    const clockControl = createClockControl(steered, afterClockMove)
    const seeds = seedsOf({ control: settings.control, clock: steered.clock, clockControl, parts })
    await seeds.applyFiles(settings.seedFiles)
    if (settings.seedFiles.length > 0) await state.rebase()
    const caPem = authority?.caPem
    const context = {
      state,
      observer,
      caPem,
      workloads,
      clock: clockControl,
      seeds,
      requestedHost: () => requestedHost,
    }
    const control = await openControl(settings, context, configuration)
    closing.push(() => control.close())
    folder.writeControlUrl(`http://${formatListenAddress(control.address)}`)
    return {
      ready: readyDocument({ configuration, settings, authority, control }),
      warnings: settings.isOnNetwork ? [networkWarning] : [],
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const networkWarning =
  'other machines can reach this emulator, and the ids and secrets of the emulator are public: use the emulator only in a private network'

/** Writes the tar archive of a prepared data directory, for the build. `folder` is temporary. */
export async function writePreparedArchive(file: string, folder: string, version: string): Promise<void> {
  const dataDir = path.join(folder, 'prepared')
  await prepareDataDir(dataDir, version)
  await pipeline(tarOf(dataDir), createWriteStream(file))
}

type Run = {
  readonly configuration: Configuration
  readonly acceptor: Acceptor
  readonly folder: string
  readonly host: EmulatorProcess
}

type OpenedState = {
  readonly state: EmulatorState
  readonly afterClockMove: AfterClockMove
  /** The modules of the present server. */
  readonly parts: () => ComposedParts
}

async function openState({
  configuration,
  acceptor,
  folder,
  host: { version },
  authority,
  steered,
  startServer,
  hooks,
  observer,
}: Run & {
  readonly observer: Observer
  readonly authority: EmulatorAuthority | undefined
  readonly steered: SteeredClock
  readonly startServer: StartServer
  readonly hooks: EmulatorHooks
}): Promise<OpenedState> {
  let running: StartedServer | undefined
  let composed: ComposedParts | undefined
  const state = new EmulatorState({
    folder,
    version,
    kept: [{ name: 'clock', save: () => steered.save(), restore: (saved) => steered.restore(saved) }, ...observer.kept],
    install: async (dataDir) => authority?.install(dataDir),
    server: {
      start: async () => {
        running = await startServer(configuration, {
          version,
          acceptsPrepared: true,
          acceptor,
          clock: steered.clock,
          hooks,
          onComposed: (parts) => {
            composed = parts
            const { modules, database } = parts
            const decideAgain = () => database.transaction(async (transaction) => transaction.changesAuthority())
            observer.attach({ directory: modules.directory, decideAgain })
          },
        })
      },
      stop: async (isGraceful) => {
        if (!isGraceful) acceptor.disconnect()
        await running?.stop()
        running = undefined
      },
    },
  })
  const archive = findPreparedArchive()
  if (archive === undefined) await prepareDataDir(state.baseDir, version)
  else {
    mkdirSync(state.baseDir, { mode: 0o700 })
    await extractTar(oneChunk(archive), state.baseDir, { maxBytes: Infinity, maxEntries: Infinity })
  }
  await state.start()
  const parts = () => {
    if (composed === undefined) throw new Error('the server is not running yet')
    return composed
  }
  return { state, afterClockMove: async (move) => running?.afterClockMove(move), parts }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Creates a data directory with the fixed ids and secrets, which a start completes. */
async function prepareDataDir(dataDir: string, version: string): Promise<void> {
  const flags = { ...commonSettings, dataDir, listen: '127.0.0.1:1', http: true }
  const configuration = await loadConfiguration({ flags })
  const composition = await compose(configuration, createLog('warn'), undefined, { version, fixed: fixedIdentity })
  await composition.close()
  renameSync(path.join(dataDir, 'first-run.json'), preparedFileIn(dataDir))
  for (const name of ['lock', 'hold', 'tls']) rmSync(path.join(dataDir, name), { recursive: true, force: true })
  writeMark(dataDir, { version })
}

/** Programs sign users in with a password only, as tests do. */
const commonSettings = {
  registry: registryName,
  compatibility: 'acr',
  dev: true,
  shutdownSeconds: 1,
  identityPasswordGrant: true,
  // A reserve keeps a server manageable on a full disk. An emulator needs no reserve, so that no ballast is written at
  // each start and reset.
  limitsFreeSpaceReserveBytes: 0,
}

function configurationOf(
  { http, publicHost }: EmulatorSettings,
  { acceptor, folder, host: { logLevel } }: Omit<Run, 'configuration'>,
): Promise<Configuration> {
  const port = acceptor.addresses[0]?.port ?? 0
  const flags = {
    ...commonSettings,
    dataDir: path.join(folder, 'data'),
    // The acceptor listens, and may use another address.
    listen: `127.0.0.1:${port}`,
    ...(publicHost !== undefined && publicHost !== fromRequest && { publicHost: withPort(publicHost, port) }),
    http,
    logLevel,
  }
  return loadConfiguration({ flags })
}

/** The value of `--public-host` in a container, whose external port is unknown. */
const fromRequest = 'from-request'

/** Makes the addresses of the server follow the host of the requests. */
function requestHooks(
  { publicHost }: EmulatorSettings,
  authority: EmulatorAuthority | undefined,
): Pick<EmulatorHooks, 'followsRequests' | 'named'> {
  if (publicHost !== fromRequest) return {}
  return { followsRequests: true, ...(authority && { named: new RequestedNames(authority.issue) }) }
}

/** The names and addresses of this machine, such as of a container in its network. */
function machineHosts(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
  const names = [hostname(), ...addresses.filter(({ family }) => family === 'IPv4').map(({ address }) => address)]
  return names.filter((name) => parseCertificateHost(name) !== undefined)
}

/** Clients reach a host without a port at the port of the emulator. */
function withPort(host: string, port: number): string {
  return /:\d+$/.test(host) ? host : `${host}:${port}`
}

async function authorityOf(
  { http, ca, publicHost }: EmulatorSettings,
  { configuration, folder, host: { env } }: Omit<Run, 'acceptor'>,
): Promise<EmulatorAuthority | undefined> {
  if (http) return undefined
  const runDirectory = path.join(folder, 'authority')
  mkdirSync(runDirectory, { mode: 0o700 })
  // Real time is used because clients verify certificates with their own clocks.
  const anyHost = publicHost === fromRequest
  const hosts = [configuration.publicHost, ...(anyHost && ca === undefined ? machineHosts() : [])]
  return openAuthority({ hosts, anyHost, runDirectory, given: ca, env, nowMs: Date.now() })
}

async function openControl(
  { control, controlToken: token }: EmulatorSettings,
  context: ControlContext,
  { logLevel }: Configuration,
): Promise<ControlListener> {
  const log = createLog(logLevel)
  const options = { address: control, token, routes: controlRoutes, context, log }
  return listenForControl(options).catch(explain(control, '--control'))
}

function explain(address: ListenAddress, option: string) {
  return (error: unknown): never => {
    throw listenFailure(error, formatListenAddress(address), option) ?? error
  }
}

function readyDocument({
  configuration: { publicHost, http },
  settings: { controlToken },
  authority,
  control,
}: {
  readonly configuration: Configuration
  readonly settings: EmulatorSettings
  readonly authority: EmulatorAuthority | undefined
  readonly control: ControlListener
}): ReadyDocument {
  const { tenantId, subscriptionId, servicePrincipal } = fixedIdentity
  const { appId, secret } = servicePrincipal
  return {
    url: `${http ? 'http' : 'https'}://${publicHost}`,
    control: `http://${formatListenAddress(control.address)}`,
    controlToken,
    pid: process.pid,
    resourceGroup: 'default',
    tenantId,
    subscriptionId,
    registry: registryName,
    loginServer: publicHost,
    caFile: authority?.caFile ?? null,
    caBundleFile: authority?.caBundleFile ?? null,
    trustStoreFile: authority?.trustStoreFile ?? null,
    owner: { appId, secret },
  }
}
