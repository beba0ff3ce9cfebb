import { setTimeout as sleep } from 'node:timers/promises'
import { type Composition, type StartOptions, type StoredFirstRun, compose, reachNotice } from './compose/index.ts'
import { startJobs } from './operations/index.ts'
import { type Configuration, formatListenAddress, withActualPorts } from './configuration/index.ts'
import { listenForChallenges } from './platform/acme/challenge-listener.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { listenFailure } from './platform/process/listen-failure.ts'
import { listenerFigures } from './platform/metrics/listener-figures.ts'
import { listenerLimits } from './platform/http/listener-limits.ts'
import { outageOf } from './platform/process/outage.ts'
import { systemClock } from './platform/process/clock.ts'
import type { ClockMove } from './platform/process/shared-clock.ts'
import type { ListenAddress } from './platform/http/acceptor.ts'
import { type ReservedPorts, reservePorts } from './platform/http/bind.ts'
import { type Listener, listen } from './platform/http/listener.ts'
import { type Log, createLog } from './platform/log/log.ts'
import { readSecretFile, unusableSettingFile } from './platform/files/setting-file.ts'

export {
  type AuditEventDocument,
  type AuditFile,
  type ChainFault,
  type EventFilter as AuditEventFilter,
  formatCheckpoint,
  parseCheckpoint,
} from './audit/index.ts'
export {
  type RelocationTarget,
  measureRelocation,
  openAuditLog,
  relocateDataDir,
  removeOldMasterKeys,
  resetOwnerIn,
  rotateMasterKey,
  scrubDataDir,
} from './compose/index.ts'
export { decisionDocument } from './authorization/index.ts'
export {
  type Configuration,
  ConfigurationError,
  type SettingDefinition,
  configurationReference,
  loadConfiguration,
  settingDefinitions,
} from './configuration/index.ts'
export {
  type Backup,
  type BlobProblem,
  type FirstRun,
  type MoveProgress,
  type OnProgress,
  type OwnerReset,
  OwnerResetError,
  type Relocated,
  backUp,
  openBackupFolder,
  readBackupKeys,
  requireEmpty,
  restoreTo,
  verifyBackup,
} from './operations/index.ts'
export { type Finding, type ScrubProgress, type ScrubReport } from './registry/index.ts'
export { parseMasterKeySource } from './platform/keys/master-key-source.ts'

/** A server that accepts connections. */
export type RunningServer = {
  /** The base URL of the management API and of the first registry. */
  readonly publicOrigin: string
  /** The login server of the first registry. */
  readonly loginServer: string
  /** The addresses on which the server listens, with their ports. */
  readonly listening: readonly string[]
  readonly dataDir: string
  /** The certificate authority of the server; undefined over HTTP and for a configured certificate. */
  readonly caFile: string | undefined
  /**
   * The hosts at which clients reach the server, and the setting for another host. Undefined if the operator set it.
   */
  readonly notice: string | undefined
  /** The objects that the first start created; undefined if the data directory was not new. */
  readonly firstRun: StoredFirstRun | undefined
  /** The certificate authority that `renewCa` created: its file and its SHA-256 fingerprint. */
  readonly renewedCa: { readonly file: string; readonly fingerprint: string } | undefined
  /**
   * To be called after the steered clock of the options was moved. Returns when the due jobs have run, and no thread
   * decides by what was cached at a later time.
   */
  readonly afterClockMove: (move: ClockMove) => Promise<void>
  /**
   * Reports at once that the server is not ready, and continues to accept connections for `drainSeconds`. Then stops
   * accepting them, completes running requests within `shutdownSeconds`, and closes the data directory.
   */
  readonly stop: () => Promise<void>
}

/** Starts a server. @throws StartupError for every problem that the operator can fix */
export async function startServer(given: Configuration, options: StartOptions = {}): Promise<RunningServer> {
  const log = createLog(given.logLevel)
  const { clock = systemClock } = options
  const { metricsTokenFile } = given
  const metricsToken = metricsTokenFile === undefined ? undefined : await readMetricsToken(metricsTokenFile)
  const ports = await reservePorts(given.listen).catch((error: unknown) => explainListenFailure(error, given.listen))
  const configuration = withActualPorts(given, ports.addresses)
  const composition = await compose(configuration, log, clock, options).catch(async (error: unknown) => {
    await ports.release()
    throw databaseLoss(error) ?? error
  })
  // Threads cannot share a port that is held.
  if (configuration.workers !== 1) await ports.release()
  const opened = await openListeners(composition, configuration, { metricsToken, ports, log, ...options }).catch(
    async (error: unknown) => {
      await Promise.all([ports.release(), composition.close()])
      throw withFirstRunHint(error, composition.firstRun?.file)
    },
  )
  const { listener, stopOthers } = opened
  const stopWatching = composition.certificates?.onChange((pair) => listener.replaceCertificate(pair))
  // The certificate may have been replaced since the addresses were opened.
  if (composition.certificates !== undefined) listener.replaceCertificate(composition.certificates.current())
  const jobs = startJobs(composition.jobs, { ...composition, clock, log })
  const listening = listener.addresses.map(formatListenAddress)
  log.info({ listening, publicOrigin: composition.publicOrigin, dataDir: configuration.dataDir }, 'server started')
  const notice = reachNotice(configuration)
  if (notice !== undefined) log.info(notice)
  return {
    publicOrigin: composition.publicOrigin,
    loginServer: configuration.publicHost,
    listening,
    dataDir: configuration.dataDir,
    caFile: composition.certificates?.caFile,
    notice,
    firstRun: composition.firstRun,
    renewedCa: renewedCaOf(composition),
    afterClockMove: async (move) => {
      if (move === 'back') await composition.decideAgain()
      await jobs.runDue()
    },
    stop: async () => {
      const { drainSeconds, shutdownSeconds } = configuration
      log.info({ drainSeconds, shutdownSeconds }, 'shutting down')
      composition.drain()
      listener.drain()
      await sleep(drainSeconds * 1000)
      const deadlineMs = performance.now() + shutdownSeconds * 1000
      await listener.close(shutdownSeconds * 1000)
      stopWatching?.()
      // Every job can continue at the next start.
      await Promise.race([jobs.stop(), sleep(Math.max(0, deadlineMs - performance.now()), undefined, { ref: false })])
      await stopOthers()
      await closeInTime(composition)
      log.info('server stopped')
      log.flush()
    },
  }
}

