import { spawn } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.mjs'

/**
 * Prepares a data directory by a first start of the program: a server that starts from a copy completes the first start in less time.
 *
 * @param {string} node
 * @param {string} main The main file of the program.
 */
export async function prepareDataDir(node, main) {
  const folder = mkdtempSync(join(tmpdir(), 'acrux-prepared-'))
  const dataDir = join(folder, 'data')
  const address = `127.0.0.1:${await freePort()}`
  const settings = [
    '--data-dir',
    dataDir,
    '--listen',
    address,
    '--public-host',
    'localhost',
    '--dev',
    '--log-level',
    'warn',
  ]
  // Variables of the tests are no settings of the server.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ACRUX_')))
  const child = spawn(node, [main, 'serve', ...settings], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
    if (/^acrux: ready at /m.test(output)) child.kill('SIGTERM')
  })
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0) throw new Error(`no data directory could be prepared, as the server ended with ${code}:\n${output}`)
  renameSync(join(dataDir, 'first-run.json'), join(dataDir, 'prepared.json'))
  return { dataDir, remove: () => rmSync(folder, { recursive: true }) }
}
