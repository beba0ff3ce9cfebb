import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tempDir } from './temp-dir.ts'

const tree = fileURLToPath(new URL('../..', import.meta.url))
/** The parts of the program. */
const workspaces = ['cli', 'server', 'shared']

/** A step that a newer version adds to the schema. */
export interface FurtherMigration {
  readonly id: string
  /** The module to whose list it is appended, and its folder below `server/src`. */
  readonly module: 'audit' | 'registry'
  /** The older versions that work with it, as in the server. */
  readonly worksFor?: string
  readonly sql: string
}

/** The sources of a newer version. Dispose of it, and they are removed. */
export interface OtherVersion extends Disposable {
  /** The program and its arguments before `serve`. */
  readonly program: readonly [node: string, mainFile: string]
}

/** Copies the sources of the program, and appends steps to the schema. */
export function newerVersion(migrations: readonly FurtherMigration[]): OtherVersion {
  const home = tempDir('newer-version')
  for (const name of [...workspaces, 'package.json']) {
    const isWanted = (file: string): boolean => !/\/(?:node_modules|dist)(?:\/|$)/.test(file.slice(tree.length))
    cpSync(join(tree, name), join(home.path, name), { recursive: true, filter: isWanted })
  }
  // The program imports its parts by the names of their packages, and must get these copies.
  const packages = join(home.path, 'node_modules')
  mkdirSync(packages)
  for (const name of readdirSync(join(tree, 'node_modules'))) {
    if (name !== '@acrux') symlinkSync(join(tree, 'node_modules', name), join(packages, name))
  }
  mkdirSync(join(packages, '@acrux'))
  for (const name of workspaces) symlinkSync(join(home.path, name), join(packages, '@acrux', name))
  for (const { module, id, worksFor, sql } of migrations) {
    const file = join(home.path, 'server', 'src', module, 'migrations.ts')
    const list = `export const ${module}Migrations: readonly Migration[] = [`
    const before = readFileSync(file, 'utf8')
    if (!before.includes(list)) throw new Error(`${file} has no list of migrations`)
    const up = `async (_schema, _types, transaction) => void (await further.raw(${JSON.stringify(sql)}).execute(transaction.tables()))`
    const added = JSON.stringify({ id, worksFor }).replace(/\}$/, `, up: ${up}}`)
    const [, own = '', more = ''] = /^([^]*?\n\]\n)([^]*)$/.exec(before.slice(before.indexOf(list) + list.length)) ?? []
    const head = before.slice(0, before.indexOf(list))
    const rest = `${own.replace(/\]\n$/, `${added},\n]\n`)}${more}`
    const imports = head.includes('sql as further') ? '' : `import { sql as further } from 'kysely'\n`
    writeFileSync(file, `${imports}${head}${list}${rest}`)
  }
  return {
    program: [process.execPath, join(home.path, 'cli', 'src', 'main.ts')],
    [Symbol.dispose]: () => home.remove(),
  }
}
