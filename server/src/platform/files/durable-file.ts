import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes a file atomically: after a crash or a power failure, the file has either the old or the new content. The
 * function writes and flushes a temporary file, renames it to `file`, and flushes the directory. `mode` applies to the
 * file from the first byte on, regardless of the umask.
 */
export async function writeFileDurably(file: string, content: string | Uint8Array, mode: number): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  const handle = await open(temporary, 'wx', mode)
  try {
    try {
      await handle.chmod(mode)
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await syncDirectory(dirname(file))
}

/** Creates a directory and its parents, for this user only. An existing directory keeps its mode. */
export async function makePrivateDirectory(directory: string): Promise<void> {
  const first = await makeMissing(directory)
  if (first === undefined) return
  await chmod(directory, 0o700)
  for (let parent = dirname(directory); ; parent = dirname(parent)) {
    await syncDirectory(parent)
    if (parent === dirname(first) || parent === dirname(parent)) return
  }
}

/**
 * Creates a directory and its missing parents, and returns the topmost directory that the function created. Node's
 * recursive `mkdir` never returns if the parent exists but allows no new directory, such as `/proc`.
 */
async function makeMissing(directory: string): Promise<string | undefined> {
  try {
    return await makeOne(directory)
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT' || dirname(directory) === directory) throw error
  }
  const first = await makeMissing(dirname(directory))
  const last = await makeOne(directory)
  return first ?? last
}

/**
 * Creates a directory, and returns its path. Returns undefined if the directory exists already, such as when another
 * process created it.
 */
async function makeOne(directory: string): Promise<string | undefined> {
  try {
    await mkdir(directory, { mode: 0o700 })
    return directory
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST' && (await stat(directory)).isDirectory()) return undefined
    throw error
  }
}

/** Flushes the names of the files in a directory, so that a created or renamed file survives a power failure. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows cannot open a directory, and does not need the flush.
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
