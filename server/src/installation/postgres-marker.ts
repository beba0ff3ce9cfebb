import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { blobDirectoryIn, objectStorageFileIn, postgresMarkerIn } from '../platform/files/data-dir.ts'
import { writeFileDurably } from '../platform/files/durable-file.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import type { Clock } from '../platform/process/clock.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import type { Database } from '../platform/sql/database.ts'
import { ensureInstallationId, findInstallationId } from '../platform/sql/installation.ts'
import { createResources } from '../resources/index.ts'

/** The file beside the blobs that contains the id of their installation. Several servers may use the same directory of blobs. */
function blobMarkerIn(dataDir: string): string {
  return path.join(blobDirectoryIn(dataDir), 'installation')
}

/** In the file of a data directory whose blobs have a marker, this line follows the id of the installation. */
const blobsAreMarked = 'blobs are marked'

/**
 * Notes in a data directory, and beside its blobs, that the rows are in the database of an installation. An object store needs no note,
 * because the server reserved it for the installation when the server opened it.
 */
export async function markPostgres(dataDir: string, installationId: string): Promise<void> {
  if (!hasObjectStore(dataDir)) await writeFileDurably(blobMarkerIn(dataDir), `${installationId}\n`, 0o600)
  await writeFileDurably(postgresMarkerIn(dataDir), `${installationId}\n${blobsAreMarked}\n`, 0o600)
}

function hasObjectStore(dataDir: string): boolean {
  return existsSync(objectStorageFileIn(dataDir))
}

type Parts = { readonly clock: Clock; readonly sealer: Sealer }

/**
 * The id of the installation to which a database belongs. For a database of an earlier version, this is the id of its first subscription,
 * because that version wrote this id into the marker of the data directory.
 */
export async function installationIdOf(database: Database, parts: Parts): Promise<string> {
  const id = await findInstallationId(database)
  return id ?? ensureInstallationId(database, (await firstSubscription(database, parts)) ?? randomUUID())
}

async function firstSubscription(database: Database, parts: Parts): Promise<string | undefined> {
  const resources = createResources({ ...parts, database, suffix: 'localhost', defaultPort: 443 })
  const [first] = await resources.listSubscriptions()
  return first?.subscriptionId
}

/**
 * Checks that the rows in PostgreSQL belong to the blobs in a data directory. With other blobs, a server would report all blobs as missing,
 * and would quarantine their images.
 *
 * @returns false if there are no rows yet: another server may create them for the blobs in its own data directory
 * @throws StartupError
 */
export async function requireOwnRows(dataDir: string, database: Database, parts: Parts): Promise<boolean> {
  if (database.kind !== 'postgres') return true
  const id = await installationIdOf(database, parts)
  // The first run marks the blobs.
  if ((await firstSubscription(database, parts)) === undefined) return false
  if (hasObjectStore(dataDir)) {
    await markPostgres(dataDir, id)
    return true
  }
  const [marked = '', mark] = (await readMarker(postgresMarkerIn(dataDir))).split('\n')
  const beside = (await readMarker(blobMarkerIn(dataDir))).trim()
  const isUnmarked = beside === '' && marked === id && mark !== blobsAreMarked
  if (beside !== id && !isUnmarked) {
    throw new StartupError(
      `the blobs of the PostgreSQL database are not in the directory ${blobDirectoryIn(dataDir)}`,
      exitCodes.dataDirUnusable,
      'set --data-dir to the data directory of the database, mount the blobs in this directory, or set database to an empty database',
    )
  }
  if (beside !== marked || isUnmarked) await markPostgres(dataDir, id)
  return true
}

/** The content of a marker; empty if the marker does not exist. */
function readMarker(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return ''
    throw error
  })
}
