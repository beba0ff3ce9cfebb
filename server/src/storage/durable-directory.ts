import { mkdir, open, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes the names in a directory durable: files renamed into it or out of it stay so after a power failure. */
export async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Makes a directory of our own and flushes its name. One that is there is flushed too: whoever made it may have been
 * killed in between. Where the flush fails, a directory that was made goes: a second flush would report nothing.
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
