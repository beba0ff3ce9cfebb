import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'

/** Files are rarely written in one step, so all events within this time are treated as one change. */
const gatherMs = 100

/**
 * Calls `changed` shortly after a change in the directories of `files`. The function watches directories, because a
 * watch on a file does not detect the replacement of the file by a rename or a symbolic link. Some file systems cannot
 * be watched, such as network file systems, so the caller must also check the files periodically. The watch does not
 * keep the process running.
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
