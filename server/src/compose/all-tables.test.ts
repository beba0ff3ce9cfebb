import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { migrate } from '../platform/sql/migrations.ts'
import { parsePostgresUrl } from '../platform/sql/postgres-address.ts'
import { openPostgresTarget } from '../platform/sql/postgres-raw-database.ts'
import type { RawDatabase, RawRow, RawTable, RawTarget } from '../platform/sql/raw-database.ts'
import { openSqliteTarget } from '../platform/sql/sqlite-raw-database.ts'
import { testDatabaseKinds } from '../../testing/platform/test-database.ts'
import { openPostgresForTest } from '../../testing/platform/test-postgres.ts'
import { moveData } from '../operations/index.ts'
import { migrations } from './state/migrations.ts'

/** Tables that belong to one database and are not moved. Add a new table of this kind to this list, with a reason. */
const ofDatabase = {
  sqlite: ['relocation', 'schema_migration'],
  postgres: [
    'authority_fence',
    'authority_lease',
    'authority_lease_terms',
    'authority_revision',
    'relocation',
    'schema_migration',
  ],
}

async function openFile(t: TestContext): Promise<RawTarget> {
  const directory = await mkdtemp(join(tmpdir(), 'acrux-tables-'))
  const target = await openSqliteTarget(join(directory, 'acrux.db'), (database) => migrate(database, migrations, 0))
  t.after(async () => {
    await target.close()
    await rm(directory, { recursive: true })
  })
  return target
}

async function openPostgres(t: TestContext): Promise<{ target: RawTarget; server: pg.Client }> {
  const url = new URL(process.env['ACRUX_TEST_POSTGRES'] ?? '')
  const name = `acrux_tables_${randomBytes(6).toString('hex')}`
  const server = new pg.Client(url.href)
  await server.connect()
  await server.query(`create database ${name}`)
  url.pathname = `/${name}`
  const address = parsePostgresUrl(url.href)
  if (typeof address === 'string') throw new Error(address)
  const openDatabase = () => openPostgresForTest(url.href)
  const target = await openPostgresTarget({ address, access: {}, id: 'one', migrations, openDatabase })
  const inside = new pg.Client(url.href)
  await inside.connect()
  t.after(async () => {
    await inside.end()
    await target.close()
    try {
      await server.query(`drop database ${name}`)
    } finally {
      await server.end()
    }
  })
  return { target, server: inside }
}

/** Rows of a table with values of the kind of each column, instead of the rows that the migrations inserted. */
async function fill(target: RawTarget, table: RawTable): Promise<void> {
  await target.delete(table, await Array.fromAsync(target.rows(table)))
  const rows: RawRow[] = Array.from({ length: 3 }, () =>
    table.columns.map(({ kind }) => {
      if (kind === 'integer') return randomInt(2 ** 47)
      const bytes = randomBytes(12)
      return kind === 'bytes' ? bytes : bytes.toString('base64')
    }),
  )
  await target.insert(table, rows)
}

async function moveAll(source: RawDatabase, target: RawTarget): Promise<string[]> {
  const pause = () => Promise.resolve()
  const moved = await moveData({ source, target, blobs: undefined, pause, onProgress: () => undefined })
  for (const { rows } of Object.values(moved.tables)) assert.equal(rows, 3)
  return Object.keys(moved.tables)
}

if (testDatabaseKinds.length === 2) {
  test('every table that the migrations create is moved from SQLite to PostgreSQL and back', async (t) => {
    const source = await openFile(t)
    const { target, server } = await openPostgres(t)
    const back = await openFile(t)
    for (const table of await source.tables()) await fill(source, table)
    const moved = await moveAll(source, target)
    const there = await server.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE' order by 1`,
    )
    const inPostgres = there.rows.map(({ name }) => name).filter((name) => !ofDatabase.postgres.includes(name))
    assert.deepEqual(moved, inPostgres.toSorted())
    type Schema = { sqlite_schema: { name: string; type: string } }
    const tables = source.builder().withTables<Schema>().selectFrom('sqlite_schema').select('name')
    const names = (await tables.where('type', '=', 'table').execute()).map(({ name }) => name)
    const inSqlite = names.filter((name) => !ofDatabase.sqlite.includes(name) && !name.startsWith('sqlite_'))
    assert.deepEqual(moved, inSqlite.toSorted())
    assert.ok(moved.length > 50)
    assert.deepEqual(await moveAll(target, back), moved)
  })
}
