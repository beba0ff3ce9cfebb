import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { existsSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makePrivateDirectory } from './durable-file.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'

/** The database in a data directory. */
export function databaseFileIn(dataDir: string): string {
  return join(dataDir, 'acrux.db')
}

/** The master key in a data directory. */
export function masterKeyFileIn(dataDir: string): string {
  return join(dataDir, 'master.key')
}

/** The blob directory of a data directory. */
export function blobDirectoryIn(dataDir: string): string {
  return join(dataDir, 'blobs')
}

/**
 * The file with the id of the blob files of a data directory. The file is missing before the first start, and if the
 * blobs are in an object store.
 */
export function blobMarkFileIn(dataDir: string): string {
  return join(dataDir, 'blob-mark')
}

/** An operator creates this file to start a server whose blobs are lost. */
export function lostBlobsFileIn(dataDir: string): string {
  return join(dataDir, 'blobs-are-lost')
}

/**
 * The file with the id of this data directory in the object store that contains the blobs. The file is missing if the
 * blobs are files.
 */
export function objectStorageFileIn(dataDir: string): string {
  return join(dataDir, 'object-storage')
}

/**
 * The file with the id of the last server process of a data directory. The file exists if several processes share the
 * database.
 */
export function processFileIn(dataDir: string): string {
  return join(dataDir, 'process')
}

/**
 * The file that marks a data directory whose rows are in PostgreSQL. The file contains the id of the first
 * subscription.
 */
export function postgresMarkerIn(dataDir: string): string {
  return join(dataDir, 'rows-in-postgresql')
}

/** The result of the first start in a prepared data directory, which copies complete. */
export function preparedFileIn(dataDir: string): string {
  return join(dataDir, 'prepared.json')
}

/** The file that marks the data directory of an emulator, whose keys and secrets are public. */
export function emulatorFileIn(dataDir: string): string {
  return join(dataDir, 'emulator.json')
}

/**
 * The file with rows that the server inserts at the next start, because changes were paused when the rows were written.
 */
export function waitingInsertsFileIn(dataDir: string): string {
  return join(dataDir, 'waiting-inserts')
}

/** The directory of an incomplete relocation. */
export function relocationDirectoryIn(dataDir: string): string {
  return join(dataDir, 'migrating')
}

/** The directory of the server's own certificate and certificate authority. */
export function tlsDirectoryIn(dataDir: string): string {
  return join(dataDir, 'tls')
}

/** The work directory of a restore. While it exists, the data directory is incomplete. */
export function restoreDirectoryIn(dataDir: string): string {
  return join(dataDir, 'restoring')
}

/** The directory with all state of one server. While it is open, no other server can use it. */
export type DataDir = {
  /** The absolute path. */
  readonly path: string
  /**
   * Whether another process holds the files. If so, the server must not delete a file that an earlier commit refers to.
   */
  readonly filesAreHeld: () => boolean
  /** Unlocks the directory, so that another server can open it. */
  readonly close: () => void
}

/** Another server uses the same data directory. */
export class DataDirLockedError extends StartupError {
  override readonly name = 'DataDirLockedError'
  constructor(path: string, options?: ErrorOptions) {
    super(
      `another server is using the data directory ${path}`,
      exitCodes.dataDirLocked,
      'stop the other server, or choose another directory with --data-dir',
      options,
    )
  }
}

/** The data directory cannot be created or written. */
export class DataDirUnusableError extends StartupError {
  override readonly name = 'DataDirUnusableError'
  constructor(path: string, cause: unknown) {
    super(
      `the data directory ${path} cannot be used: ${plainReason(cause)}`,
      exitCodes.dataDirUnusable,
      'make the directory writable for the user that runs the server, or choose another directory with --data-dir',
      { cause },
    )
  }
}

/**
 * Creates the directory if it is missing, for this user only, and locks the directory against other servers until
 * `close` or the end of the process.
 *
 * Node has no file locks, so the lock is SQLite's lock on an empty database. When the process ends, also if the process
 * is killed, the operating system releases the lock. The lock is a POSIX lock: if other code in this process opened and
 * closed the file `lock`, the lock would be released.
 *
 * @throws DataDirLockedError, DataDirUnusableError
 */
export async function openDataDir(directory: string, { restoring = false } = {}): Promise<DataDir> {
  const path = resolve(directory)
  try {
    await makePrivateDirectory(path)
    const lock = await lockDirectory(path)
    if (lock === undefined) throw new DataDirLockedError(path)
    if (existsSync(restoreDirectoryIn(path)) && !restoring) {
      lock.close()
      throw new UnfinishedRestoreError(path)
    }
    const hold = openLockFile(join(path, 'hold'))
    await chmod(join(path, 'hold'), 0o600)
    return {
      path,
      filesAreHeld: () => !tryExclusively(hold),
      close: () => {
        hold.close()
        lock.close()
      },
    }
  } catch (error) {
    throw error instanceof StartupError ? error : new DataDirUnusableError(path, error)
  }
}

/** A restore into the data directory was interrupted. */
export class UnfinishedRestoreError extends StartupError {
  override readonly name = 'UnfinishedRestoreError'
  constructor(path: string) {
    super(
      `a restore into the data directory ${path} was not finished`,
      exitCodes.dataDirUnusable,
      'run acrux backup restore again; the restore starts over',
    )
  }
}

/**
 * Prevents all processes from deleting blob files of a data directory until `close` or the end of this process. A
 * server deletes rows first, and then checks for a hold. If a hold begins before a copy of the database, all files that
 * the copy refers to therefore remain.
 */
export function holdFiles(dataDir: string): { readonly close: () => void } {
  // Another server may be checking the lock at this moment, which takes microseconds. The timeout allows for this
  // check.
  const hold = openLockFile(join(dataDir, 'hold'), 10_000)
  hold.exec('begin')
  hold.prepare('select count(*) from sqlite_master').get()
  return { close: () => hold.close() }
}

/**
 * Locks a directory against other processes, and blocks this process for at most `timeoutMs`. Returns undefined if
 * another process still has the lock after this time.
 */
export async function lockDirectory(path: string, timeoutMs = 0): Promise<{ readonly close: () => void } | undefined> {
  const file = join(path, 'lock')
  let lock: DatabaseSync | undefined
  try {
    lock = openLockFile(file, timeoutMs)
    lock.exec('begin exclusive')
    await chmod(file, 0o600)
    return lock
  } catch (error) {
    lock?.close()
    if (isBusy(error)) return undefined
    throw error
  }
}

function openLockFile(file: string, timeoutMs = 0): DatabaseSync {
  const lock = new DatabaseSync(file, { timeout: timeoutMs })
  try {
    lock.exec('pragma journal_mode = memory')
    return lock
  } catch (error) {
    lock.close()
    throw error
  }
}

function tryExclusively(lock: DatabaseSync): boolean {
  try {
    lock.exec('begin exclusive')
    lock.exec('rollback')
    return true
  } catch (error) {
    if (isBusy(error)) return false
    throw error
  }
}

const sqliteBusy = 5

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy
}
