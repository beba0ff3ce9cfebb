import { existsSync } from 'node:fs'
import {
  type Backup,
  type CreateOptions,
  createBackup,
  type Restored,
  restoreBackup,
  type RestoreOptions,
} from '../../backup/index.ts'
import type { Configuration } from '../../configuration/index.ts'
import { objectStorageFileIn } from '../../platform/files/data-dir.ts'
import { systemClock } from '../../platform/process/clock.ts'
import { openStorage } from '../state/open-storage.ts'

/** Makes a backup of a server, which may be running. @throws StartupError */
export async function backUp(
  configuration: Configuration,
  options: Omit<CreateOptions, 'dataDir' | 'blobs'>,
): Promise<Backup> {
  const { dataDir } = configuration
  const storage = existsSync(objectStorageFileIn(dataDir)) ? await open(configuration, dataDir) : undefined
  try {
    return await createBackup({ ...options, dataDir, blobs: storage?.blobs })
  } finally {
    storage?.objects?.close()
  }
}

/** Restores a backup to the data directory and the store of blobs that are configured. @throws StartupError */
export async function restoreTo(
  configuration: Configuration,
  options: Omit<RestoreOptions, 'dataDir' | 'openBlobs'>,
): Promise<Restored> {
  const { dataDir, storage } = configuration
  const openBlobs = async (path: string) => {
    const { blobs, objects, claim } = await open(configuration, path)
    // Nothing is restored over rows: these are written last.
    await claim({ nameBlobs: async () => false, areOurs: async () => true })
    return { blobs, close: () => objects?.close() }
  }
  return restoreBackup({ ...options, dataDir, openBlobs: storage.kind === 'filesystem' ? undefined : openBlobs })
}

function open(configuration: Configuration, path: string) {
  return openStorage(configuration, { path, filesAreHeld: () => false }, { clock: systemClock, env: process.env })
}
