import { plainReason, systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import {
  blobDirectoryIn,
  blobMarkFileIn,
  databaseFileIn,
  holdFiles,
  masterKeyFileIn,
  postgresMarkerIn,
} from '../../platform/files/data-dir.ts'
import { makePrivateDirectory, syncDirectory, writeFileDurably } from '../../platform/files/durable-file.ts'
import { forEachOf } from '../../platform/process/for-each-of.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { outageOf } from '../../platform/process/outage.ts'
import { sealerOfKey } from '../../platform/keys/sealing.ts'
import { openSqliteSnapshot } from '../../platform/sql/sqlite-database.ts'
import { type StoredBlobRow, listStoredBlobs } from '../../registry/index.ts'
import { type BlobStore, blobFile, requireFilesMark } from '../../storage/index.ts'
import { type BackupFolder, descriptionIn, folderOf, lockBackupFolder, newBackupId, unusable } from './backup-folder.ts'
import { copyVerified, hashFile, readFileInPieces, syncDirectories } from './copy-file.ts'
import { copyDatabase, countRows } from './database-copy.ts'
import { encryptKeys, readServerKeys } from './keys.ts'
import { type Backup, type BlobProblem, descriptionHash, type OnProgress } from './model.ts'

/** Where a backup reads blobs. */
type Source = Pick<BlobStore, 'read' | 'requireSelf'>

export type CreateOptions = {
  readonly dataDir: string
  /** Where the blobs are, if they are not files in the data directory. */
  readonly blobs?: Source | undefined
  /** The directory of backups; created if it is missing. */
  readonly directory: string
  /** Encrypts the keys; without it, the backup holds no keys. */
  readonly passphrase: string | undefined
  /** The version of Acrux, for the description. */
  readonly acrux: string
  readonly onProgress?: OnProgress
  /**
   * How many blobs are copied at the same time. Small ones mostly wait for flushes, but a hanging disk occupies a thread of the
   * process for each.
   */
  readonly copiesAtATime?: number
}

/**
 * Makes a backup of a data directory: a snapshot of the database and every blob that it refers to. The server may be
 * running. Blobs that are already in the directory of backups are not copied again. An interrupted backup is not
 * listed, and the next backup removes it.
 *
 * @throws StartupError for every problem that the operator can fix
 */
export async function createBackup(options: CreateOptions): Promise<Backup> {
  const dataDir = resolve(options.dataDir)
  requireDatabase(dataDir)
  requireApart(dataDir, resolve(options.directory))
  const folder = await lockBackupFolder(options.directory)
  // Taken before the database is copied, so that no file that the copy refers to is deleted before it is copied.
  const hold = holdFiles(dataDir)
  try {
    return await writeBackup(options, dataDir, folder)
  } catch (error) {
    throw explainFailure(error, folder.path)
  } finally {
    hold.close()
    await rm(folder.blobsBeingWritten, { recursive: true, force: true }).catch(() => undefined)
    folder.close()
  }
}

async function writeBackup(
  { blobs, passphrase, acrux, onProgress = () => undefined, copiesAtATime = 6 }: CreateOptions,
  dataDir: string,
  folder: BackupFolder & { readonly blobsBeingWritten: string },
): Promise<Backup> {
  const takenAtMs = Date.now()
  const id = newBackupId(takenAtMs)
  const partial = join(folder.blobsBeingWritten, id)
  await makePrivateDirectory(partial)
  const database = join(partial, 'acrux.db')
  await requireSpace(folder.path, (await stat(databaseFileIn(dataDir))).size)
  await copyDatabase(databaseFileIn(dataDir), database, (doneBytes, totalBytes) =>
    onProgress({ step: 'database', doneBytes, totalBytes }),
  )
  const copied = await copyBlobs(blobs ?? filesOf(dataDir), folder, database, { onProgress, copiesAtATime })
  const sha256 = await hashFile(database, 'sha256')
  if (sha256 === undefined) throw new Error('the copy of the database no longer exists')
  const keys = passphrase === undefined ? undefined : await encryptKeys(await readServerKeys(dataDir), passphrase, id)
  if (keys !== undefined) await writeFileDurably(join(partial, 'keys.json'), keys, 0o600)
  const description: Omit<Backup, 'seal'> = {
    format: 1,
    id,
    takenAt: new Date(takenAtMs).toISOString(),
    acrux,
    database: { sizeBytes: (await stat(database)).size, sha256, rows: countRows(database) },
    blobs: copied.blobs,
    damaged: copied.damaged,
    keysSha256: keys === undefined ? null : hash('sha256', keys, 'hex'),
  }
  const backup: Backup = { ...description, seal: await sealOf(dataDir, description) }
  await writeFileDurably(descriptionIn(partial), `${JSON.stringify(backup, undefined, 2)}\n`, 0o600)
  const final = folderOf(folder.path, id)
  await rename(partial, final)
  await syncDirectory(dirname(final))
  return backup
}

/** The blobs that are files in a data directory. Nothing is created there. */
function filesOf(dataDir: string): Source {
  const directory = blobDirectoryIn(dataDir)
  return {
    read: (location) => readFileInPieces(blobFile(directory, location)),
    requireSelf: async () => {
      const file = blobMarkFileIn(dataDir)
      // Without a note, the data directory was last used by a version without marks.
      if (existsSync(file)) await requireFilesMark(directory, (await readFile(file, 'utf8')).trim())
    },
  }
}

/** Copies the blobs that the database refers to and the pool lacks. @throws StorageUnavailableError if the blobs are elsewhere */
async function copyBlobs(
  source: Source,
  folder: BackupFolder & { readonly blobsBeingWritten: string },
  database: string,
  { onProgress, copiesAtATime }: Required<Pick<CreateOptions, 'onProgress' | 'copiesAtATime'>>,
) {
  const snapshot = openSqliteSnapshot(database)
  const blobs = { count: 0, sizeBytes: 0, newCount: 0, newSizeBytes: 0 }
  const damaged: BlobProblem[] = []
  const missing: StoredBlobRow[] = []
  try {
    for await (const row of listStoredBlobs(snapshot.tables())) {
      blobs.count += 1
      blobs.sizeBytes += row.sizeBytes
      const size = await sizeOf(folder.blobFile(row.digest))
      if (size !== row.sizeBytes) missing.push(row)
    }
  } finally {
    snapshot.close()
  }
  blobs.newCount = missing.length
  blobs.newSizeBytes = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  await requireSpace(folder.path, blobs.newSizeBytes)
  let doneBytes = 0
  const directories = new Set<string>()
  await forEachOf(missing, copiesAtATime, async (row) => {
    const { digest } = row
    const to = folder.blobFile(digest)
    const copy = { from: () => source.read(row.location), to, digest, temporary: folder.blobsBeingWritten }
    const copyNow = () =>
      copyVerified(copy, (count) => {
        doneBytes += count
        onProgress({ step: 'blobs', doneBytes, totalBytes: blobs.newSizeBytes })
      })
    const problem = await unlessMissing(source, copyNow)
    if (problem === undefined) directories.add(dirname(to))
    else damaged.push({ digest, problem })
  })
  await syncDirectories(directories, folder.path)
  return { blobs, damaged: damaged.toSorted((one, other) => one.digest.localeCompare(other.digest)) }
}

/**
 * Repeats a copy whose blob is not found, between two verifications of the store: one wrong response, or a mount that is missing
 * for a moment, does not make a blob missing.
 */
async function unlessMissing(
  source: Source,
  copy: () => Promise<BlobProblem['problem'] | undefined>,
): Promise<BlobProblem['problem'] | undefined> {
  const problem = await copy()
  if (problem !== 'missing') return problem
  await source.requireSelf()
  const again = await copy()
  if (again === 'missing') await source.requireSelf()
  return again
}

async function sizeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.size
}

