import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { readdir, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { controlUrlFile, emulatorFolderPrefix as prefix } from '@acrux/shared/wire/emulator-folder.ts'
import { lockDirectory } from '../../platform/files/data-dir.ts'

/** The maximum age of a folder without a lock. Older folders without a lock are removed. */
const newMs = 60_000

/** The folder with all files of one emulator. */
export type RunFolder = {
  readonly path: string
  /** Writes the URL of the control API, for `acrux health --container`. */
  readonly writeControlUrl: (url: string) => void
  /** Removes the folder and its content. A repeated call has no effect. */
  readonly remove: () => void
}

/**
 * Creates a folder that only this user can access, and that is removed when the process ends, at the latest. The process holds the lock of
 * the folder until then. The next emulator can therefore remove the folder of a killed emulator.
 */
export async function openRunFolder(parent: string): Promise<RunFolder> {
  const folder = mkdtempSync(path.join(parent, prefix))
  let lock: Awaited<ReturnType<typeof lockDirectory>>
  let isRemoved = false
  const remove = () => {
    if (isRemoved) return
    isRemoved = true
    process.off('exit', remove)
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
    lock?.close()
  }
  // The code registers the removal before its first `await`, because a signal can end the process from here on.
  process.on('exit', remove)
  lock = await lockDirectory(folder)
  if (lock === undefined) {
    // Another emulator has just treated this folder as abandoned, and removes it.
    process.off('exit', remove)
    return openRunFolder(parent)
  }
  const writeControlUrl = (url: string) => {
    // A reader finds either no file or the complete file.
    const file = path.join(folder, controlUrlFile)
    writeFileSync(`${file}.new`, url, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  return { path: folder, writeControlUrl, remove }
}

/** Removes the folders of killed emulators of this user. */
export async function removeAbandonedFolders(parent: string): Promise<void> {
  const names = await readdir(parent)
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    // Another emulator may remove the folder at the same moment.
    await removeIfAbandoned(path.join(parent, name)).catch(() => undefined)
  }
}

async function removeIfAbandoned(folder: string): Promise<void> {
  const { uid, mtimeMs } = await stat(folder)
  if (process.getuid !== undefined && uid !== process.getuid()) return
  const locked = await stat(path.join(folder, 'lock'), { throwIfNoEntry: false })
  if (locked === undefined) {
    // An emulator that was killed during its start left the folder empty. A folder with files belongs to another program.
    if (Date.now() - mtimeMs >= newMs) await rmdir(folder)
    return
  }
  const lock = await lockDirectory(folder)
  if (lock === undefined) return
  rmSync(folder, { recursive: true, force: true })
  lock.close()
}
