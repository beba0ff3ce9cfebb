import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pgbouncerProgram } from './clients.mjs'
import { freePort } from './free-port.mjs'
import { unprivileged, writeOwned } from './postgres.mjs'

async function isListening(port: number) {
  const socket = connect(port, '127.0.0.1')
  const isOpen = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false)
  socket.destroy()
  return isOpen
}

/**
 * Starts a PgBouncer in transaction mode on a free port of 127.0.0.1, in front of a PostgreSQL. Returns the URL of the same
 * database through it, and a function that ends it and removes its files; undefined if PgBouncer is not installed. `target`: The URL of the PostgreSQL, with the password.
 */
export async function startPgbouncer(target: string) {
  const program = pgbouncerProgram()
  if (program === undefined) return undefined
  const url = new URL(target)
  const dir = mkdtempSync(join(tmpdir(), 'acrux-pgbouncer-'))
  // PgBouncer does not run as root either.
  const user = unprivileged()
  if (user !== undefined) chownSync(dir, user.uid, user.gid)
  chmodSync(dir, 0o700)
  const port = await freePort()
  const [users, settings, log] = [join(dir, 'users'), join(dir, 'settings'), join(dir, 'log')]
  writeOwned(users, `"${url.username}" "${url.password}"\n`, user)
  const lines = [
    '[databases]',
    `* = host=${url.hostname} port=${url.port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'pool_mode = transaction',
    'auth_type = scram-sha-256',
    `auth_file = ${users}`,
    'max_client_conn = 200',
    // Fewer than the clients have connections: they share them.
    'default_pool_size = 4',
    'max_prepared_statements = 200',
    `logfile = ${log}`,
    '',
  ]
  writeOwned(settings, lines.join('\n'), user)
  const child = spawn(program, ['-q', settings], { ...user, cwd: dir, env: { HOME: dir }, stdio: 'ignore' })
  const ended = once(child, 'exit')
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGQUIT')
    await ended
    rmSync(dir, { recursive: true, force: true })
  }
  for (const deadline = Date.now() + 60_000; !(await isListening(port)); await sleep(50)) {
    if (Date.now() < deadline && child.exitCode === null) continue
    const why = readFileSync(log, 'utf8').slice(-2000)
    await stop()
    throw new Error(`PgBouncer did not become ready: ${why}`)
  }
  url.port = String(port)
  return { url: url.href, stop }
}
