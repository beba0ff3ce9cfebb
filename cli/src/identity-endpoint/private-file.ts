import { randomUUID } from 'node:crypto'
import { constants, type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'

/** The code of a system error, as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Puts a file in place whole, for its owner's eyes only, and is back when it is on the disk. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  const folder = path.dirname(file)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const temporary = `${file}.${randomUUID()}`
  try {
    await withFile(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, async (handle) => {
      await handle.writeFile(text)
      await handle.sync()
    })
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await withFile(folder, constants.O_RDONLY, (handle) => handle.sync())
}

/** What cannot be read as a private file. */
export class UnusableFileError extends Error {
  override readonly name = 'UnusableFileError'
}

/**
 * Reads a file that only its owner may read; undefined where there is none.
 *
 * @throws UnusableFileError for a file that is open to others, too large, or no file
 */
export async function readPrivateFile(file: string, maxBytes: number): Promise<string | undefined> {
  try {
    // Without O_NONBLOCK a named pipe in its place would hang.
    return await withFile(file, constants.O_RDONLY | constants.O_NONBLOCK, async (handle) => {
      const { mode, size } = await handle.stat()
      if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw new UnusableFileError(`${file} is not a file`)
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        throw new UnusableFileError(`${file} is open to other users; if nobody can have read it: chmod 600 ${file}`)
      }
      if (size > maxBytes) throw new UnusableFileError(`${file} is too large`)
      return handle.readFile('utf8')
    })
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

async function withFile<Result>(
  file: string,
  flags: number,
  work: (handle: FileHandle) => Promise<Result>,
): Promise<Result> {
  const handle = await open(file, flags, 0o600)
  try {
    return await work(handle)
  } finally {
    await handle.close()
  }
}
