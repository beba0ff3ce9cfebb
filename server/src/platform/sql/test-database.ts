import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import type { Database, DatabaseKind } from './database.ts'
import { type Migration, migrate } from './migrations.ts'
import { openPostgresDatabase } from './postgres-database.ts'
import { openSqliteDatabase } from './sqlite-database.ts'

/** A fresh database for a test, and the way to be rid of it. */
export type TestDatabase = { readonly database: Database; readonly dispose: () => Promise<void> }

/** The server on which tests may make databases, as a URL. */
const postgresUrl = process.env['ACRUX_TEST_POSTGRES'] ?? ''

/** The database products that tests run on here: PostgreSQL where there is a server for tests. */
export const testDatabaseKinds: readonly DatabaseKind[] = postgresUrl === '' ? ['sqlite'] : ['sqlite', 'postgres']

/** Makes an empty database with these tables. */
export async function openTestDatabase(kind: DatabaseKind, migrations: readonly Migration[]): Promise<TestDatabase> {
  const opened = kind === 'sqlite' ? await openSqlite() : await openPostgres()
  await migrate(opened.database, migrations, 0)
  return opened
}

async function openSqlite(): Promise<TestDatabase> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-test-'))
  const database = await openSqliteDatabase(path.join(directory, 'test.db'))
  const dispose = async () => {
    await database.close()
    await rm(directory, { recursive: true })
  }
  return { database, dispose }
}

async function openPostgres(): Promise<TestDatabase> {
  const name = `acrux_test_${randomBytes(6).toString('hex')}`
  await onServer(`create database ${name}`)
  const url = new URL(postgresUrl)
  url.pathname = `/${name}`
  const database = await openPostgresDatabase(url.href)
  const dispose = async () => {
    await database.close()
    await onServer(`drop database ${name}`)
  }
  return { database, dispose }
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
