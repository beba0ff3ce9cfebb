import { chmod, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { makePrivateDirectory } from '../../platform/files/durable-file.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The directory of this user for the authority of emulators. [XDG Base Directory Specification] */
export function authorityDirectory(env: Environment): string {
  const base = env['XDG_CACHE_HOME']
  // The specification says that programs must ignore relative paths.
  const cache = base !== undefined && path.isAbsolute(base) ? base : path.join(env['HOME'] || homedir(), '.cache')
  return path.join(cache, 'acrux', 'authority')
}

/**
 * Creates the directory, or denies other users access to it. The result is undefined if the directory belongs to another user or cannot be
 * created.
 */
export async function preparePrivateDirectory(directory: string): Promise<string | undefined> {
  try {
    for (const each of [path.dirname(directory), directory]) {
      await makePrivateDirectory(each)
      const { uid, mode } = await stat(each)
      if (process.getuid === undefined) continue
      if (uid !== process.getuid()) return undefined
      if ((mode & 0o077) !== 0) await chmod(each, 0o700)
    }
    return directory
  } catch {
    return undefined
  }
}
