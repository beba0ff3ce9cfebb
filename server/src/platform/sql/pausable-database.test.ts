import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { WritesPausedError } from '../process/outage.ts'
import type { Database, DatabaseKind } from './database.ts'
import type { Migration } from './migrations.ts'
import { pausable } from './pausable-database.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { WaitingInserts } from './waiting-inserts.ts'

type Tables = { note: { id: number; text: string | null } }

const notes: Migration = {
  id: 'test-0001-notes',
  up: (schema, types) =>
    schema
      .createTable('note')
      .addColumn('id', types.integer, (column) => column.primaryKey())
      .addColumn('text', types.text)
      .execute(),
}

async function open(t: TestContext, kind: DatabaseKind) {
  const directory = await mkdtemp(join(tmpdir(), 'acrux-pausable-'))
  const { database, dispose } = await openTestDatabase(kind, [notes])
  t.after(async () => {
    await dispose()
    await rm(directory, { recursive: true })
  })
  const file = join(directory, 'waiting')
  const paused = pausable(database, new WaitingInserts(file))
  const insert = paused.database.prepareInsert<Tables['note']>('note', ['id', 'text'])
  const add = (id: number) =>
    paused.database.transaction((transaction) =>
      transaction.tables<Tables>().insertInto('note').values({ id, text: 'in a transaction' }).execute(),
    )
  return { ...paused, inner: database, file, insert, add }
}

const notesIn = (database: Database) => database.tables<Tables>().selectFrom('note').selectAll().orderBy('id').execute()

const idsIn = async (database: Database) => (await notesIn(database)).map(({ id }) => id)

for (const kind of testDatabaseKinds) {
  describe(`a ${kind} database whose changes are paused`, () => {
    test('while changes are paused, the database rejects transactions, answers reads, and inserts prepared rows when it is resumed', async (t) => {
      const { database, pause, resume, insert, add, file } = await open(t, kind)
      await add(1)
      await insert([{ id: 2, text: 'before' }])
      await pause()
      await assert.rejects(add(3), WritesPausedError)
      await assert.rejects(
        database.exclusiveTransaction(() => Promise.resolve()),
        WritesPausedError,
      )
      await Promise.all([insert([{ id: 4, text: 'two\nlines' }]), insert([{ id: 5, text: null }])])
      assert.deepEqual(await idsIn(database), [1, 2])
      assert.ok(existsSync(file))
      await resume()
      await add(6)
      const rows = await notesIn(database)
      assert.deepEqual(
        rows.map(({ id, text }) => [id, text]),
        [
          [1, 'in a transaction'],
          [2, 'before'],
          [4, 'two\nlines'],
          [5, null],
          [6, 'in a transaction'],
        ],
      )
      assert.ok(!existsSync(file))
    })

    test('the changes are paused only after the running transactions have ended', async (t) => {
      const { database, inner, pause, add } = await open(t, kind)
      const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
      const slow = database.transaction(async (transaction) => {
        await transaction.tables<Tables>().insertInto('note').values({ id: 1, text: null }).execute()
        await mayEnd
      })
      let isPaused = false
      const pausing = pause().then(async () => {
        isPaused = true
        return idsIn(inner)
      })
      await assert.rejects(add(2), WritesPausedError)
      assert.equal(isPaused, false)
      end()
      await slow
      assert.deepEqual(await pausing, [1])
    })

    test('the rows of a killed process are inserted, except for an incomplete row that the process had not acknowledged', async (t) => {
      const { inner, pause, insert, file } = await open(t, kind)
      await pause()
      await insert([
        { id: 1, text: null },
        { id: 2, text: null },
      ])
      await appendFile(file, '{"table":"note","row":{"id":3,"te')
      assert.equal(await new WaitingInserts(file).moveTo(inner), 2)
      assert.deepEqual(await idsIn(inner), [1, 2])
      assert.equal(await new WaitingInserts(file).moveTo(inner), 0)
    })
  })
}
