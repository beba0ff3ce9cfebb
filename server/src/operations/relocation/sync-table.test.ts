import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { sql } from 'kysely'
import pg from 'pg'
import type { Database, DatabaseKind, Transaction } from '../../platform/sql/database.ts'
import { IncompleteDatabaseError, migrate, type Migration } from '../../platform/sql/migrations.ts'
import { parsePostgresUrl } from '../../platform/sql/postgres-address.ts'
import {
  openPostgresSource,
  openPostgresTarget,
  TargetNotEmptyError,
} from '../../platform/sql/postgres-raw-database.ts'
import type { RawDatabase, RawTable, RawTarget } from '../../platform/sql/raw-database.ts'
import { openSqliteDatabase } from '../../platform/sql/sqlite-database.ts'
import { openSqliteSource, openSqliteTarget } from '../../platform/sql/sqlite-raw-database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { openPostgresForTest } from '../../../testing/platform/test-postgres.ts'
import { syncTable, verifyTable } from './sync-table.ts'

/** Runs clean-ups at the end of a test, the last one first. */
const stacks = new WeakMap<TestContext, AsyncDisposableStack>()
function atEnd(t: TestContext, work: () => Promise<unknown>): void {
  let stack = stacks.get(t)
  if (stack === undefined) {
    const made = new AsyncDisposableStack()
    stacks.set(t, made)
    t.after(() => made.disposeAsync())
    stack = made
  }
  stack.defer(async () => void (await work()))
}

/** A table of each kind of column, with a unique value, a key of two columns, numbers from a sequence, and a trigger. */
const migrations: readonly Migration[] = [
  {
    id: 'test-0001-tables',
    up: async (schema, types, transaction) => {
      await schema
        .createTable('person')
        .addColumn('country', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('age', types.integer)
        .addColumn('picture', types.bytes)
        .addColumn('email', types.text, (column) => column.unique())
        .addPrimaryKeyConstraint('person_key', ['name', 'country'])
        .execute()
      await schema
        .createTable('tally')
        .addColumn('id', types.integer, (column) => column.primaryKey())
        .addColumn('people', types.integer, (column) => column.notNull())
        .execute()
      await schema.createTable('pair').addColumn('one', types.text).addColumn('other', types.integer).execute()
      await createEvents(transaction)
      await createTrigger(transaction)
      await sql`insert into tally (id, people) values (1, 0)`.execute(transaction.tables())
    },
  },
]

async function createEvents(transaction: Transaction): Promise<void> {
  const { kind } = transaction
  const key = kind === 'sqlite' ? 'integer primary key' : `bigint primary key default nextval('event_number')`
  if (kind === 'postgres') await sql`create sequence event_number`.execute(transaction.tables())
  await sql.raw(`create table event (seq ${key}, text text)`).execute(transaction.tables())
}

async function createTrigger(transaction: Transaction): Promise<void> {
  const { kind } = transaction
  const count = 'update tally set people = people + 1 where id = 1;'
  const before = 'create trigger count_people after insert on person for each row'
  if (kind === 'sqlite') return void (await sql.raw(`${before} begin ${count} end`).execute(transaction.tables()))
  const body = `$$ begin ${count} return null; end $$`
  await sql
    .raw(`create function count_people() returns trigger language plpgsql as ${body}`)
    .execute(transaction.tables())
  await sql.raw(`${before} execute function count_people()`).execute(transaction.tables())
}

type Tables = {
  person: { country: string; name: string; age: number | null; picture: Uint8Array | null; email: string | null }
  tally: { id: number; people: number }
  event: { seq?: number; text: string }
  pair: { one: string | null; other: number | null }
}

/** A place for a database, which can be opened in each way. */
type Place = {
  readonly open: () => Promise<Database>
  readonly source: () => Promise<RawDatabase>
  readonly target: (id: string) => Promise<RawTarget>
}

async function newPlace(t: TestContext, kind: DatabaseKind): Promise<Place> {
  return kind === 'sqlite' ? newFile(t) : newPostgres(t)
}

async function newFile(t: TestContext): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'acrux-sync-'))
  atEnd(t, () => rm(directory, { recursive: true }))
  const file = join(directory, 'test.db')
  return {
    open: () => openSqliteDatabase(file),
    source: async () => openSqliteSource(file),
    target: () => openSqliteTarget(file, (database) => migrate(database, migrations, 0)),
  }
}

