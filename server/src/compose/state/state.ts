import path from 'node:path'
import type { Configuration } from '../../configuration/index.ts'
import { type Ballast, createBallast } from '../../platform/files/ballast.ts'
import {
  type DataDir,
  openDataDir,
  processFileIn,
  tlsDirectoryIn,
  waitingInsertsFileIn,
} from '../../platform/files/data-dir.ts'
import { type ContentSpace, elsewhere, watchFreeSpace } from '../../platform/files/free-space.ts'
import { type Processes, describeProcess, openProcesses } from '../../platform/jobs/processes.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import { createLimitedWarning } from '../../platform/log/limited-warning.ts'
import type { Log } from '../../platform/log/log.ts'
import { SharedRevisions } from '../../platform/memory/shared-revisions.ts'
import { type Clock, machineClockOf } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import { type PausableDatabase, pausable } from '../../platform/sql/pausable-database.ts'
import type { LockHolder } from '../../platform/sql/postgres-exclusive.ts'
import { initialRevision } from '../../platform/sql/revision-cell.ts'
import { WaitingInserts } from '../../platform/sql/waiting-inserts.ts'
import { createDatabaseAuthority, hasAuthority } from '../../platform/tls/database-authority.ts'
import { type CertificateSource, createCertificateSource } from '../../platform/tls/certificate-source.ts'
import { hasStoredBlobs } from '../../registry/index.ts'
import { configuredHosts } from '../hosts/login-servers.ts'
import { migrations } from './migrations.ts'
import {
  applyMigrations,
  openDatabase,
  openStorage,
  type Storage,
  installationIdOf,
  requireOwnRows,
  keepMovedDatabase,
  requireComplete,
  denyEmulatorRows,
  denyPrepared,
  freeSpaceToStart,
} from '../../installation/index.ts'

/** The data directory of a server, and its contents. */
export type State = Storage & {
  readonly dataDir: DataDir
  /** All servers on one database have the same id. */
  readonly installationId: string
  readonly database: Database
  /** The processes that share the database. */
  readonly processes: Processes
  /** Pauses the changes of `database`. */
  readonly writes: PausableDatabase
  /** The revisions of authority and contents, which all threads share. */
  readonly revisions: SharedRevisions
  /** The key of `sealer`, for threads. */
  readonly dataKey: Uint8Array
  readonly sealer: Sealer
  /** The free space on the file system of the data directory. */
  readonly space: ContentSpace
  /** The space for content. Content in an object store needs no space on this disk. */
  readonly contentSpace: ContentSpace
  readonly ballast: Ballast
  /** Undefined over plain HTTP. */
  readonly certificates: CertificateSource | undefined
}

export type StateOptions = {
  readonly clock: Clock
  readonly log: Log
  /** Whether to replace the server's own certificate authority. */
  readonly renewCa: boolean
  /** The version of the program. */
  readonly version: string
  /** Whether the data directory may be a copy of a prepared directory. */
  readonly acceptsPrepared: boolean
}

/**
 * Opens the data directory, or creates it, and migrates its database to the current schema.
 *
 * @throws StartupError for every failure that the operator can fix
 */
export async function openState(configuration: Configuration, options: StateOptions): Promise<State> {
  const { clock, log } = options
  const dataDir = await openDataDir(configuration.dataDir)
  try {
    await requireComplete(dataDir.path)
    if (!options.acceptsPrepared) denyPrepared(dataDir.path)
  } catch (error) {
    dataDir.close()
    throw error
  }
  await keepMovedDatabase(dataDir.path)
  const isInFiles = configuration.storage.kind === 'filesystem'
  const files = isInFiles ? await openStorage(configuration, dataDir, { clock, env: process.env }) : undefined
  const space = watchFreeSpace(dataDir.path, configuration.limits.freeSpaceReserveBytes)
  const ballast = createBallast(path.join(dataDir.path, 'ballast'), space)
  // Another server on the database may use the same blobs, and may have uploads in progress.
  const isShared = configuration.database.url !== undefined
  await freeSpaceToStart({ space, ballast, blobs: isShared ? undefined : files?.blobs, log })
  const revisions = new SharedRevisions()
  revisions.value = initialRevision
  const place = { ...configuration, dataDir: dataDir.path }
  const waiting = new WaitingInserts(waitingInsertsFileIn(dataDir.path))
  const writes = pausable(await openDatabase(place, { revision: revisions, onLockWait: logLockWait(log) }), waiting)
  const { database } = writes
  const { dataKey, sealer } = await applyMigrations(database, migrations, { clock, place })
  if (!options.acceptsPrepared) {
    await denyEmulatorRows(database, { clock, sealer }).catch(async (error: unknown) => {
      await database.close()
      dataDir.close()
      throw error
    })
  }
  const installationId = await installationIdOf(database, { clock, sealer })
  const storage = files ?? (await openStorage(configuration, dataDir, { clock, env: process.env, installationId }))
  await storage.claim({
    nameBlobs: () => hasStoredBlobs(database.tables()),
    areOurs: () => requireOwnRows(dataDir.path, database, { clock, sealer }),
  })
  await waiting.moveTo(database)
  const certificates = await openCertificates(configuration, { dataDir, database, sealer }, options)
  const contentSpace = isInFiles ? space : elsewhere(space)
  const warn = createLimitedWarning(log)
  const processes = await openProcesses(database, {
    file: processFileIn(dataDir.path),
    description: describeProcess(options.version, machineClockOf(clock)),
    onFailure: (error) => {
      if (!writes.isPaused()) warn('failed to renew the row of this process in the database', { err: error })
    },
  })
  const stored = { dataDir, installationId, database, writes, processes, revisions, dataKey, sealer, ...storage }
  return { ...stored, space, contentSpace, ballast, certificates }
}

/** The server waits without a limit, because a database dump may take hours, and ends without intervention. */
function logLockWait(log: Log) {
  return (holder: LockHolder) => {
    log.warn(
      holder,
      'waiting for a lock on the database. Wait until the client with the lock has finished, or end the process of the client in PostgreSQL with pg_terminate_backend',
    )
  }
}

async function openCertificates(
  configuration: Configuration,
  { dataDir, database, sealer }: Pick<State, 'dataDir' | 'database' | 'sealer'>,
  { clock, log, renewCa }: StateOptions,
): Promise<CertificateSource | undefined> {
  if (configuration.http) return undefined
  const directory = tlsDirectoryIn(dataDir.path)
  const isInDatabase = database.kind === 'postgres' || (await hasAuthority(database))
  const authorityStore = isInDatabase ? createDatabaseAuthority(database, sealer, directory) : undefined
  return createCertificateSource({
    dataDir: dataDir.path,
    certFile: configuration.tlsCert,
    keyFile: configuration.tlsKey,
    clock: machineClockOf(clock),
    log,
    ...configuredHosts(configuration),
    renewAuthority: renewCa,
    authorityStore,
  })
}
