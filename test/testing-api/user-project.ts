import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { clientHome, type Ran, run } from '../harness/clients.ts'
import { mainFile, sourceFile } from '../harness/program.ts'

const root = join(import.meta.dirname, '../..')

/** A project of a user, with the package `acrux` and nothing else, in a home of its own. */
export interface UserProject extends Disposable {
  readonly path: string
  readonly env: Readonly<Record<string, string>>
  /** Copies a file of `test/testing-api/project` into the project, under a name that a test runner finds. */
  add(file: string, as: string): void
  /** Installs a package by a link to where it is. */
  link(name: string, folder: string): void
  run(command: string, args: readonly string[]): Promise<Ran>
}

/** Creates a project whose package is the program under test. */
export function userProject(): UserProject {
  const home = clientHome()
  const path = join(home.path, 'project')
  const link: UserProject['link'] = (name, folder) => {
    const target = join(path, 'node_modules', name)
    mkdirSync(dirname(target), { recursive: true })
    symlinkSync(folder, target)
  }
  mkdirSync(path)
  writeFileSync(join(path, 'package.json'), '{ "type": "module" }')
  link('acrux', mainFile === sourceFile ? packageOfSource(home.path) : dirname(mainFile))
  return {
    path,
    env: home.env,
    add: (file, as) => copyFileSync(join(import.meta.dirname, 'project', file), join(path, as)),
    link,
    run: (command, args) => run(command, args, { cwd: path, env: home.env, timeoutMs: 300_000 }),
    [Symbol.dispose]: () => home[Symbol.dispose](),
  }
}

/** A package that runs the sources of this tree. */
function packageOfSource(home: string): string {
  const folder = join(home, 'acrux')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "exports": { "./testing": "./testing.mjs" } }')
  const source = pathToFileURL(join(root, 'testing/src/testing.ts')).href
  writeFileSync(join(folder, 'testing.mjs'), `export * from '${source}'\n`)
  return folder
}
