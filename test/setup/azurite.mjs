import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const here = fileURLToPath(new URL('azurite', import.meta.url))

/**
 * Installs Azurite below `node_modules/.cache`, by a lock file of its own: with 240 MB, it is too large to be a dependency of
 * everyone who works on the code.
 *
 * @param {string} root
 * @param {(line: string) => void} say
 */
export async function installAzurite(root, say) {
  const folder = join(root, 'node_modules', '.cache', 'acrux-test', 'azurite')
  const lock = readFileSync(join(here, 'package-lock.json'))
  const installed = join(folder, 'package-lock.json')
  const isThere = existsSync(join(folder, 'node_modules', 'azurite')) && existsSync(installed)
  if (isThere && readFileSync(installed).equals(lock)) return
  say('installing Azurite …')
  mkdirSync(folder, { recursive: true })
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(here, file), join(folder, file))
  try {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, timeout: 600_000 })
  } catch (error) {
    say(`Azurite cannot be installed: ${error instanceof Error ? error.message : String(error)}`)
  }
}
