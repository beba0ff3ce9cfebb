import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { startPostgres } from '../../../../test/setup/postgres.mjs'
import { outageOf } from '../process/outage.ts'
import { until } from '../../../testing/platform/test-patience.ts'
import type { Database, Transaction } from './database.ts'
import { parsePostgresUrl } from './postgres-address.ts'
import { openPostgresForTest } from '../../../testing/platform/test-postgres.ts'
import { startStallingRelay } from '../../../testing/platform/test-stalling-relay.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'

type Tables = { note: { id: number } }

const insert = (transaction: Transaction, id: number) =>
  transaction.tables<Tables>().insertInto('note').values({ id }).execute()

const idsIn = async (database: Database): Promise<number[]> =>
  (await database.tables<Tables>().selectFrom('note').select('id').orderBy('id').execute()).map(({ id }) => id)

function addressOf(url: string) {
  const address = parsePostgresUrl(url)
  assert.ok(typeof address !== 'string')
  return address
}

// If a connection error had no listener, the error would end this process, and these tests would fail.
describe('a PostgreSQL that ends connections', { skip: !testDatabaseKinds.includes('postgres') }, () => {
  let server: Awaited<ReturnType<typeof startPostgres>>
  let database: Database

  before(async () => {
    server = await startPostgres()
    assert.ok(server !== undefined)
    database = await openPostgresForTest(server.url)
    await database.transaction((transaction) =>
      transaction
        .tables()
        .schema.createTable('note')
        .addColumn('id', 'integer', (column) => column.primaryKey())
        .execute(),
    )
  })
  after(async () => {
    await database.close()
    await server?.stop()
  })

  /** Runs a statement as an administrator, in a separate session. Returns the number of rows. */
  async function inSession(text: string, values: readonly unknown[] = []): Promise<number> {
    const admin = new pg.Client({ connectionString: server?.url })
    await admin.connect()
    try {
      return (await admin.query(text, [...values])).rowCount ?? 0
    } finally {
      await admin.end()
    }
  }

  /** Closes the connections with a given state in pg_stat_activity on the server, like an administrator. */
  const terminate = (state: string): Promise<number> =>
    inSession('select pg_terminate_backend(pid) from pg_stat_activity where state = $1 and pid <> pg_backend_pid()', [
      state,
    ])

  test('if the connection ends between two statements of a transaction, the transaction runs again', async () => {
    let attempts = 0
    await database.transaction(async (transaction) => {
      attempts += 1
      await insert(transaction, 1)
      if (attempts === 1) assert.equal(await terminate('idle in transaction'), 1)
      await insert(transaction, 2)
    })
    assert.equal(attempts, 2)
    assert.deepEqual(await idsIn(database), [1, 2])
  })

  test('if the connection ends in each attempt of a transaction, the transaction fails with the outage error and stores nothing', async () => {
    const failed = database.transaction(async (transaction) => {
      await insert(transaction, 3)
      assert.equal(await terminate('idle in transaction'), 1)
      await insert(transaction, 4)
    })
    await assert.rejects(failed, (error) => outageOf(error)?.kind === 'database-unavailable')
    assert.deepEqual(await idsIn(database), [1, 2])
  })

  test('if the connection ends in a transaction that then throws, the error of the transaction is rethrown', async () => {
    const failed = database.transaction(async (transaction) => {
      await insert(transaction, 3)
      assert.equal(await terminate('idle in transaction'), 1)
      throw new RangeError('refused')
    })
    await assert.rejects(failed, RangeError)
    assert.deepEqual(await idsIn(database), [1, 2])
  })

  test('if a commit stops waiting for a standby, the error states that the transaction may be stored', async () => {
    await inSession(`alter role acrux set synchronous_commit = 'on'`)
    await terminate('idle')
    const admin = new pg.Client({ connectionString: server?.url })
    await admin.connect()
    const waitFor = async (names: string): Promise<void> => {
      await admin.query(`alter system set synchronous_standby_names = '${names}'`)
      await admin.query('select pg_reload_conf()')
      await until('the setting is in use', async () => {
        const { rows } = await admin.query<{ names: string }>(
          `select current_setting('synchronous_standby_names') as names`,
        )
        return rows[0]?.names === names
      })
    }
    try {
      await waitFor('nobody')
      const insertOne = database.prepareInsert<Tables['note']>('note', ['id'])
      for (const write of [() => database.transaction((on) => insert(on, 5)), () => insertOne([{ id: 6 }])]) {
        const committed = write()
        committed.catch(() => undefined)
        await until('the commit waits', async () => {
          const { rowCount } = await admin.query(
            `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`,
          )
          return rowCount === 1
        })
        await assert.rejects(committed, (error) => {
          assert.ok(error instanceof Error && 'mayHaveCommitted' in error && error.mayHaveCommitted === true)
          return true
        })
      }
    } finally {
      await waitFor('')
      await admin.query('alter role acrux reset synchronous_commit')
      await admin.end()
      await database.transaction((transaction) =>
        transaction.tables<Tables>().deleteFrom('note').where('id', 'in', [5, 6]).execute(),
      )
    }
  })

  test('if the connection ends during the commit, the transaction is not repeated, and the error states that it may be stored', async () => {
    // A deferred constraint trigger runs during the commit, and waits there until the connection is closed.
    await database.transaction(async (transaction) => {
      const { schema } = transaction.tables()
      await schema.createTable('slow').addColumn('id', 'integer').execute()
    })
    const admin = new pg.Client({ connectionString: server?.url })
    await admin.connect()
    await admin.query(`create function wait() returns trigger language plpgsql as $$
      begin perform pg_sleep(600); return null; end $$`)
    await admin.query(`create constraint trigger slow_commit after insert on slow
      deferrable initially deferred for each row execute function wait()`)
    await admin.end()
    let attempts = 0
    const committed = database.transaction(async (transaction) => {
      attempts += 1
      await transaction.tables<{ slow: { id: number } }>().insertInto('slow').values({ id: 1 }).execute()
    })
    committed.catch(() => undefined)
    await until('the commit runs', async () => (await terminate('active')) > 0)
    await assert.rejects(committed, (error) => {
      assert.equal(outageOf(error)?.kind, 'database-unavailable')
      assert.ok(error instanceof Error && 'mayHaveCommitted' in error && error.mayHaveCommitted === true)
      return true
    })
    assert.equal(attempts, 1)
  })

  test('if the connection ends during a read, the read runs again on another connection', async () => {
    const admin = new pg.Client({ connectionString: server?.url })
    await admin.connect()
    await admin.query('begin; lock table note in access exclusive mode')
    const read = idsIn(database)
    read.catch(() => undefined)
    await until('the read waits', async () => (await terminate('active')) > 0)
    await admin.query('commit')
    await admin.end()
    assert.deepEqual(await read, [1, 2])
  })

  test('if idle connections end, the next statements work', async () => {
    await Promise.all([idsIn(database), idsIn(database), database.authorityRevision()])
    assert.ok((await terminate('idle')) > 0)
    assert.ok((await database.authorityRevision()) > 0)
    await database.transaction((transaction) => insert(transaction, 5))
    assert.ok((await idsIn(database)).includes(5))
  })

  test('if the server restarts during a transaction, the process continues, and the next statements work', async () => {
    let attempts = 0
    await database.transaction(async (transaction) => {
      attempts += 1
      await insert(transaction, 6)
      if (attempts === 1) await server?.restart()
      await insert(transaction, 7)
    })
    assert.equal(attempts, 2)
    assert.ok((await database.authorityRevision()) > 0)
    assert.deepEqual((await idsIn(database)).slice(-2), [6, 7])
  })

  test('if the server is unavailable, the lease allows decisions until the lease ends, and later statements fail with the outage error', async () => {
    const isOutage = (error: unknown) => outageOf(error)?.kind === 'database-unavailable'
    await server?.stop()
    await until('the lease has ended', () => database.authorityRevision().then(() => false, isOutage))
    for (const failed of [
      database.authorityRevision(),
      idsIn(database),
      database.transaction((transaction) => insert(transaction, 8)),
    ]) {
      await assert.rejects(failed, isOutage)
    }
  })
})

