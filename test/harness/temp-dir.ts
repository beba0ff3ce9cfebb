import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atProcessEnd } from './process-end.ts'

/** A private folder that is gone when it is disposed of, or at the latest when the process ends. */
export interface TempDir extends Disposable {
  readonly path: string
  /** Removes the folder and all in it. Harmless when repeated. */
  remove(): void
}

/** Makes an empty folder below the system's folder for temporary files, readable by its owner alone. */
export function tempDir(label: string): TempDir {
  const path = mkdtempSync(join(tmpdir(), `acrux-${label}-`))
  const remove = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 10 })
  const forget = atProcessEnd(remove)
  const dispose = (): void => {
    remove()
    forget()
  }
  return { path, remove: dispose, [Symbol.dispose]: dispose }
}
