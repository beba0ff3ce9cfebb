import { mkdir, open, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes the names in a directory durable: renames survive a power failure. */
export async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Creates a private directory and flushes its name. An existing one is flushed too, because the process that created it may
 * have crashed before. If the flush fails, the new directory is removed, because a second flush would not report it.
 * [fsync(2), Errors]
 */
export async function makeDurableDirectory(directory: string): Promise<void> {
  const made = await mkdir(directory, { recursive: true, mode: 0o700 })
  try {
    await flushDirectory(dirname(directory))
  } catch (error) {
    if (made !== undefined) await rmdir(directory).catch(() => undefined)
    throw error
  }
}
