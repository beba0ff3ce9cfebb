import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { type TestContext, describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database, DatabaseKind, Transaction } from './database.ts'
import type { Migration } from './migrations.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'

type Tables = { note: { id: number; text: string; size: number | null; bytes: Uint8Array | null } }

const notes: Migration = {
  id: 'test-0001-notes',
  up: async (schema, types) => {
    await schema
      .createTable('note')
      .addColumn('id', types.integer, (column) => column.primaryKey())
      .addColumn('text', types.text, (column) => column.notNull())
      .addColumn('size', types.integer)
      .addColumn('bytes', types.bytes)
      .execute()
    await schema.createIndex('note_by_text').on('note').column('text').execute()
  },
}

async function open(t: TestContext, kind: DatabaseKind): Promise<Database> {
  const { database, dispose } = await openTestDatabase(kind, [notes])
  t.after(dispose)
  return database
}

const insert = (transaction: Transaction, id: number, text = `note ${id}`) =>
  transaction.tables<Tables>().insertInto('note').values({ id, text, size: null, bytes: null }).execute()

const idsIn = async (database: Database): Promise<number[]> =>
  (await database.tables<Tables>().selectFrom('note').select('id').orderBy('id').execute()).map(({ id }) => id)

class Rejected extends Error {}

for (const kind of testDatabaseKinds) {
  describe(`a ${kind} database`, () => {
    test('the database rejects a row that refers to a missing one', async (t) => {
      const database = await open(t, kind)
      await database.transaction((transaction) =>
        transaction
          .tables()
          .schema.createTable('remark')
          .addColumn('note_id', 'integer', (column) => column.references('note.id'))
          .execute(),
      )
      const remark = (note_id: number) =>
        database.transaction((transaction) =>
          transaction.tables<{ remark: { note_id: number } }>().insertInto('remark').values({ note_id }).execute(),
        )
      await assert.rejects(remark(1), /foreign key/i)
      await database.transaction((transaction) => insert(transaction, 1))
      await remark(1)
    })

    test('a transaction returns its result, and its changes become visible together', async (t) => {
      const database = await open(t, kind)
      const seen: number[][] = []
      const fromOutside = AsyncLocalStorage.snapshot()
      const result = await database.transaction(async (transaction) => {
        await insert(transaction, 1)
        seen.push(await fromOutside(() => idsIn(database)))
        await insert(transaction, 2)
        seen.push(await fromOutside(() => idsIn(database)))
        return 'done'
      })
      assert.equal(result, 'done')
      assert.deepEqual(seen, [[], []], 'a reader sees what is committed and nothing else')
      assert.deepEqual(await idsIn(database), [1, 2])
    })

    test('a transaction that throws is rolled back, and concurrent transactions are not affected', async (t) => {
      const database = await open(t, kind)
      const outcomes = await Promise.allSettled(
        Array.from({ length: 40 }, (_, id) =>
          database.transaction(async (transaction) => {
            await insert(transaction, id)
            if (id % 4 === 3) throw new Rejected(`note ${id}`)
            return id
          }),
        ),
      )
      const kept = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
      assert.deepEqual(
        kept,
        Array.from({ length: 40 }, (_, id) => id).filter((id) => id % 4 !== 3),
      )
      assert.ok(outcomes.every((outcome) => outcome.status === 'fulfilled' || outcome.reason instanceof Rejected))
      assert.deepEqual(await idsIn(database), kept)
    })

    test('a prepared insert inserts its rows atomically', async (t) => {
      const database = await open(t, kind)
      const insertNotes = database.prepareInsert<{ id: number; text: string; size: number | null }>('note', [
        'id',
        'text',
        'size',
      ])
      const note = (id: number) => ({ id, text: `note ${id}; drop table note`, size: id === 1 ? null : id })
      await insertNotes([])
      await insertNotes([note(1), note(2)])
      await assert.rejects(insertNotes([note(3), note(2), note(4)]), /unique|duplicate/i)
      await Promise.all([5, 6, 7].map((id) => insertNotes([note(id)])))
      const rows = await database
        .tables<Tables>()
        .selectFrom('note')
        .select(['id', 'text', 'size'])
        .orderBy('id')
        .execute()
      assert.deepEqual(
        rows.map((row) => ({ ...row })),
        [1, 2, 5, 6, 7].map(note),
      )
    })

    test('after a statement that the database rejects, other transactions continue', async (t) => {
      const database = await open(t, kind)
      const twice = database.transaction(async (transaction) => {
        await insert(transaction, 1)
        await insert(transaction, 1)
      })
      const after = database.transaction((transaction) => insert(transaction, 2))
      await assert.rejects(twice, /unique|duplicate/i)
      await after
      assert.deepEqual(await idsIn(database), [2])
    })

    test('concurrent transactions have the same result as successive transactions', async (t) => {
      const database = await open(t, kind)
      await database.transaction((transaction) => insert(transaction, 1, '0'))
      const count = () =>
        database.transaction(async (transaction) => {
          const tables = transaction.tables<Tables>()
          const { text } = await tables.selectFrom('note').select('text').where('id', '=', 1).executeTakeFirstOrThrow()
          await tables
            .updateTable('note')
            .set({ text: String(Number(text) + 1) })
            .where('id', '=', 1)
            .execute()
        })
      await Promise.all(Array.from({ length: 6 }, count))
      const row = await database.tables<Tables>().selectFrom('note').select('text').executeTakeFirst()
      assert.equal(row?.text, '6')
    })

    test('concurrent transactions that check for a row before they insert it insert the row only once', async (t) => {
      const database = await open(t, kind)
      const addOnce = (id: number) =>
        database.transaction(async (transaction) => {
          const tables = transaction.tables<Tables>()
          // This check uses another index than the unique index. PostgreSQL then reports the duplicate key and not the
          // conflict.
          const found = await tables.selectFrom('note').select('id').where('text', '=', `note ${id}`).executeTakeFirst()
          if (found !== undefined) return 0
          await insert(transaction, id)
          return 1
        })
      for (let id = 0; id < 40; id += 1) {
        const added = await Promise.all(Array.from({ length: 6 }, () => addOnce(id)))
        assert.equal(
          added.reduce<number>((sum, one) => sum + one, 0),
          1,
        )
      }
    })

    test('the authority revision has changed when a change of authority is acknowledged, and no other change affects it', async (t) => {
      const database = await open(t, kind)
      const before = await database.authorityRevision()
      await database.transaction((transaction) => insert(transaction, 1))
      assert.equal(await database.authorityRevision(), before, 'no authority was changed')
      const failing = database.transaction(async (transaction) => {
        transaction.changesAuthority()
        await insert(transaction, 2)
        throw new Rejected()
      })
      await assert.rejects(failing, Rejected)
      assert.equal(await database.authorityRevision(), before, 'the change was undone')
      const changed = Promise.withResolvers<void>()
      const seen = Promise.withResolvers<void>()
      const change = database.transaction(async (transaction) => {
        transaction.changesAuthority()
        await insert(transaction, 3)
        changed.resolve()
        await seen.promise
      })
      await changed.promise
      const meanwhile = await database.authorityRevision()
      seen.resolve()
      await change
      assert.equal(meanwhile, before, 'nobody sees the change yet')
      const after = await database.authorityRevision()
      assert.notEqual(after, before)
      await Promise.all([
        database.transaction((transaction) => insert(transaction, 4)),
        database.transaction(async (transaction) => transaction.changesAuthority()),
        database.transaction((transaction) => insert(transaction, 5)),
      ])
      assert.notEqual(await database.authorityRevision(), after, 'one of several that share a commit')
    })

    test('after the end of a transaction, the database rejects every use of the transaction', async (t) => {
      const database = await open(t, kind)
      const kept = await database.transaction(async (transaction) => {
        await insert(transaction, 1)
        return { transaction, tables: transaction.tables<Tables>() }
      })
      const late = { id: 2, text: 'late', size: null, bytes: null }
      await assert.rejects(async () => insert(kept.transaction, 2), /used after its end|already committed/)
      await assert.rejects(
        async () => kept.tables.insertInto('note').values(late).execute(),
        /used after its end|already committed/,
      )
      const other = database.transaction(async (transaction) => {
        await insert(transaction, 3)
        await assert.rejects(
          async () => kept.tables.insertInto('note').values(late).execute(),
          /used after its end|already committed/,
        )
      })
      await other
      assert.deepEqual(await idsIn(database), [1, 3], 'nothing slipped into the transaction of another')
    })

    test('a read returns rows as arrays of values in the selected order', async (t) => {
      const database = await open(t, kind)
      const all = database.prepare<Tables, Record<string, never>, unknown>([], (tables) =>
        tables.selectFrom('note').select(['text', 'size', 'bytes', 'id', 'text as again']).orderBy('id'),
      )
      await database.transaction(async (transaction) => {
        await insert(transaction, 1, 'ü\u{1f433}')
        const values = { id: 2, text: '', size: Number.MAX_SAFE_INTEGER, bytes: new Uint8Array([0, 255]) }
        await transaction.tables<Tables>().insertInto('note').values(values).execute()
      })
      const [first, second, ...more] = await all.values({})
      assert.deepEqual([first, more], [['ü\u{1f433}', null, null, 1, 'ü\u{1f433}'], []])
      const [text, size, bytes, ...rest] = second ?? []
      assert.deepEqual([text, size, rest], ['', Number.MAX_SAFE_INTEGER, [2, '']])
      assert.deepEqual(Buffer.from(bytes as Uint8Array), Buffer.from([0, 255]))
    })

    test('a read is prepared once, and its parameters are values and never SQL', async (t) => {
      const database = await open(t, kind)
      const byText = database.prepare<Tables, { text: string; least: number }, { id: number }>(
        ['text', 'least'],
        (tables, p) =>
          tables
            .selectFrom('note')
            .select('id')
            .where('text', '=', p.text)
            .where('id', '>=', p.least)
            .where('id', '<', 100)
            .orderBy('id'),
      )
      const hostile = "x' or '1'='1"
      await database.transaction(async (transaction) => {
        for (const id of [1, 2, 3]) await insert(transaction, id, 'x')
        await insert(transaction, 4, hostile)
        await insert(transaction, 100, 'x')
      })
      assert.deepEqual(
        (await byText.all({ text: 'x', least: 2 })).map(({ id }) => id),
        [2, 3],
      )
      assert.deepEqual(await byText.values({ text: 'x', least: 2 }), [[2], [3]])
      assert.equal((await byText.first({ text: 'x', least: 1 }))?.id, 1)
      assert.deepEqual(
        (await byText.all({ text: hostile, least: 0 })).map(({ id }) => id),
        [4],
      )
      assert.equal(await byText.first({ text: 'y', least: 0 }), undefined)
    })

    test('the database stores every value unchanged: large integers, bytes, null, and text in any script', async (t) => {
      const database = await open(t, kind)
      const row = {
        id: 1,
        text: 'ä 漢 🐋 \' " \\ % _',
        size: Number.MAX_SAFE_INTEGER,
        bytes: Buffer.from([0, 255, 10, 39]),
      }
      await database.transaction((transaction) => transaction.tables<Tables>().insertInto('note').values(row).execute())
      const found = await database.tables<Tables>().selectFrom('note').selectAll().executeTakeFirstOrThrow()
      assert.equal(found.text, row.text)
      assert.equal(found.size, row.size)
      assert.deepEqual(Buffer.from(found.bytes ?? []), row.bytes)
      await database.transaction((transaction) => insert(transaction, 2))
      const other = await database
        .tables<Tables>()
        .selectFrom('note')
        .selectAll()
        .where('id', '=', 2)
        .executeTakeFirst()
      assert.equal(other?.size, null)
    })

    test('the database orders text by its bytes, so that pages are the same in every database', async (t) => {
      const database = await open(t, kind)
      const names = ['a', 'a-b', 'a/b', 'a0', 'B', 'ä', 'b', 'a_b']
      await database.transaction(async (transaction) => {
        for (const [id, name] of names.entries()) await insert(transaction, id, name)
      })
      const rows = await database.tables<Tables>().selectFrom('note').select('text').orderBy('text').execute()
      const byBytes = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      assert.deepEqual(
        rows.map(({ text }) => text),
        byBytes,
      )
    })

    test('the query builder for reads rejects writes', async (t) => {
      const database = await open(t, kind)
      const values = { id: 1, text: 'x', size: null, bytes: null }
      await assert.rejects(
        async () => database.tables<Tables>().insertInto('note').values(values).execute(),
        /readonly|read-only/,
      )
    })

    test('closing the database waits for running transactions, and rejects later transactions', async () => {
      const { database, dispose } = await openTestDatabase(kind, [notes])
      const underWay = database.transaction(async (transaction) => {
        await nextTurn()
        await insert(transaction, 1)
        return 'written'
      })
      const closed = dispose()
      assert.equal(await underWay, 'written')
      await closed
      await assert.rejects(
        database.transaction((transaction) => insert(transaction, 2)),
        /closed|end on the pool/,
      )
    })
  })
}
