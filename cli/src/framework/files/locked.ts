import { chmodSync } from 'node:fs'
import path from 'node:path'

const timeoutMs = 60_000

/** Only one change runs at a time in this process, because SQLite's locks distinguish only processes. */
let previous: Promise<unknown> = Promise.resolve()

/**
 * Runs `work` while no other process runs work in the same directory. `work` must be short, because waiting blocks the
 * process.
 *
 * Node has no file locks, so the lock is SQLite's lock on an empty database. The operating system releases the lock
 * when the process ends.
 */
export function locked<Result>(directory: string, work: () => Promise<Result>): Promise<Result> {
  const turn = previous.then(() => lockedAmongProcesses(directory, work))
  previous = turn.catch(() => undefined)
  return turn
}

async function lockedAmongProcesses<Result>(directory: string, work: () => Promise<Result>): Promise<Result> {
  // SQLite is loaded late, because it is slow to load. The executable cannot import modules of Node dynamically.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const { makePrivateDirectory } = await import('@acrux/server/durable-file')
  await makePrivateDirectory(directory)
  const file = path.join(directory, 'lock')
  const lock = new DatabaseSync(file, { timeout: timeoutMs })
  try {
    chmodSync(file, 0o600)
    lock.exec('begin exclusive')
    return await work()
  } finally {
    lock.close()
  }
}
