import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FirstRun } from '@acrux/contract'
import { type Composition, type StartOptions, chainFailure, compose, countersFailure, migrations } from './compose.ts'
import { type Configuration, formatListenAddress } from './configuration/index.ts'
import { systemClock } from './platform/process/clock.ts'
import { descriptorLimit } from './platform/process/descriptor-limit.ts'
import { StartupError, listenFailure } from './platform/process/exit.ts'
import { connectionLimits } from './platform/http/connection-limits.ts'
import { usualSlowClientLimits } from './platform/http/slow-clients.ts'
import { type Listener, listen } from './platform/http/listener.ts'
import { repeat } from './platform/jobs/repeat.ts'
import { type Log, createLog } from './platform/log/log.ts'
import { type OwnerReset, type OwnerResetRequest, resetOwnerWhereItIs } from './owner-reset.ts'
import { listenerFigures } from './figures.ts'
import { reachNotice } from './listened-hosts.ts'
import { readSecretFile, unusableSettingFile } from './platform/files/setting-file.ts'

export {
  type AuditEventDocument,
  type AuditFile,
  type ChainFault,
  type EventFilter as AuditEventFilter,
  formatCheckpoint,
  openAuditFile,
  parseCheckpoint,
} from './audit/index.ts'
export {
  type Backup,
  type BlobProblem,
  type OnProgress,
  createBackup,
  openBackupFolder,
  readBackupKeys,
  requireEmpty,
  restoreBackup,
  verifyBackup,
} from './backup/index.ts'
export { type OwnerReset, OwnerResetError } from './owner-reset.ts'
export { decisionDocument } from './decisions/index.ts'
export {
  type Configuration,
  ConfigurationError,
  type SettingDefinition,
  configurationReference,
  loadConfiguration,
  settingDefinitions,
} from './configuration/index.ts'
export { type Finding, type ScrubProgress, type ScrubReport } from './registry/index.ts'
export { scrubDataDir } from './scrub-data-dir.ts'
export { StartupError, exitCodes } from './platform/process/exit.ts'

/**
 * Sets a one-time password for an owner in a data directory, whether a server works on it or not.
 *
 * @throws OwnerResetError; StartupError
 */
export function resetOwnerIn(dataDir: string, request: OwnerResetRequest): Promise<OwnerReset> {
  return resetOwnerWhereItIs(dataDir, request, migrations)
}

/** A server that accepts connections. */
export type RunningServer = {
  /** Where it is reached: the base URL of the management API and of the first registry. */
  readonly publicOrigin: string
  /** By which hosts clients reach it, and what to set for another: for an operator who left that open. */
  readonly notice: string | undefined
  /** What was made because the data directory was new. */
  readonly firstRun: { readonly content: FirstRun; readonly file: string } | undefined
  /** The server's own certificate authority that `renewCa` had made: its file, and SHA-256 over it. */
  readonly renewedCa: { readonly file: string; readonly fingerprint: string } | undefined
  /** Takes no more connections, finishes what is in flight within `shutdownSeconds`, and closes the data directory. */
  readonly stop: () => Promise<void>
}