/** The seal that ties a backup to the master key; none if the key cannot be read. */
async function sealOf(dataDir: string, backup: Omit<Backup, 'seal'>): Promise<string | null> {
  const key = await readFile(masterKeyFileIn(dataDir)).catch(() => undefined)
  if (key === undefined) return null
  return sealerOfKey(key).seal(descriptionHash(backup), sealContext(backup.id)).toString('base64')
}

/** The purpose that the seal of a backup is bound to. */
export function sealContext(id: string): string {
  return `backup-${id}`
}

function requireDatabase(dataDir: string): void {
  if (existsSync(postgresMarkerIn(dataDir))) {
    throw new StartupError(
      `the rows of the data directory ${dataDir} are in PostgreSQL, which acrux backup does not copy`,
      exitCodes.dataDirUnusable,
      'copy the database with pg_dump first, and then the data directory: see docs/how-to/postgresql.md',
    )
  }
  if (existsSync(databaseFileIn(dataDir))) return
  throw new StartupError(
    `there is no database in ${dataDir}`,
    exitCodes.dataDirUnusable,
    'set the data directory of a server with --data-dir',
  )
}

function requireApart(dataDir: string, directory: string): void {
  const within = (inner: string, outer: string) => inner === outer || inner.startsWith(`${outer}${sep}`)
  if (!within(directory, dataDir) && !within(dataDir, directory)) return
  throw unusable(
    `${directory} and the data directory ${dataDir} overlap`,
    'use a directory outside the data directory, preferably on another disk',
  )
}

/** Checks that a backup can be finished before it begins. @throws StartupError */
export async function requireSpace(directory: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory)
  const freeBytes = bavail * bsize
  if (freeBytes >= neededBytes) return
  throw unusable(
    `${directory} has ${freeBytes} bytes of free space, but the backup needs ${neededBytes} bytes`,
    'free some space, or use a directory on another disk',
  )
}

/** Maps disk errors to errors with a hint, and returns other errors unchanged. */
export function explainFailure(error: unknown, directory: string): unknown {
  if (error instanceof StartupError) return error
  if (outageOf(error)?.kind === 'storage-unavailable') {
    const message = `the blobs of the server cannot be read: ${plainReason(error)}`
    return new StartupError(message, exitCodes.storageUnusable, 'run the command again when the blobs can be read', {
      cause: error,
    })
  }
  switch (systemErrorCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return unusable(`there is no space left in ${directory}`, 'free some space, then run the command again', error)
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return unusable(
        `a file in ${directory} cannot be read or written: ${plainReason(error)}`,
        'run the command as the user that runs the server, and use a directory that this user can write to',
        error,
      )
    case 'EIO':
      return unusable(`the disk of ${directory} reported an error`, 'check the disk', error)
    default:
      return error
  }
}
