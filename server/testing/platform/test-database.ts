import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after } from 'node:test'
import pg from 'pg'
import type { Database, DatabaseKind } from '../../src/platform/sql/database.ts'
import { type Migration, migrate } from '../../src/platform/sql/migrations.ts'
import { openPostgresForTest } from './test-postgres.ts'
import { openSqliteDatabase } from '../../src/platform/sql/sqlite-database.ts'

/** A new database for a test. */
export type TestDatabase = { readonly database: Database; readonly dispose: () => Promise<void> }

/** The template of all databases with some migrations: the file of SQLite, or the name of a PostgreSQL database. */
type Template = Buffer | string

/** The PostgreSQL server on which tests may create databases, as a URL. */
const postgresUrl = process.env['ACRUX_TEST_POSTGRES'] ?? ''

/** The only kind of database that tests use, `sqlite` or `postgres`. Without this setting, tests of stores use both kinds. */
const onlyKind = process.env['ACRUX_TEST_DATABASES'] ?? ''

/**
 * The kinds of database for tests of behaviour that depends on the database: stores, transactions, races and revocation. The list contains
 * PostgreSQL only if a PostgreSQL server for tests is available.
 */
export const testDatabaseKinds: readonly DatabaseKind[] = (['sqlite', 'postgres'] as const).filter(
  (kind) => (onlyKind === '' || kind === onlyKind) && (kind === 'sqlite' || postgresUrl !== ''),
)

/** The kind of database for all other tests: SQLite, or PostgreSQL in `npm run test:postgres`. */
export const usualDatabaseKind: DatabaseKind = onlyKind === 'postgres' ? 'postgres' : 'sqlite'

/** The usual kind of database as a list, for tests that name their kind of database. */
export const usualDatabaseKinds: readonly DatabaseKind[] = [usualDatabaseKind]

/** Connections that do not keep the process alive. */
const server = new pg.Pool({ connectionString: postgresUrl, max: 4, allowExitOnIdle: true })

/** The requested migrations, and their template after the second request. */
const asked: { kind: DatabaseKind; migrations: readonly Migration[]; template?: Promise<Template> }[] = []

/** The running deletions of databases. PostgreSQL waits in a deletion until the last connection has ended. */
const drops: Promise<unknown>[] = []

after(async () => {
  for (const { template } of asked) {
    const name = await template
    if (typeof name === 'string') drops.push(drop(name))
  }
  await Promise.all(drops)
})

/** Creates an empty database with these tables. The second database of a process and all later databases are copies of the template. */
export async function openTestDatabase(kind: DatabaseKind, migrations: readonly Migration[]): Promise<TestDatabase> {
  const before = asked.find((one) => one.kind === kind && isSame(one.migrations, migrations))
  if (before !== undefined) {
    before.template ??= kind === 'sqlite' ? makeSqliteTemplate(migrations) : makePostgresTemplate(migrations)
    const template = await before.template
    return typeof template === 'string' ? openPostgres(template) : openSqlite(template)
  }
  asked.push({ kind, migrations })
  const opened = kind === 'sqlite' ? await openSqlite() : await openPostgres()
  await migrate(opened.database, migrations, 0)
  return opened
}

function isSame(some: readonly Migration[], others: readonly Migration[]): boolean {
  return some.length === others.length && some.every((migration, index) => migration === others[index])
}

async function makeSqliteTemplate(migrations: readonly Migration[]): Promise<Buffer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-test-'))
  try {
    const file = path.join(directory, 'test.db')
    await fill(await openSqliteDatabase(file), migrations)
    return await readFile(file)
  } finally {
    await rm(directory, { recursive: true })
  }
}

async function makePostgresTemplate(migrations: readonly Migration[]): Promise<string> {
  const name = await createPostgres('template1')
  await fill(await openPostgresForTest(urlOf(name)), migrations)
  return name
}

/** Migrates a database and closes it. The SQLite file contains all data only after the database was closed. */
async function fill(database: Database, migrations: readonly Migration[]): Promise<void> {
  try {
    await migrate(database, migrations, 0)
  } finally {
    await database.close()
  }
}

async function openSqlite(template?: Buffer): Promise<TestDatabase> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-test-'))
  const file = path.join(directory, 'test.db')
  if (template !== undefined) await writeFile(file, template, { mode: 0o600 })
  const database = await openSqliteDatabase(file)
  const dispose = async () => {
    await database.close()
    await rm(directory, { recursive: true })
  }
  return { database, dispose }
}

async function openPostgres(template = 'template1'): Promise<TestDatabase> {
  const name = await createPostgres(template)
  const database = await openPostgresForTest(urlOf(name))
  const dispose = async () => {
    await database.close()
    drops.push(drop(name))
  }
  return { database, dispose }
}

async function createPostgres(template: string): Promise<string> {
  const name = `acrux_test_${randomBytes(6).toString('hex')}`
  await server.query(`create database ${name} template ${template} strategy file_copy`)
  return name
}

/** The function that waits after the last test reports a failure. */
function drop(name: string): Promise<unknown> {
  const dropped = server.query(`drop database ${name}`)
  dropped.catch(() => undefined)
  return dropped
}

function urlOf(name: string): string {
  const url = new URL(postgresUrl)
  url.pathname = `/${name}`
  return url.href
}
