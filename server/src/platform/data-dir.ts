import { chmod } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makePrivateDirectory } from './durable-file.ts'
import { exitCodes, StartupError, systemErrorCode } from './exit.ts'

/** The database in a data directory. */
export function databaseFileIn(dataDir: string): string {
  return join(dataDir, 'acrux.db')
}

/** The master key in a data directory. */
export function masterKeyFileIn(dataDir: string): string {
  return join(dataDir, 'master.key')
}

/** The directory that holds all state of one server, and nobody else's while it is open. */
export type DataDir = {
  /** Absolute. */
  readonly path: string
  /** Lets another server have it. */
  readonly close: () => void
}

/** Another server works on the same data directory. */
export class DataDirLockedError extends StartupError {
  override readonly name = 'DataDirLockedError'
  constructor(path: string, options?: ErrorOptions) {
    super(
      `another server is using the data directory ${path}`,
      exitCodes.dataDirLocked,
      'stop it, or choose another directory with --data-dir',
      options,
    )
  }
}

/** The data directory cannot be made, or not be written. */
export class DataDirUnusableError extends StartupError {
  override readonly name = 'DataDirUnusableError'
  constructor(path: string, cause: unknown) {
    super(
      `the data directory ${path} cannot be used: ${String(systemErrorCode(cause) ?? cause)}`,
      exitCodes.dataDirUnusable,
      'make it writable by the user that the server runs as, or choose another directory with --data-dir',
      { cause },
    )
  }
}

/**
 * Makes the directory, which only this user may enter, where there is none, and locks it against other servers until
 * `close` or the end of the process, however that ends.
 *
 * The lock is SQLite's on an empty database, since Node has no file locks of its own. The operating system drops it with
 * the process, so that a kill leaves nothing to clean up. It is a POSIX lock: whoever opens and closes the file `lock` by
 * other means in this process would drop it.
 *
 * @throws DataDirLockedError, DataDirUnusableError
 */
export async function openDataDir(directory: string): Promise<DataDir> {
  const path = resolve(directory)
  try {
    await makePrivateDirectory(path)
    const lock = holdLock(path)
    await chmod(join(path, 'lock'), 0o600).catch((error: unknown) => {
      lock.close()
      throw error
    })
    return { path, close: () => lock.close() }
  } catch (error) {
    throw error instanceof StartupError ? error : new DataDirUnusableError(path, error)
  }
}

const sqliteBusy = 5

function holdLock(path: string): DatabaseSync {
  const lock = new DatabaseSync(join(path, 'lock'), { timeout: 0 })
  try {
    lock.exec('pragma journal_mode = memory')
    lock.exec('begin exclusive')
    return lock
  } catch (error) {
    lock.close()
    const busy = error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy
    throw busy ? new DataDirLockedError(path, { cause: error }) : error
  }
}
