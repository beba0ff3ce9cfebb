import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import { sql } from 'kysely'
import pg from 'pg'
import type { LockHolder } from './postgres-exclusive.ts'
import type { Database } from './database.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { openPostgresForTest } from '../../../testing/platform/test-postgres.ts'

/** Opens a database, and a connection of another client to this database. Also returns the reported lock holders. */
async function open(t: TestContext, application: string) {
  const made = await openTestDatabase('postgres', [])
  t.after(made.dispose)
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(made.database.tables())
  const url = new URL(process.env['ACRUX_TEST_POSTGRES'] ?? '')
  url.pathname = `/${rows[0]?.name}`
  const reported: LockHolder[] = []
  const { promise: isReported, resolve } = Promise.withResolvers<void>()
  const onLockWait = (holder: LockHolder) => {
    reported.push(holder)
    resolve()
  }
  const database = await openPostgresForTest(url.href, { onLockWait })
  t.after(() => database.close())
  const other = new pg.Client({ connectionString: url.href, application_name: application })
  await other.connect()
  t.after(() => other.end())
  const pid = (await other.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid
  return { database, other, pid, reported, isReported }
}

const change = (database: Database, statement: string) =>
  database.exclusiveTransaction(async (transaction) => {
    await sql.raw(statement).execute(transaction.tables())
  })

describe('an exclusive transaction', { skip: !testDatabaseKinds.includes('postgres') }, () => {
  for (const { title, application, lock } of [
    {
      title: 'an exclusive transaction reports a dump of its table only once, and runs when the dump has ended',
      application: 'pg_dump',
      lock: 'lock table note in access share mode',
    },
    {
      title: 'an exclusive transaction that waits for another server reports the other server',
      application: 'acrux',
      lock: 'select pg_advisory_xact_lock(7236401)',
    },
  ]) {
    test(title, async (t) => {
      const { database, other, pid, reported, isReported } = await open(t, application)
      await change(database, 'create table note (id integer)')
      await other.query(`begin; ${lock}`)
      const changed = change(database, 'alter table note add column text text')
      await isReported
      await other.query('rollback')
      await changed
      assert.deepEqual(reported, [{ pid, application }])
    })
  }

  test('an exclusive transaction that waits for no lock reports no lock holder, even if it takes a long time', async (t) => {
    const { database, reported } = await open(t, 'acrux')
    await change(database, 'select pg_sleep(4)')
    assert.deepEqual(reported, [])
  })
})
