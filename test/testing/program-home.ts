import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clientHome } from '../harness/clients.ts'
import { mainFile } from '../harness/program.ts'

/** A home whose `acrux` is the program under test. */
export interface ProgramHome extends Disposable {
  readonly path: string
  /** The environment of a program that a test runs. Its temporary files are in `temp`. */
  readonly env: Readonly<Record<string, string>>
  readonly temp: string
}

/** Creates a home with `acrux` in its `PATH`, and without the authorities of other tests. */
export function programHome(): ProgramHome {
  const home = clientHome()
  const bin = join(home.path, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'acrux'), `#!/bin/sh\nexec ${process.execPath} ${mainFile} "$@"\n`)
  chmodSync(join(bin, 'acrux'), 0o755)
  const env = {
    ...home.env,
    PATH: `${bin}:${home.env['PATH'] ?? ''}`,
    // The emulator creates its authority below this directory.
    XDG_CACHE_HOME: join(home.path, '.cache'),
    PYTHONDONTWRITEBYTECODE: '1',
  }
  return { path: home.path, env, temp: join(home.path, 'tmp'), [Symbol.dispose]: () => home[Symbol.dispose]() }
}

/** The temporary files of programs that have ended. Node stores compiled code there. */
export function filesLeftIn(home: ProgramHome): readonly string[] {
  return readdirSync(home.temp).filter((name) => name !== 'node-compile-cache')
}

const debianPython = '/usr/bin/python3'

/** Debian's Python, which has pytest; another Python may come first in the `PATH`. */
export const python = existsSync(debianPython) ? debianPython : 'python3'
