import { existsSync } from 'node:fs'
import path from 'node:path'
import { createAudit, verifyAuditFile } from '../../audit/index.ts'
import { migrations } from '../state/migrations.ts'
import { systemClock } from '../../platform/process/clock.ts'
import type { Configuration } from '../../configuration/index.ts'
import { DataDirLockedError, databaseFileIn, masterKeyFileIn, openDataDir } from '../../platform/files/data-dir.ts'
import { StartupError, exitCodes } from '../../platform/process/exit.ts'
import { createLog } from '../../platform/log/log.ts'
import { openSealer } from '../../platform/keys/sealing.ts'
import type { Database } from '../../platform/sql/database.ts'
import { findMissingMigrations } from '../../platform/sql/migrations.ts'
import { openSqliteDatabase } from '../../platform/sql/sqlite-database.ts'
import { type ScrubProgress, scrubStopped } from '../../registry/index.ts'
import { createFilesystemBlobStore } from '../../storage/index.ts'

/** The options of a scrub of a data directory. */
export type DataDirScrub = {
  /** Quarantines corrupt content and removes files without a row that are older than `gc.leaseSeconds`. Nothing is written otherwise. */
  readonly repair: boolean
  readonly onProgress: (progress: ScrubProgress) => void
}

/**
 * Scrubs the data directory of a stopped server.
 *
 * @throws StartupError if a server is running, or if this version cannot read the data directory
 */
export async function scrubDataDir(
  configuration: Configuration,
  { repair, onProgress }: DataDirScrub,
): Promise<ScrubProgress> {
  const directory = configuration.dataDir
  if (!existsSync(databaseFileIn(directory))) {
    throw new StartupError(
      `there is no database in ${directory}`,
      exitCodes.dataDirUnusable,
      'set the data directory of a server with --data-dir',
    )
  }
  const dataDir = await openDataDir(directory).catch((error: unknown) => {
    if (!(error instanceof DataDirLockedError)) throw error
    throw new StartupError(error.message, error.exitCode, 'stop it, or scrub it while it runs with --server URL', {
      cause: error,
    })
  })
  try {
    await openSealer(masterKeyFileIn(directory), { create: false })
    const database = await openCurrentDatabase(databaseFileIn(directory))
    try {
      const blobs = await createFilesystemBlobStore(path.join(directory, 'blobs'), { clock: systemClock })
      return await scrubStopped({
        database,
        clock: systemClock,
        audit: createAudit({ database, clock: systemClock }),
        log: createLog('silent'),
        blobs,
        acceptsSparseImages: configuration.acceptSparseImages,
        leaseMs: configuration.gc.leaseSeconds * 1000,
        repair,
        verifyAudit: () => verifyAuditFile(directory),
        onProgress,
      })
    } finally {
      await database.close()
    }
  } finally {
    dataDir.close()
  }
}

async function openCurrentDatabase(file: string): Promise<Database> {
  const database = await openSqliteDatabase(file).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new StartupError(
      `the database ${file} cannot be read: ${reason}`,
      exitCodes.dataDirUnusable,
      'restore it from a backup',
      { cause: error },
    )
  })
  const missing = await findMissingMigrations(database, migrations)
  if (missing.length === 0) return database
  await database.close()
  throw new StartupError(
    'the database was written by an older version',
    exitCodes.dataDirUnusable,
    'start this version of the server once',
  )
}