describe(
  'a PostgreSQL that does not respond, on connections that stay open',
  { skip: !testDatabaseKinds.includes('postgres') },
  () => {
    let server: Awaited<ReturnType<typeof startPostgres>>

    before(async () => {
      server = await startPostgres()
      assert.ok(server !== undefined)
    })
    after(() => server?.stop())

    const isUnavailable = (error: unknown) => {
      assert.equal(outageOf(error)?.kind, 'database-unavailable')
      assert.ok(error instanceof Error && error.message === 'the database server does not respond', 'not a timeout')
      return true
    }

    for (const way of ['alone', 'behind a pooler that does not respond']) {
      test(
        `${way}: callers get an error after the end of the lease, and get responses when the server responds again`,
        { timeout: 120_000 },
        async () => {
          const url = new URL(server?.url ?? '')
          await using relay = await startStallingRelay(Number(url.port))
          url.port = String(relay.port)
          const patience = 30_000
          const limits = {
            maxReadConnections: 2,
            maxWriteConnections: 2,
            connectionTimeoutMs: patience,
            statementTimeoutMs: patience,
          }
          const directUrl = way === 'alone' ? {} : { directUrl: addressOf(server?.url ?? '') }
          const database = await openPostgresForTest(url.href, { ...limits, ...directUrl })
          try {
            await database.transaction((transaction) =>
              transaction
                .tables()
                .schema.createTable('note')
                .ifNotExists()
                .addColumn('id', 'integer', (column) => column.primaryKey())
                .execute(),
            )
            const waiting = Promise.withResolvers<void>()
            const stalled = database.transaction(async (transaction) => {
              await insert(transaction, 100)
              waiting.resolve()
              await relay.stalled
              await insert(transaction, 101)
            })
            stalled.catch(() => undefined)
            await waiting.promise
            relay.stall()
            // There are more callers than connections, so some callers wait for a connection.
            const reads = Array.from({ length: 8 }, () => idsIn(database))
            for (const outcome of await Promise.allSettled([stalled, ...reads])) {
              assert.ok(outcome.status === 'rejected' && isUnavailable(outcome.reason))
            }
            for (let later = 0; later < 3; later += 1) {
              await assert.rejects(idsIn(database), isUnavailable)
              await assert.rejects(
                database.transaction((transaction) => insert(transaction, 102)),
                isUnavailable,
              )
            }
            relay.resume()
            await until('the server responds again', () =>
              idsIn(database).then(
                () => true,
                () => false,
              ),
            )
            await database.transaction((transaction) => insert(transaction, way === 'alone' ? 1 : 2))
            assert.ok(!(await idsIn(database)).some((id) => id >= 100), 'nothing of the transaction is stored')
          } finally {
            relay.resume()
            await database.close()
          }
        },
      )
    }
  },
)
