import { createAudit, verifyAudit } from '../../audit/index.ts'
import {
  type DatabasePlace,
  type StoragePlace,
  installationIdOf,
  requireOwnRows,
  openCurrentDatabase,
  requireDatabase,
  openDatabaseSealer,
  openStorage,
} from '../../installation/index.ts'
import { systemClock } from '../../platform/process/clock.ts'
import { DataDirLockedError, openDataDir } from '../../platform/files/data-dir.ts'
import { StartupError } from '@acrux/shared/texts/startup-error.ts'
import { createLog } from '../../platform/log/log.ts'
import { hasStoredBlobs, type ScrubProgress, scrubStopped } from '../../registry/index.ts'

/** The data directory to scrub. */
export type ScrubPlace = DatabasePlace & StoragePlace & { readonly acceptSparseImages: boolean }

/** The options of a scrub of a data directory. */
export type DataDirScrub = {
  /** Whether to quarantine corrupt content and to remove files without a row. If false, the scrub writes nothing. */
  readonly repair: boolean
  readonly onProgress: (progress: ScrubProgress) => void
}

/**
 * Scrubs the data directory of a stopped server.
 *
 * @throws StartupError if a server is running, or if this version cannot read the data directory
 */
export async function scrubDataDir(place: ScrubPlace, { repair, onProgress }: DataDirScrub): Promise<ScrubProgress> {
  const directory = place.dataDir
  requireDatabase(place)
  const dataDir = await openDataDir(directory).catch((error: unknown) => {
    if (!(error instanceof DataDirLockedError)) throw error
    throw new StartupError(
      error.message,
      error.exitCode,
      'stop the server, or scrub the running server with --server URL',
      {
        cause: error,
      },
    )
  })
  try {
    const database = await openCurrentDatabase(place)
    try {
      const sealer = await openDatabaseSealer(place, database)
      const parts = { clock: systemClock, sealer }
      const installationId = await installationIdOf(database, parts)
      const source = { clock: systemClock, env: process.env, installationId }
      const { blobs, objects, claim } = await openStorage(place, dataDir, source)
      await claim({
        nameBlobs: () => hasStoredBlobs(database.tables()),
        areOurs: () => requireOwnRows(directory, database, parts),
      })
      return await scrubStopped({
        database,
        clock: systemClock,
        audit: createAudit({ database, clock: systemClock }),
        log: createLog('silent'),
        blobs,
        acceptsSparseImages: place.acceptSparseImages,
        repair,
        verifyAudit: () => verifyAudit({ database, sealer, dataDir: directory }),
        onProgress,
      }).finally(() => objects?.close())
    } finally {
      await database.close()
    }
  } finally {
    dataDir.close()
  }
}
