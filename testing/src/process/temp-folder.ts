import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A temporary directory of this process. The function `remove` deletes it; otherwise it is deleted when the process exits. */
export interface TempFolder {
  /** Creates a subdirectory once, for this user only, and returns its path. */
  readonly folderOf: (name: string) => string
  readonly remove: () => void
}

/** Creates the directory when a caller first requests a path. */
export function tempFolder(): TempFolder {
  let path: string | undefined
  const remove = () => {
    process.off('exit', remove)
    if (path !== undefined) rmSync(path, { recursive: true, force: true })
    path = undefined
  }
  return {
    folderOf: (name) => {
      if (path === undefined) {
        path = mkdtempSync(join(tmpdir(), 'acrux-test-'))
        process.on('exit', remove)
      }
      const folder = join(path, name)
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      return folder
    },
    remove,
  }
}
