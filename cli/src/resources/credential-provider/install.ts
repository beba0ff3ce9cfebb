import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { isSea } from 'node:sea'
import { writeFileDurably } from '@acrux/server/durable-file'
import { WrongUsageError, failure } from '../../framework/command/failure.ts'

/**
 * Installs this executable as `bin/acrux-credential-provider` in a directory, and further files in the directory, which
 * only root may read. Each file replaces an earlier file atomically, so that the kubelet never runs an incomplete file.
 *
 * @throws CommandFailure if this program is not the executable
 */
export async function install([directory, ...files]: readonly string[]): Promise<void> {
  if (directory === undefined) throw new WrongUsageError('install needs a directory')
  if (!isSea())
    throw failure(
      'only the single-file executable of acrux can install itself',
      'use the executable or the image of a release',
    )
  await mkdir(path.join(directory, 'bin'), { recursive: true })
  await installProgram(process.execPath, path.join(directory, 'bin/acrux-credential-provider'))
  for (const file of files) await installFile(file, directory)
}

/** The file can contain a secret, so the mode applies before the first byte is written. */
export async function installFile(file: string, directory: string): Promise<void> {
  await writeFileDurably(path.join(directory, path.basename(file)), await readFile(file), 0o600)
}

/** The file is large, and is not read into memory. A link at the temporary name is replaced, and not followed. */
export async function installProgram(from: string, to: string): Promise<void> {
  const unfinished = `${to}.new`
  await rm(unfinished, { force: true })
  await copyFile(from, unfinished, constants.COPYFILE_EXCL)
  await chmod(unfinished, 0o755)
  await rename(unfinished, to)
}
