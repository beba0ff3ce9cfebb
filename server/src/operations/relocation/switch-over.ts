import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import {
  blobMarkFileIn,
  databaseFileIn,
  objectStorageFileIn,
  postgresMarkerIn,
  relocationDirectoryIn,
} from '../../platform/files/data-dir.ts'
import { syncDirectory, writeFileDurably } from '../../platform/files/durable-file.ts'
import { systemClock } from '../../platform/process/clock.ts'
import {
  openDatabaseSealer,
  installationIdOf,
  markPostgres,
  type RelocationState,
  writeRelocation,
} from '../../installation/index.ts'
import { type RelocationPlace, newDatabaseFileIn, openPostgresOf, openRowTarget } from './places.ts'

/**
 * Changes the references of a data directory to the new places, which contain all data. The function can be interrupted and repeated at any
 * time, because no server starts before it is complete.
 */
export async function switchOver(target: RelocationPlace, state: RelocationState): Promise<void> {
  const { dataDir, database, storage } = target
  await writeRelocation(dataDir, { ...state, step: 'switching' })
  if (state.storage !== undefined) {
    const file = objectStorageFileIn(dataDir)
    // The note names the directory from which the blobs move, or an earlier directory. The next start writes a marker file into the new
    // directory.
    await rm(blobMarkFileIn(dataDir), { force: true })
    if (storage.kind !== 'filesystem') await writeFileDurably(file, `${state.id}\n`, 0o600)
    else if (existsSync(file)) await rename(file, `${file}.moved`)
  }
  if (state.database !== undefined) await (database.url === undefined ? useFile(target) : usePostgres(target, state.id))
  await syncDirectory(dataDir)
  await rm(relocationDirectoryIn(dataDir), { recursive: true })
  await syncDirectory(dataDir)
}

async function usePostgres(target: RelocationPlace, id: string): Promise<void> {
  const { dataDir } = target
  await completeRows(target, id)
  const database = await openPostgresOf(target)
  try {
    const sealer = await openDatabaseSealer(target, database)
    await markPostgres(dataDir, await installationIdOf(database, { clock: systemClock, sealer }))
  } finally {
    await database.close()
  }
}

async function completeRows(target: RelocationPlace, id: string): Promise<void> {
  const rows = await openRowTarget(target, id)
  try {
    await rows.complete()
  } finally {
    await rows.close()
  }
}

async function useFile(target: RelocationPlace): Promise<void> {
  const { dataDir } = target
  const file = newDatabaseFileIn(dataDir)
  if (existsSync(file)) {
    await completeRows(target, '')
    await rename(file, databaseFileIn(dataDir))
  }
  await rm(postgresMarkerIn(dataDir), { force: true })
}
