import { lstatSync, mkdirSync } from 'node:fs'
import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'

/**
 * Enables Node's compile cache, which halves the startup time, in a directory of this user alone. Call this function
 * before the program is loaded. Node's default directory is shared by all users of the machine, so the user who creates
 * the directory could add code that other users run. Without a private directory, there is no cache.
 */
export function enablePrivateCompileCache(): void {
  // The variable NODE_COMPILE_CACHE selects another directory.
  if (getCompileCacheDir() !== undefined) return
  const ofUser = path.join(cacheDirectory(), 'acrux')
  // A service may have no home directory.
  const temporary = path.join(tmpdir(), `acrux-compile-cache-${process.getuid?.() ?? 'user'}`)
  if (isPrivate(ofUser)) enableCompileCache(path.join(ofUser, 'compile-cache'))
  else if (isPrivate(temporary)) enableCompileCache(temporary)
}

/** The directory of this user for caches. [XDG Base Directory Specification] */
function cacheDirectory(): string {
  const { XDG_CACHE_HOME: given = '', HOME: home = '' } = process.env
  // The specification requires relative paths to be ignored.
  return path.isAbsolute(given) ? given : path.join(home || homedir(), '.cache')
}

/** Whether a directory belongs only to this user. The function creates a missing directory. */
function isPrivate(directory: string): boolean {
  // Node's recursive `mkdir` never returns for a directory such as /proc/acrux.
  for (const each of [path.dirname(directory), directory]) {
    try {
      mkdirSync(each, { mode: 0o700 })
    } catch {
      // The directory exists, or cannot be created.
    }
  }
  try {
    const stats = lstatSync(directory)
    // The temporary directory of Windows belongs to the user.
    if (process.getuid === undefined) return true
    return stats.isDirectory() && stats.uid === process.getuid() && (stats.mode & 0o077) === 0
  } catch {
    return false
  }
}
