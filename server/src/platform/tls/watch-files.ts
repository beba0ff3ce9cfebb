import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'

/** Files are seldom written in one step, so what comes within this time is one change. */
const gatherMs = 100

/**
 * Calls `changed` a moment after something changed in the directories of `files`. Directories, because a file that is
 * replaced by renaming, or by moving a symbolic link, is lost to a watch on itself. Where the system cannot watch, such as
 * on network file systems, nothing is called: look at the files now and then as well. Keeps no process alive.
 */
export function watchFiles(files: readonly string[], changed: () => void): { readonly close: () => void } {
  let timer: NodeJS.Timeout | undefined
  const watchers = [...new Set(files.map((file) => dirname(file)))].flatMap((directory) => {
    const watcher = watchDirectory(directory, () => {
      timer ??= setTimeout(() => {
        timer = undefined
        changed()
      }, gatherMs).unref()
    })
    return watcher === undefined ? [] : [watcher]
  })
  return {
    close: () => {
      clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
    },
  }
}

function watchDirectory(directory: string, changed: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, changed)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