/** Starts a server. @throws StartupError for everything that the operator can mend */
export async function startServer(configuration: Configuration, options: StartOptions = {}): Promise<RunningServer> {
  const log = createLog(configuration.logLevel)
  const { metricsTokenFile } = configuration
  const metricsToken = metricsTokenFile === undefined ? undefined : await readMetricsToken(metricsTokenFile)
  const composition = await compose(configuration, log, systemClock, options)
  const opened = await openListeners(composition, configuration, metricsToken, log).catch(async (error: unknown) => {
    await composition.close()
    throw tellingFirstRun(error, composition.firstRun?.file)
  })
  const { listener, stopMetrics } = opened
  const stopWatching = composition.certificates?.onChange((pair) => listener.replaceCertificate(pair))
  // It may have been replaced between the opening of the addresses and now.
  if (composition.certificates !== undefined) listener.replaceCertificate(composition.certificates.current())
  const collecting = repeat(configuration.gc.intervalSeconds, composition.collectGarbage, (error) =>
    log.error({ err: error, id: randomUUID() }, 'garbage collection failed'),
  )
  const tidying = repeat(60, composition.tidy, (error) =>
    log.error({ err: error, id: randomUUID() }, 'cleanup of expired memberships and imports failed'),
  )
  const chaining = repeat(0.5, composition.extendAuditChain, (error) =>
    log.error({ err: error, id: randomUUID() }, chainFailure),
  )
  const delivering = repeat(1, composition.deliverAuditEvents, (error) =>
    log.error({ err: error, id: randomUUID() }, 'failed to deliver audit events to webhooks'),
  )
  const expiring = repeat(600, composition.expireAuditEvents, (error) =>
    log.error({ err: error, id: randomUUID() }, 'failed to purge expired audit events'),
  )
  const counting = repeat(60, composition.flushCounters, (error) => log.warn({ err: error }, countersFailure))
  const scrubbing = repeat(1, composition.scrub, (error) => log.error({ err: error }, 'the background scrub failed'))
  const watching = repeat(1, composition.watchSpace, (error) =>
    log.error({ err: error, id: randomUUID() }, 'the disk space is not watched'),
  )
  const probing = repeat(5, composition.probeWriter, (error) => log.error({ err: error }, 'the database probe failed'))
  const listening = listener.addresses.map(formatListenAddress)
  log.info({ listening, publicOrigin: composition.publicOrigin, dataDir: configuration.dataDir }, 'server started')
  const notice = reachNotice(configuration)
  if (notice !== undefined) log.info(notice)
  return {
    publicOrigin: composition.publicOrigin,
    notice,
    firstRun: composition.firstRun,
    renewedCa: renewedCaOf(composition),
    stop: async () => {
      const deadlineMs = performance.now() + configuration.shutdownSeconds * 1000
      log.info({ shutdownSeconds: configuration.shutdownSeconds }, 'shutting down')
      composition.drain()
      await listener.close(configuration.shutdownSeconds * 1000)
      stopWatching?.()
      // Garbage that is being collected can be collected another time.
      await Promise.race([
        Promise.all(
          [collecting, tidying, chaining, delivering, expiring, counting, scrubbing, probing, watching].map((job) =>
            job.stop(),
          ),
        ),
        sleep(Math.max(0, deadlineMs - performance.now()), undefined, { ref: false }),
      ])
      await stopMetrics()
      await composition.close()
      log.info('server stopped')
      log.flush()
    },
  }
}

function renewedCaOf({ certificates }: Composition): RunningServer['renewedCa'] {
  const { caFile, renewedAuthority } = certificates ?? {}
  if (caFile === undefined || renewedAuthority === undefined) return undefined
  return { file: caFile, fingerprint: renewedAuthority }
}

/** The next start prints no first steps, for it is not the first: this one says where the passwords are. */
function tellingFirstRun(error: unknown, firstRunFile: string | undefined): unknown {
  if (firstRunFile === undefined || !(error instanceof StartupError)) return error
  const nextStep = `${error.nextStep}; the passwords of the owners that were made are in ${firstRunFile}`
  return new StartupError(error.message, error.exitCode, nextStep, { cause: error })
}

type OpenListeners = { readonly listener: Listener; readonly stopMetrics: () => Promise<void> }

async function openListeners(
  { app, certificates, figures, routes }: Composition,
  { listen: addresses, metricsListen, limits }: Configuration,
  metricsToken: string | undefined,
  log: Log,
): Promise<OpenListeners> {
  // Loaded only where it is wanted: start-up time counts.
  const metrics = metricsListen && (await import('./platform/metrics/metrics.ts')).measure(app, routes, log)
  const listener = await listen(app, {
    addresses,
    tls: certificates?.current(),
    connections: connectionLimits(descriptorLimit(), limits),
    slowClients: {
      ...usualSlowClientLimits,
      requestMs: limits.requestSeconds * 1000,
      firstRequestMs: limits.requestSeconds * 1000,
      minUploadBytesPerSecond: limits.minUploadBytesPerSecond,
      minDownloadBytesPerSecond: limits.minDownloadBytesPerSecond,
      windowMs: limits.slowClientSeconds * 1000,
    },
  }).catch((error: unknown) => {
    throw listenFailure(error, addresses.map(formatListenAddress).join(', ')) ?? error
  })
  if (metricsListen === undefined || metrics === undefined) return { listener, stopMetrics: () => Promise.resolve() }
  const stopMetrics = await metrics
    .serve(metricsListen, metricsToken, [...figures, ...listenerFigures(listener.counts)])
    .catch(async (error: unknown) => {
      await listener.close(0)
      throw listenFailure(error, formatListenAddress(metricsListen)) ?? error
    })
  return { listener, stopMetrics }
}

/** @throws StartupError for a file that cannot be read, or whose token can be guessed */
async function readMetricsToken(file: string): Promise<string> {
  const token = await readSecretFile(file, 'bearer token')
  if (/^[A-Za-z0-9\-._~+/]{16,}=*$/.test(token)) return token
  throw unusableSettingFile(
    `${file} holds no bearer token`,
    'write 16 or more letters, digits and - . _ ~ + / into it, for example by openssl rand -base64 32',
  )
}
