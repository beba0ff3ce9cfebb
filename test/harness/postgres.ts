import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pgbouncerProgram, postgresBin } from '../setup/clients.mjs'
import { startPgbouncer } from '../setup/pgbouncer.ts'
import { startPostgres } from '../setup/postgres.mjs'
import { notRunReason } from './clients.ts'
import { tempDir } from './temp-dir.ts'

/** A database of its own for a server. */
export interface TestDatabase {
  /** `postgres://USER@HOST:PORT/NAME`, without the password. */
  readonly url: string
  /** The arguments of `acrux serve` that select it. */
  readonly args: readonly string[]
  /** Runs statements as the superuser, and returns the values of the rows: one line each, separated by `|`. */
  query(sql: string): string
}

/** A PostgreSQL server of a test. Dispose of it, and neither its processes nor its files are left. */
export interface TestPostgres extends AsyncDisposable {
  readonly host: string
  readonly passwordFile: string
  /** `name` may be followed by options of the statement. */
  createDatabase(name: string): TestDatabase
  /** Ends the server with all connections. */
  pause(): Promise<void>
  /** Starts it again. */
  resume(): Promise<void>
  /**
   * Kills all its processes by SIGKILL, after which `resume` starts it again; or one of its children, by a number from 0 to 1,
   * after which it restarts the others by itself.
   */
  kill(which: 'all' | 'one', pick?: number): Promise<void>
}

/** A PgBouncer in transaction mode. */
export interface TestPooler extends AsyncDisposable {
  /** The URL of a database of the PostgreSQL through it, without the password. */
  urlOf(database: TestDatabase): string
}

/** False if PostgreSQL, or what else is named, is missing: the test is then marked as not run, as by `requireClient`. */
export function requirePostgres(t: TestContext, { pooler = false } = {}): boolean {
  const missing = [
    ...(postgresBin() === undefined ? ['postgres'] : []),
    ...(pooler && pgbouncerProgram() === undefined ? ['pgbouncer'] : []),
  ]
  if (missing.length === 0) return true
  const reason = `${notRunReason}${missing.join(', ')}`
  if (process.env['CI'] === 'true') throw new Error(reason)
  t.skip(reason)
  return false
}

/** Runs statements in a database of a server, by its URL with the password. */
export function psql(server: string, database: string, sql: string): string {
  const url = new URL(server)
  const program = join(postgresBin() ?? '', 'psql')
  return execFileSync(program, ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', database, '-c', sql], {
    env: { PGHOST: url.hostname, PGPORT: url.port, PGUSER: url.username, PGPASSWORD: url.password, HOME: tmpdir() },
    encoding: 'utf8',
  }).trim()
}

/** A file with the password of a URL, which is gone at the end of the process. */
export function passwordFileOf(server: string): string {
  const file = join(tempDir('postgres-client').path, 'password')
  writeFileSync(file, `${new URL(server).password}\n`, { mode: 0o600 })
  return file
}

/** The arguments of `acrux serve` for a database of a server. */
export function argumentsFor(server: string, name: string, passwordFile: string): readonly string[] {
  const { username, host } = new URL(server)
  return ['--database', `postgres://${username}@${host}/${name}`, '--database-password-file', passwordFile]
}

/**
 * The arguments that put the rows of a data directory into a database on the PostgreSQL of `npm test`, if
 * `ACRUX_TEST_SERVERS=postgres` asks for it. The same directory always has the same database.
 */
export function databaseArguments(dataDir: string): readonly string[] {
  if (process.env['ACRUX_TEST_SERVERS'] !== 'postgres') return []
  const server = process.env['ACRUX_TEST_POSTGRES'] ?? ''
  const name = `acrux_server_${hash('sha256', dataDir, 'hex').slice(0, 24)}`
  const isThere = psql(server, 'postgres', `select 1 from pg_database where datname = '${name}'`) !== ''
  if (!isThere) psql(server, 'postgres', `create database ${name}`)
  return argumentsFor(server, name, passwordFileOf(server))
}

/** Starts a PostgreSQL that only the test uses. */
export async function startTestPostgres(
  options: Parameters<typeof startPostgres>[0] = {},
): Promise<TestPostgres & { readonly startPooler: () => Promise<TestPooler> }> {
  const server = await startPostgres(options)
  if (server === undefined) throw new Error('PostgreSQL is not installed')
  const url = new URL(server.url)
  const passwordFile = passwordFileOf(server.url)
  return {
    host: url.host,
    passwordFile,
    createDatabase(name) {
      psql(server.url, 'postgres', `create database ${name}`)
      const [own = ''] = name.split(' ')
      return {
        url: `postgres://${url.username}@${url.host}/${own}`,
        args: argumentsFor(server.url, own, passwordFile),
        query: (sql) => psql(server.url, own, sql),
      }
    },
    pause: () => server.pause(),
    resume: () => server.resume(),
    kill: (which, pick) => server.kill(which, pick),
    async startPooler() {
      const pooler = await startPgbouncer(server.url)
      if (pooler === undefined) throw new Error('PgBouncer is not installed')
      const { host } = new URL(pooler.url)
      return {
        urlOf: (database) => database.url.replace(`@${url.host}/`, `@${host}/`),
        [Symbol.asyncDispose]: () => pooler.stop(),
      }
    },
    [Symbol.asyncDispose]: () => server.stop(),
  }
}