/** The longest time to write what is pending. A database that does not respond must not keep the process. */
const closeMs = 15_000

/** @throws Error if the composition is not closed in time */
async function closeInTime(composition: Composition): Promise<void> {
  const late = sleep(closeMs, 'late', { ref: false })
  if ((await Promise.race([composition.close(), late])) === 'late') {
    throw new Error(`the database and the files could not be closed within ${closeMs / 1000} seconds`)
  }
}

function renewedCaOf({ certificates }: Composition): RunningServer['renewedCa'] {
  const { caFile, renewedAuthority } = certificates ?? {}
  if (caFile === undefined || renewedAuthority === undefined) return undefined
  return { file: caFile, fingerprint: renewedAuthority }
}

/** The connection to the database was lost during the start. */
function databaseLoss(error: unknown): StartupError | undefined {
  const outage = outageOf(error)
  if (error instanceof StartupError || outage?.kind !== 'database-unavailable') return undefined
  return new StartupError(outage.message, exitCodes.databaseUnusable, 'check the log of PostgreSQL', { cause: error })
}

/** Only the first start prints the first steps. If it fails, this hint says where the passwords are. */
function withFirstRunHint(error: unknown, firstRunFile: string | undefined): unknown {
  if (firstRunFile === undefined || !(error instanceof StartupError)) return error
  const nextStep = `${error.nextStep}; the credentials of the owners that this start created are in ${firstRunFile}`
  return new StartupError(error.message, error.exitCode, nextStep, { cause: error })
}

function explainListenFailure(error: unknown, addresses: readonly ListenAddress[]): never {
  throw listenFailure(error, addresses.map(formatListenAddress).join(', ')) ?? error
}

type OpenListeners = {
  readonly listener: Pick<Listener, 'addresses' | 'replaceCertificate' | 'drain' | 'close'>
  readonly stopOthers: () => Promise<void>
}

type ListenOptions = Pick<StartOptions, 'acceptor'> & {
  readonly metricsToken: string | undefined
  readonly ports: ReservedPorts
  readonly log: Log
}

async function openListeners(
  composition: Composition,
  { listen: addresses, metricsListen, limits, tls }: Configuration,
  { metricsToken, ports, log, acceptor }: ListenOptions,
): Promise<OpenListeners> {
  const { app, certificates, acme, named, figures } = composition
  // Loaded only if metrics are served, to keep the start fast.
  const metrics = metricsListen && (await import('./platform/metrics/metrics.ts')).measure(app, log)
  const explain = (error: unknown) => explainListenFailure(error, addresses)
  const threaded = await composition.listenOnThreads(certificates?.current()).catch(explain)
  const own =
    threaded === undefined
      ? await listen(app, {
          ...listenerLimits(limits),
          addresses,
          tls: certificates?.current(),
          named,
          acceptor,
          reserved: ports,
        }).catch(explain)
      : undefined
  const listener = threaded ?? own
  if (listener === undefined) throw new Error('nothing listens')
  const others: { readonly address: ListenAddress; readonly open: () => Promise<() => Promise<void>> }[] = []
  if (metricsListen !== undefined && metrics !== undefined) {
    const all = [...figures, ...(own === undefined ? [] : listenerFigures(own.counts))]
    const ofWorkers = threaded && (() => threaded.metrics())
    others.push({ address: metricsListen, open: () => metrics.serve(metricsListen, metricsToken, all, ofWorkers) })
  }
  const { httpListen } = tls.acme
  if (httpListen !== undefined && acme !== undefined) {
    others.push({ address: httpListen, open: () => listenForChallenges(httpListen, acme.challenges) })
  }
  const stops: (() => Promise<void>)[] = []
  for (const { address, open } of others) {
    const stop = await open().catch(async (error: unknown) => {
      await Promise.all([listener.close(0), ...stops.map((each) => each())])
      throw listenFailure(error, formatListenAddress(address)) ?? error
    })
    stops.push(stop)
  }
  return { listener, stopOthers: async () => void (await Promise.all(stops.map((each) => each()))) }
}

/** @throws StartupError for a file that cannot be read, or whose token can be guessed */
async function readMetricsToken(file: string): Promise<string> {
  const token = await readSecretFile(file, 'bearer token')
  if (/^[A-Za-z0-9\-._~+/]{16,}=*$/.test(token)) return token
  throw unusableSettingFile(
    `${file} contains no bearer token`,
    'write a token of at least 16 characters into the file, such as the output of openssl rand -base64 32',
  )
}
