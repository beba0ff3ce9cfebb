import { execFile, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { postgresBin } from './clients.mjs'
import { freePort } from './free-port.mjs'

const run = promisify(execFile)

/** A database that only tests use needs no durability. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_connections: '200',
  shared_buffers: '64MB',
}

/**
 * PostgreSQL does not run as root. Returns the ids of an unprivileged user; undefined if this process is not root.
 *
 * @returns {{ uid: number, gid: number } | undefined}
 */
export function unprivileged() {
  if (process.getuid?.() !== 0) return undefined
  for (const user of ['postgres', 'nobody']) {
    try {
      const id = (/** @type {string} */ flag) =>
        Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] }))
      return { uid: id('-u'), gid: id('-g') }
    } catch {
      continue
    }
  }
  return undefined
}

/**
 * Writes a file that only the user of the server can read.
 *
 * @param {string} file
 * @param {string} content
 * @param {{ uid: number, gid: number } | undefined} user
 */
export function writeOwned(file, content, user) {
  writeFileSync(file, content, { mode: 0o600 })
  if (user !== undefined) chownSync(file, user.uid, user.gid)
}

/**
 * False for one that has ended, also if nobody has asked for its exit code. [proc(5), /proc/pid/stat]
 *
 * @param {number} pid
 */
function isRunning(pid) {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')
  } catch {
    return false
  }
}

/** @param {number} pid */
function killIfThere(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself: its server is gone.
  }
}

/**
 * @param {string} bin
 * @param {number} port
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} logFile
 */
async function untilReady(bin, port, child, logFile) {
  for (const deadline = Date.now() + 180_000; Date.now() < deadline; await sleep(50)) {
    if (child.exitCode !== null || child.signalCode !== null) break
    const answer = await run(join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).catch(
      () => undefined,
    )
    if (answer !== undefined) return
  }
  throw new Error(`PostgreSQL did not become ready: ${readFileSync(logFile, 'utf8').slice(-2000)}`)
}

/** @typedef {ReturnType<typeof environmentOf>} Environment */

/**
 * What a process of PostgreSQL is run with.
 *
 * @param {string} dir
 * @param {{ uid: number, gid: number } | undefined} user
 */
function environmentOf(dir, user) {
  return { ...user, cwd: dir, env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', HOME: dir } }
}

/**
 * A private folder for one server.
 *
 * @param {{ uid: number, gid: number } | undefined} user
 */
function folderFor(user) {
  const dir = mkdtempSync(join(tmpdir(), 'acrux-postgres-'))
  if (user !== undefined) chownSync(dir, user.uid, user.gid)
  chmodSync(dir, 0o700)
  writeOwned(join(dir, 'log'), '', user)
  return dir
}

/**
 * Starts the server on the data in a folder, and returns what controls it.
 *
 * @param {string} dir
 * @param {{ bin: string, owned: Environment, settings: Readonly<Record<string, string>> }} options
 */
async function startIn(dir, { bin, owned, settings: given }) {
  const port = await freePort()
  const logFile = join(dir, 'log')
  const flags = Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const shell = 'exec "$0" "$@" >>"$ACRUX_LOG" 2>&1'
  const command = [join(bin, 'postgres'), '-D', join(dir, 'data'), '-p', String(port), ...flags]
  const start = async () => {
    const child = spawn('/bin/sh', ['-c', shell, ...command], {
      ...owned,
      env: { ...owned.env, ACRUX_LOG: logFile },
      stdio: 'ignore',
      detached: true,
    })
    const ended = once(child, 'exit')
    const end = async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT')
      await ended
    }
    await untilReady(bin, port, child, logFile).catch(async (cause) => {
      await end()
      throw cause
    })
    return { end, child }
  }
  let { end, child } = await start()
  const stop = async () => {
    await end()
    rmSync(dir, { recursive: true, force: true })
  }
  const resume = async () => {
    ;({ end, child } = await start())
  }
  const restart = async () => {
    await end()
    await resume()
  }
  const pause = () => end()
  const kill = async (/** @type {'all' | 'one'} */ which, pick = 0) => {
    const pid = child.pid ?? 0
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').map(Number)
    if (which === 'one') {
      process.kill(children[Math.floor(pick * children.length)] ?? pid, 'SIGKILL')
      return
    }
    child.kill('SIGKILL')
    for (const each of children) killIfThere(each)
    await end()
    // The files of shared memory are in use until the last process is gone.
    while (children.some(isRunning)) await sleep(10)
  }
  return { port, stop, pause, resume, restart, kill }
}

