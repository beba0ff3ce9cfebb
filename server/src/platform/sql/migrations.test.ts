import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import { sql } from 'kysely'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../../testing/platform/test-patience.ts'
import type { Database, DatabaseKind } from './database.ts'
import { type Migration, NewerSchemaError, compareSchema, migrate } from './migrations.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'

const notes: Migration = {
  id: 'test-0001-notes',
  up: async (schema, types) => {
    await schema
      .createTable('note')
      .addColumn('id', types.integer, (column) => column.primaryKey())
      .execute()
  },
}

async function open(t: TestContext, kind: DatabaseKind): Promise<Database> {
  const { database, dispose } = await openTestDatabase(kind, [notes])
  t.after(dispose)
  return database
}

class Rejected extends Error {}

for (const kind of testDatabaseKinds) {
  describe(`migrations on ${kind}`, () => {
    test('each migration is applied once, and a newer schema is rejected', async (t) => {
      const database = await open(t, kind)
      let times = 0
      const further: Migration = { id: 'test-0002-further', up: async () => void (times += 1) }
      await migrate(database, [notes, further], 0)
      await migrate(database, [notes, further], 0)
      assert.equal(times, 1)
      await assert.rejects(migrate(database, [notes], 0), (error) => {
        assert.ok(error instanceof NewerSchemaError)
        assert.deepEqual(error.unknownMigrations, ['test-0002-further'])
        return true
      })
    })

    test('a newer schema is accepted only if its migrations declare that this version works with them', async (t) => {
      const step = (id: string, worksFor?: string): Migration => ({
        id,
        up: () => Promise.resolve(),
        ...(worksFor !== undefined && { worksFor }),
      })
      const [added, removed] = [step('test-0002-added', 'any'), step('test-0003-removed', 'test-0002-added')]
      for (const { why, applied, known, rejected } of [
        { why: 'it only adds', applied: [notes, added], known: [notes], rejected: [] },
        {
          why: 'it removes what this version does not use',
          applied: [notes, added, removed],
          known: [notes, added],
          rejected: [],
        },
        {
          why: 'it removes what this version may use',
          applied: [notes, added, removed],
          known: [notes],
          rejected: [removed.id],
        },
        {
          why: 'it says nothing',
          applied: [notes, step('test-0002-other')],
          known: [notes],
          rejected: ['test-0002-other'],
        },
      ]) {
        const database = await open(t, kind)
        await migrate(database, applied, 0)
        const start = () => migrate(database, known, 0)
        const compare = () => compareSchema(database, known)
        if (rejected.length === 0) {
          await start()
          const unknown = applied.slice(known.length).map(({ id }) => id)
          assert.deepEqual(await compare(), { missing: [], unknown }, why)
          continue
        }
        for (const attempt of [start, compare]) {
          await assert.rejects(attempt, (error) => {
            assert.ok(error instanceof NewerSchemaError, why)
            assert.deepEqual(error.unknownMigrations, rejected, why)
            return true
          })
        }
      }
    })

    test('if a migration fails, its changes and the changes of earlier migrations in the same start are rolled back', async (t) => {
      const database = await open(t, kind)
      const good: Migration = {
        id: 'test-0002-good',
        up: async (schema, types) => {
          await schema.createTable('other').addColumn('id', types.integer).execute()
        },
      }
      const bad: Migration = { id: 'test-0003-bad', up: () => Promise.reject(new Rejected()) }
      await assert.rejects(migrate(database, [notes, good, bad], 0), Rejected)
      await migrate(database, [notes, good], 0)
      const rows = await database.tables<{ note: { id: number } }>().selectFrom('note').selectAll().execute()
      assert.deepEqual(rows, [])
    })
  })
}

test(
  'a change of the schema does not block reads while a transaction, such as a transaction of pg_dump, locks the table',
  { skip: !testDatabaseKinds.includes('postgres') },
  async (t) => {
    const database = await open(t, 'postgres')
    const dump = Promise.withResolvers<void>()
    const isHeld = Promise.withResolvers<void>()
    const dumping = database.transaction(async (transaction) => {
      await sql`lock table note in access share mode`.execute(transaction.tables())
      isHeld.resolve()
      await dump.promise
    })
    await isHeld.promise
    const further: Migration = {
      id: 'test-0002-further',
      up: async (schema, types) => {
        await schema.alterTable('note').addColumn('text', types.text).execute()
      },
    }
    let isMigrated = false
    const migrated = migrate(database, [notes, further], 0).then(() => (isMigrated = true))
    const isWaiting = async () => {
      const { rows } = await sql<{ waiting: boolean }>`select exists (select from pg_locks
        where not granted and relation = 'note'::regclass) as waiting`.execute(database.tables())
      return rows[0]?.waiting === true
    }
    try {
      for (let attempt = 0; attempt < 2; attempt += 1) {
        await until('the change waits for the table', isWaiting)
        const read = database.tables<{ note: { id: number } }>().selectFrom('note').select('id').execute()
        assert.deepEqual(await Promise.race([read, sleep(20_000, 'blocked')]), [])
        assert.equal(isMigrated, false)
      }
    } finally {
      dump.resolve()
    }
    await dumping
    await migrated
    await database.tables<{ note: { text: string } }>().selectFrom('note').select('text').execute()
  },
)
