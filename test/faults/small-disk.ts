import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { atProcessEnd } from '../harness/process-end.ts'
import { tempDir } from '../harness/temp-dir.ts'

/** A file system of its own, in memory. */
export interface SmallDisk extends Disposable {
  readonly path: string
  freeBytes(): number
  /** Fills all that is left, as another program would. */
  fill(): void
  /** Gives that back. */
  relieve(): void
}

/** Mounts a file system of so many MiB; needs root. */
export function mountSmallDisk(mebibytes: number): SmallDisk {
  const home = tempDir('disk')
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0700`, 'tmpfs', home.path])
  const unmount = (): void => void execFileSync('umount', ['--lazy', home.path])
  const forget = atProcessEnd(unmount)
  const foreign = join(home.path, 'foreign')
  return {
    path: home.path,
    freeBytes: () => {
      const { bavail, bsize } = statfsSync(home.path)
      return bavail * bsize
    },
    fill: () => {
      const file = openSync(foreign, 'a')
      try {
        for (const size of [1 << 20, 4096]) {
          try {
            for (;;) writeSync(file, Buffer.alloc(size, 1))
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
          }
        }
      } finally {
        closeSync(file)
      }
    },
    relieve: () => rmSync(foreign, { force: true }),
    [Symbol.dispose]() {
      unmount()
      forget()
      home.remove()
    },
  }
}
