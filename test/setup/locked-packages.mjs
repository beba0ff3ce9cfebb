import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * The folder below `node_modules/.cache` into which `installLocked` installs.
 *
 * @param {string} name
 * @param {string} root
 */
export function lockedFolder(name, root) {
  return join(root, 'node_modules', '.cache', 'acrux-test', name)
}

/**
 * Installs packages that only some tests need, by the lock file of a folder beside this file. Scripts of packages do not run.
 *
 * @param {string} name The folder.
 * @param {string} title What is installed, for people.
 * @param {{ readonly root: string, readonly say: (line: string) => void }} place
 */
export async function installLocked(name, title, { root, say }) {
  const here = fileURLToPath(new URL(name, import.meta.url))
  const folder = lockedFolder(name, root)
  const lock = readFileSync(join(here, 'package-lock.json'))
  const installed = join(folder, 'package-lock.json')
  // npm writes this file at the end of an installation.
  const isComplete = existsSync(join(folder, 'node_modules', '.package-lock.json')) && existsSync(installed)
  if (isComplete && readFileSync(installed).equals(lock)) return
  say(`installing ${title} …`)
  mkdirSync(folder, { recursive: true })
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(here, file), join(folder, file))
  try {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, timeout: 600_000 })
  } catch (error) {
    say(`${title} cannot be installed: ${error instanceof Error ? error.message : String(error)}`)
  }
}