async function newPostgres(t: TestContext): Promise<Place> {
  const url = new URL(process.env['ACRUX_TEST_POSTGRES'] ?? '')
  const name = `acrux_sync_${Math.random().toString(36).slice(2)}`
  const server = new pg.Client(url.href)
  await server.connect()
  atEnd(t, async () => {
    try {
      await server.query(`drop database ${name}`)
    } finally {
      await server.end()
    }
  })
  await server.query(`create database ${name}`)
  url.pathname = `/${name}`
  const address = parsePostgresUrl(url.href)
  if (typeof address === 'string') throw new Error(address)
  const connection = { address, access: {} }
  const open = () => openPostgresForTest(url.href)
  return {
    open,
    source: () => openPostgresSource(connection),
    target: (id) => openPostgresTarget({ ...connection, id, migrations, openDatabase: open }),
  }
}

const person = (name: string, country = 'nl', email: string | null = null): Tables['person'] => {
  return { name, country, age: null, picture: null, email }
}

/** Names whose order by UTF-16 differs from that by UTF-8, and others that are easily compared wrongly. */
const names = [
  'a',
  'A',
  'ab',
  'a b',
  'a\n',
  'é',
  'z',
  '',
  '\uffee',
  '\u{1f40b}',
  '1',
  '10',
  '2',
  "O'Neill",
  '{a,"b"}',
  '\\x',
]

/** A table without a primary key can have a row twice, and nulls. */
const pairs: Tables['pair'][] = [
  { one: 'a', other: 1 },
  { one: 'a', other: 1 },
  { one: null, other: 1 },
  { one: 'a', other: null },
  { one: null, other: null },
]

async function fill(database: Database): Promise<void> {
  await migrate(database, migrations, 0)
  await database.transaction(async (transaction) => {
    const people = names.map((name, index) => ({
      ...person(name, index % 2 === 0 ? 'nl' : 'de', `${index}@example.com`),
      age: index === 3 ? null : index * 2 ** 40 - 1,
      picture: index === 4 ? null : Buffer.from([index, 0, 255, 92]),
    }))
    await transaction.tables<Tables>().insertInto('person').values(people).execute()
    const many = Array.from({ length: 150 }, (_, index) => person(`person ${index}`, 'nl'))
    for (let round = 0; round < 20; round += 1) {
      const rows = many.map((row) => ({ ...row, country: `c${round}`, picture: Buffer.alloc(round * 100) }))
      await transaction.tables<Tables>().insertInto('person').values(rows).execute()
    }
    await transaction.tables<Tables>().insertInto('pair').values(pairs).execute()
    for (let seq = 1; seq <= 5; seq += 1)
      await transaction
        .tables<Tables>()
        .insertInto('event')
        .values({ text: `${seq}` })
        .execute()
  })
}

async function syncAll(source: RawDatabase, target: RawTarget): Promise<void> {
  for (const table of await source.tables()) await syncTable({ source, target }, table)
}

async function contents(source: RawDatabase, target: RawTarget): Promise<Record<string, number | undefined>> {
  const found: Record<string, number | undefined> = {}
  for (const table of await source.tables()) found[table.name] = (await verifyTable({ source, target }, table))?.rows
  return found
}

const change = (database: Database, work: (transaction: Transaction) => Promise<unknown>) => database.transaction(work)

const directions =
  testDatabaseKinds.length < 2
    ? []
    : ([
        ['sqlite', 'postgres'],
        ['postgres', 'sqlite'],
      ] as const)

