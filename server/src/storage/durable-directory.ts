import { mkdir, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from '../platform/files/durable-file.ts'

/**
 * Creates a directory that only this user may enter, and flushes its name. The name of an existing directory is flushed
 * too, since its creator may have been killed before it did. If the flush fails, a new directory is removed: a second
 * flush would report nothing. [fsync(2), Errors]
 */
export async function makeDurableDirectory(directory: string): Promise<void> {
  const made = await mkdir(directory, { recursive: true, mode: 0o700 })
  try {
    await syncDirectory(dirname(directory))
  } catch (error) {
    if (made !== undefined) await rmdir(directory).catch(() => undefined)
    throw error
  }
}