/**
 * Writes an empty cluster to the folder `data` of a folder, with the locale C and one superuser, whose random password it returns.
 *
 * @param {string} dir
 * @param {string} bin
 * @param {{ uid: number, gid: number } | undefined} user
 */
async function initialize(dir, bin, user) {
  const password = randomBytes(24).toString('hex')
  const passwordFile = join(dir, 'password')
  writeOwned(passwordFile, password, user)
  const auth = ['--username=acrux', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  const how = ['--locale=C', '--encoding=UTF8', '--no-sync', ...auth]
  await run(join(bin, 'initdb'), ['-D', join(dir, 'data'), ...how], environmentOf(dir, user))
  return password
}

/**
 * Makes an empty cluster, which `startPostgres` copies if `ACRUX_TEST_POSTGRES_CLUSTER` has its folder: that takes a tenth of the
 * processor time. Undefined if PostgreSQL is not installed.
 */
export async function makeCluster() {
  const bin = postgresBin()
  if (bin === undefined) return undefined
  const user = unprivileged()
  const folder = folderFor(user)
  await initialize(folder, bin, user)
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/**
 * Copies an empty cluster to the folder `data` of a folder. Returns the password of its superuser.
 *
 * @param {string} dir
 * @param {string} from
 */
async function copyCluster(dir, from) {
  await run('cp', ['-a', join(from, 'data'), dir])
  return readFileSync(join(from, 'password'), 'latin1')
}

/**
 * Starts a PostgreSQL on a free port of 127.0.0.1, with an empty cluster in a private folder, the locale C and one superuser
 * with a random password. `files` are written to the folder of the data, by name, for `settings` that name them. Returns its
 * URL, a function that ends it and removes its files, one that ends all connections, one that starts it again afterwards,
 * one that does both, and one that kills a process of it, or all; undefined if PostgreSQL is not installed.
 *
 * @param {{ readonly settings?: Readonly<Record<string, string>>, readonly files?: Readonly<Record<string, string>> }} options
 */
export async function startPostgres({ settings: more = {}, files = {} } = {}) {
  const bin = postgresBin()
  if (bin === undefined) return undefined
  const user = unprivileged()
  const dir = folderFor(user)
  const owned = environmentOf(dir, user)
  try {
    const cluster = process.env['ACRUX_TEST_POSTGRES_CLUSTER']
    const password = cluster === undefined ? await initialize(dir, bin, user) : await copyCluster(dir, cluster)
    for (const [name, content] of Object.entries(files)) writeOwned(join(dir, 'data', name), content, user)
    const { port, ...server } = await startIn(dir, { bin, owned, settings: { ...settings, ...more } })
    return { url: `postgres://acrux:${password}@127.0.0.1:${port}/postgres`, ...server }
  } catch (cause) {
    rmSync(dir, { recursive: true, force: true })
    throw cause
  }
}

/**
 * Starts a standby of a PostgreSQL of {@link startPostgres}, or of another standby that was promoted, with a copy of its data.
 * Its name for `synchronous_standby_names` is `standby`. Returns what `startPostgres` returns.
 *
 * @param {string} primary The URL of the primary, with the password.
 * @param {{ readonly settings?: Readonly<Record<string, string>> }} options
 */
export async function startStandby(primary, { settings: more = {} } = {}) {
  const bin = postgresBin()
  if (bin === undefined) return undefined
  const user = unprivileged()
  const dir = folderFor(user)
  const owned = environmentOf(dir, user)
  try {
    const url = new URL(primary)
    const from = ['-h', url.hostname, '-p', url.port, '-U', url.username, '--no-password']
    const how = [
      '-D',
      join(dir, 'data'),
      '--write-recovery-conf',
      '--wal-method=stream',
      '--checkpoint=fast',
      '--no-sync',
    ]
    const env = { ...owned.env, PGPASSWORD: url.password }
    await run(join(bin, 'pg_basebackup'), [...from, ...how], { ...owned, env })
    const { port, ...server } = await startIn(dir, {
      bin,
      owned,
      settings: { ...settings, ...more, cluster_name: 'standby' },
    })
    url.port = String(port)
    return { url: String(url), ...server }
  } catch (cause) {
    rmSync(dir, { recursive: true, force: true })
    throw cause
  }
}