for (const [from, to] of directions) {
  describe(`tables that are copied from ${from} to ${to}`, () => {
    async function open(t: TestContext) {
      const place = await newPlace(t, from)
      const database = await place.open()
      atEnd(t, () => database.close())
      await fill(database)
      const source = await place.source()
      atEnd(t, () => source.close())
      const targetPlace = await newPlace(t, to)
      return { database, source, targetPlace }
    }

    test('have the same rows afterwards, and what triggers did is not done again', async (t) => {
      const { source, targetPlace } = await open(t)
      const target = await targetPlace.target('one')
      assert.deepEqual(await target.tables(), await source.tables())
      await syncAll(source, target)
      assert.deepEqual(await contents(source, target), { event: 5, pair: 5, person: 3016, tally: 1 })
      await target.complete()
      await target.close()
      const moved = await targetPlace.open()
      atEnd(t, () => moved.close())
      await migrate(moved, migrations, 0)
      const tally = () => moved.tables<Tables>().selectFrom('tally').select('people').executeTakeFirstOrThrow()
      assert.equal((await tally()).people, 3016)
      await change(moved, (transaction) =>
        transaction.tables<Tables>().insertInto('person').values(person('new')).execute(),
      )
      assert.equal((await tally()).people, 3017, 'the trigger fires again')
      await change(moved, (transaction) =>
        transaction.tables<Tables>().insertInto('event').values({ text: 'next' }).execute(),
      )
      const last = moved.tables<Tables>().selectFrom('event').select('seq').where('text', '=', 'next')
      assert.equal((await last.executeTakeFirstOrThrow()).seq, 6, 'numbers continue')
    })

    test('follow every change of the source, also if a unique value moves to another row', async (t) => {
      const { database, source, targetPlace } = await open(t)
      const target = await targetPlace.target('one')
      atEnd(t, () => target.close())
      await syncAll(source, target)
      await change(database, async (transaction) => {
        const people = transaction.tables<Tables>()
        const of = (name: string) => people.updateTable('person').where('name', '=', name)
        await of('a').set({ email: 'swapped' }).execute()
        await of('z').set({ email: '0@example.com' }).execute()
        await of('a')
          .set({ email: '6@example.com', picture: Buffer.from('new') })
          .execute()
        await people.deleteFrom('person').where('country', '=', 'c7').execute()
        await people.deleteFrom('pair').where('one', 'is', null).execute()
        await people
          .insertInto('person')
          .values([person('first', 'a'), person('\u{1f40b}\u{1f40b}')])
          .execute()
      })
      const different = await contents(source, target)
      assert.deepEqual(different, { event: 5, pair: undefined, person: undefined, tally: undefined })
      await syncAll(source, target)
      assert.deepEqual(await contents(source, target), { event: 5, pair: 3, person: 2868, tally: 1 })
    })

    test('leave a row that changes during the copy to the next comparison', async (t) => {
      const { database, source, targetPlace } = await open(t)
      const target = await targetPlace.target('one')
      atEnd(t, () => target.close())
      await syncAll(source, target)
      const people = (await source.tables()).find((table) => table.name === 'person')
      assert.ok(people !== undefined)
      const setAge = (name: string) =>
        change(database, (transaction) =>
          transaction.tables<Tables>().updateTable('person').where('name', '=', name).set({ age: 99 }).execute(),
        )
      await setAge('a')
      let reads = 0
      const rows: RawDatabase['rows'] = async function* (table) {
        reads += 1
        // The first reading has found the rows to delete; the second one inserts.
        if (reads === 2) await setAge('z')
        yield* source.rows(table)
      }
      const changing = { ...source, rows, count: (table: RawTable) => source.count(table) }
      await syncTable({ source: changing, target }, people)
      assert.equal(reads, 2)
      assert.equal(await verifyTable({ source, target }, people), undefined)
      await syncTable({ source, target }, people)
      assert.equal((await verifyTable({ source, target }, people))?.rows, 3016)
    })

    test('are completed after an interruption, in the same target only', async (t) => {
      const { source, targetPlace } = await open(t)
      const first = await targetPlace.target('one')
      const people = (await source.tables()).find((table) => table.name === 'person')
      assert.ok(people !== undefined)
      let count = 0
      for await (const row of source.rows(people)) {
        count += 1
        if (count % 3 === 0) await first.insert(people, [row])
        if (count === 300) break
      }
      await first.close()
      const again = await targetPlace.target('one')
      atEnd(t, () => again.close())
      assert.deepEqual(await contents(source, again), {
        event: undefined,
        pair: undefined,
        person: undefined,
        tally: undefined,
      })
      await syncAll(source, again)
      assert.deepEqual(await contents(source, again), { event: 5, pair: 5, person: 3016, tally: 1 })
    })
  })
}

if (testDatabaseKinds.includes('postgres')) {
  test('a PostgreSQL database that is being filled is rejected by servers and by other migrations, until it is complete', async (t) => {
    const place = await newPlace(t, 'postgres')
    const target = await place.target('one')
    atEnd(t, () => target.close())
    const server = await place.open()
    atEnd(t, () => server.close())
    await assert.rejects(migrate(server, migrations, 0), IncompleteDatabaseError)
    await assert.rejects(place.target('two'), TargetNotEmptyError)
    await target.complete()
    await target.complete()
    await migrate(server, migrations, 0)
    await assert.rejects(place.target('two'), TargetNotEmptyError)
  })
}
