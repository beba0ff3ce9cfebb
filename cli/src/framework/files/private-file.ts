import { constants, open } from 'node:fs/promises'
import path from 'node:path'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'

/** Replaces a file that only its owner may read. The new file is durable, and never incomplete. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  // This module is loaded on first use, because the credential helper must start fast and often only reads.
  const { makePrivateDirectory, writeFileDurably } = await import('@acrux/server/durable-file')
  await makePrivateDirectory(path.dirname(file))
  await writeFileDurably(file, text, 0o600)
}

/** A file that cannot be used as a private file. */
export class UnusableFileError extends Error {
  override readonly name = 'UnusableFileError'
}

/**
 * Reads a file that only its owner may read. Returns undefined if the file does not exist.
 *
 * @throws UnusableFileError if other users can read the file, if the file is too large, or if the path is not a regular
 * file
 */
export async function readPrivateFile(file: string, maxBytes: number): Promise<string | undefined> {
  try {
    // Without O_NONBLOCK, opening a named pipe would never return.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const { mode, size } = await handle.stat()
      if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw new UnusableFileError(`${file} is not a regular file`)
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        throw new UnusableFileError(`other users can access ${file}; if nobody has read it, run chmod 600 ${file}`)
      }
      if (size > maxBytes) throw new UnusableFileError(`${file} is too large`)
      return await handle.readFile('utf8')
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
