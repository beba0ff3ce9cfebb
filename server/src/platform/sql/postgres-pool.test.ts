import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { startPostgres } from '../../../../test/setup/postgres.mjs'
import { DatabaseUnavailableError, outageOf } from '../process/outage.ts'
import { connectionTo, parsePostgresUrl } from './postgres-address.ts'
import { queryWithBegin } from './postgres-begin.ts'
import { PostgresPool } from './postgres-pool.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { openPostgresForTest } from '../../../testing/platform/test-postgres.ts'

const isOutage = (error: unknown) => outageOf(error)?.status === 503

describe('connections to PostgreSQL', { skip: !testDatabaseKinds.includes('postgres') }, () => {
  let server: Awaited<ReturnType<typeof startPostgres>>
  let admin: pg.Client

  before(async () => {
    server = await startPostgres()
    assert.ok(server !== undefined)
    admin = new pg.Client({ connectionString: server.url })
    await admin.connect()
  })
  after(async () => {
    await admin.end()
    await server?.stop()
  })

  function open(limits: { readonly max?: number; readonly queryMs?: number; readonly waitMs?: number } = {}) {
    const address = parsePostgresUrl(server?.url ?? '')
    assert.ok(typeof address !== 'string')
    const { max = 2, queryMs = 60_000, waitMs = 60_000 } = limits
    const pool = new PostgresPool(connectionTo(address, {}), {
      max,
      query_timeout: queryMs,
      connectionTimeoutMillis: waitMs,
    })
    return { pool, [Symbol.asyncDispose]: () => pool.end() }
  }

  test('a connection prepares a statement again after a migration has changed the columns', async () => {
    await using opened = open()
    const { pool } = opened
    await admin.query('create table grown (id int); insert into grown values (1)')
    const read = () => pool.query({ name: 'read', text: 'select * from grown' })
    const every = () => Promise.all([read(), read(), read()])
    await every()
    await admin.query('alter table grown add column size int default 7')
    for (const rows of await every()) assert.deepEqual(rows, [{ id: 1, size: 7 }])
    assert.deepEqual(await pool.queryValues({ name: 'read', text: 'select * from grown', rowMode: 'array' }), [[1, 7]])
  })

  test('if a statement takes too long, the connection is closed, and the statement fails with the outage error', async () => {
    await using opened = open({ max: 1, queryMs: 500 })
    const { pool } = opened
    await assert.rejects(pool.query({ text: 'select pg_sleep(600)' }), isOutage)
    assert.deepEqual(await pool.query({ text: 'select 1 as one' }), [{ one: 1 }])
  })

  test('a caller waits for a connection for at most the configured time, and then fails with the outage error', async () => {
    await using opened = open({ max: 1, waitMs: 500 })
    const { pool } = opened
    const client = await pool.connect()
    await assert.rejects(pool.query({ text: 'select 1' }), isOutage)
    client.release()
    assert.deepEqual(await pool.query({ text: 'select 1 as one' }), [{ one: 1 }])
  })

  test('connections for reads send no statement that writes', async () => {
    await using opened = open()
    const client = await opened.pool.readOnly().connect()
    for (const text of ['insert into grown values (2)', 'update grown set id = 2', 'drop table grown', 'set a = 1']) {
      await assert.rejects(Promise.resolve(client.query(text, [])), /read-only/, text)
    }
    const { rows } = await client.query<{ one: number }>('with a as (select 1 as one) select * from a', [])
    assert.deepEqual(rows, [{ one: 1 }])
  })

  test('a connection sends the start of a transaction and the first statement in one round trip', async () => {
    let roundTrips = 0
    const count = () => void (roundTrips += 1)
    admin.connection.on('readyForQuery', count)
    const begin = 'start transaction isolation level serializable'
    for (const values of [[], ['transaction_isolation']]) {
      const text = `select current_setting(${values.length > 0 ? '$1' : `'transaction_isolation'`}) as level`
      const { rows } = await queryWithBegin(admin, begin, { text, values })
      assert.deepEqual(rows, [{ level: 'serializable' }])
      await admin.query('rollback')
    }
    admin.connection.off('readyForQuery', count)
    assert.equal(roundTrips, 4)
  })

  test('a connection executes the first statement of a transaction only within the transaction', async () => {
    await admin.query('create table kept (id int)')
    const text = 'insert into kept values ($1)'
    await assert.rejects(queryWithBegin(admin, 'start transaction isolation level none', { text, values: [1] }), /none/)
    const failing = queryWithBegin(admin, 'start transaction', { text, values: ['a word'] })
    await assert.rejects(failing, /a word/)
    await admin.query('rollback')
    assert.deepEqual((await admin.query('select * from kept')).rows, [])
  })

  test('a transaction without statements fails if the connection is lost, and was not committed', async () => {
    await using opened = open({ max: 1 })
    const { pool } = opened
    const client = await pool.connect()
    await client.query('start transaction isolation level serializable', [])
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()')
    await assert.rejects(
      Promise.resolve(client.query('commit', [])),
      (error) => error instanceof DatabaseUnavailableError && !error.mayHaveCommitted,
    )
    client.release()
  })

  test('conflicting transactions are repeated, and after the last attempt fail with the outage error', async () => {
    const database = await openPostgresForTest(server?.url ?? '')
    try {
      await admin.query('create table counted (id int primary key, value int); insert into counted values (1, 0)')
      const bump = () =>
        database.transaction(async (transaction) => {
          const tables = transaction.tables<{ counted: { id: number; value: number } }>()
          const row = await tables.selectFrom('counted').select('value').executeTakeFirstOrThrow()
          await tables
            .updateTable('counted')
            .set({ value: row.value + 1 })
            .execute()
        })
      await Promise.all(Array.from({ length: 20 }, bump))
      assert.deepEqual((await admin.query('select value from counted')).rows, [{ value: 20 }])
      await admin.query(`create function conflict() returns trigger language plpgsql as $$
        begin raise exception 'always' using errcode = 'serialization_failure'; end $$;
        create trigger conflict before update on counted for each row execute function conflict()`)
      await assert.rejects(bump(), (error) => outageOf(error)?.kind === 'database-busy')
    } finally {
      await database.close()
    }
  })
})
