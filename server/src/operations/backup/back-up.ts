import { existsSync } from 'node:fs'
import { type Backup } from './model.ts'
import { type CreateOptions, createBackup } from './create.ts'
import { type Restored, restoreBackup, type RestoreOptions } from './restore.ts'
import { objectStorageFileIn } from '../../platform/files/data-dir.ts'
import { systemClock } from '../../platform/process/clock.ts'
import { type StoragePlace, openStorage } from '../../installation/index.ts'

/** The data directory that the backup copies, and its store of blobs. */
export type BackupPlace = StoragePlace & { readonly dataDir: string }

/** Makes a backup of a server. The server may be running. @throws StartupError */
export async function backUp(place: BackupPlace, options: Omit<CreateOptions, 'dataDir' | 'blobs'>): Promise<Backup> {
  const { dataDir } = place
  const storage = existsSync(objectStorageFileIn(dataDir)) ? await open(place, dataDir) : undefined
  try {
    return await createBackup({ ...options, dataDir, blobs: storage?.blobs })
  } finally {
    storage?.objects?.close()
  }
}

/** Restores a backup to the configured data directory and store of blobs. @throws StartupError */
export async function restoreTo(
  place: BackupPlace,
  options: Omit<RestoreOptions, 'dataDir' | 'openBlobs'>,
): Promise<Restored> {
  const { dataDir, storage } = place
  const openBlobs = async (path: string) => {
    const { blobs, objects, claim } = await open(place, path)
    // The restore writes the rows last, and never overwrites existing rows.
    await claim({ nameBlobs: async () => false, areOurs: async () => true })
    return { blobs, close: () => objects?.close() }
  }
  return restoreBackup({ ...options, dataDir, openBlobs: storage.kind === 'filesystem' ? undefined : openBlobs })
}

function open(place: BackupPlace, path: string) {
  return openStorage(place, { path, filesAreHeld: () => false }, { clock: systemClock, env: process.env })
}
