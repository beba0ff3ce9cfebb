import { chmod, copyFile, mkdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { isSea } from 'node:sea'
import { WrongUsageError, failure } from '../command/failure.ts'

/**
 * Installs this executable as `bin/acrux-credential-provider` in a directory, and files beside `bin`, which only root may read.
 * Each replaces an earlier one at once, so that the kubelet never runs half of a file.
 *
 * @throws CommandFailure if this program is not the executable
 */
export async function install([directory, ...files]: readonly string[]): Promise<void> {
  if (directory === undefined) throw new WrongUsageError('install needs a directory')
  if (!isSea()) throw failure('only the executable can install itself', 'use the executable or the image of a release')
  await mkdir(path.join(directory, 'bin'), { recursive: true })
  await replace(process.execPath, path.join(directory, 'bin/acrux-credential-provider'), 0o755)
  for (const file of files) await replace(file, path.join(directory, path.basename(file)), 0o600)
}

async function replace(from: string, to: string, mode: number): Promise<void> {
  const unfinished = `${to}.new`
  await copyFile(from, unfinished)
  await chmod(unfinished, mode)
  await rename(unfinished, to)
}
