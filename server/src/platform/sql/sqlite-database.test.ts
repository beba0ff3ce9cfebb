import assert from 'node:assert/strict'
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { sql } from 'kysely'
import { type Outage, outageOf } from '../process/outage.ts'
import type { Database, Transaction } from './database.ts'
import { openSqliteDatabase } from './sqlite-database.ts'

type Tables = { note: { id: number; text: string } }

async function open(t: TestContext): Promise<{ database: Database; file: string }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-sqlite-'))
  const file = path.join(directory, 'test.db')
  const database = await openSqliteDatabase(file)
  t.after(async () => {
    await database.close()
    await rm(directory, { recursive: true })
  })
  await database.transaction(async (transaction) => {
    const { schema } = transaction.tables<Tables>()
    await schema
      .createTable('note')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('text', 'text')
      .execute()
  })
  return { database, file }
}

const insert = (transaction: Transaction, id: number, text = 'x') =>
  transaction.tables<Tables>().insertInto('note').values({ id, text }).execute()

test('the settings of SQLite flush a commit before it is acknowledged', async (t) => {
  const { database } = await open(t)
  const read = (pragma: string) =>
    database.transaction(async (transaction) => (await sql.raw(`pragma ${pragma}`).execute(transaction.tables())).rows)
  assert.deepEqual(
    (await read('synchronous')).map((row) => ({ ...(row as object) })),
    [{ synchronous: 2 }],
  )
  assert.deepEqual(
    (await read('journal_mode')).map((row) => ({ ...(row as object) })),
    [{ journal_mode: 'wal' }],
  )
})

const idsIn = async (database: Database): Promise<number[]> =>
  (await database.tables<Tables>().selectFrom('note').select('id').orderBy('id').execute()).map(({ id }) => id)

/**
 * Limits the size of the file to the current size and some spare pages. Larger changes then fail like on a full disk.
 */
const fill = (database: Database, sparePages: number) =>
  database.transaction(async (transaction) => {
    const tables = transaction.tables<Tables>()
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(tables)
    await sql`pragma max_page_count = ${sql.lit((rows[0]?.page_count ?? 0) + sparePages)}`.execute(tables)
  })

/** Asserts that all rejected promises have the given outage as their reason. */
function assertOutage(outcomes: readonly PromiseSettledResult<unknown>[], kind: Outage['kind']): void {
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') assert.equal(outageOf(outcome.reason)?.kind, kind, String(outcome.reason))
  }
}

const large = 'y'.repeat(100_000)

test('a full disk fails the transaction, and each transaction with the same commit is stored completely or fails', async (t) => {
  const { database } = await open(t)
  await fill(database, 2)
  const outcomes = await Promise.allSettled([
    database.transaction((transaction) => insert(transaction, 1)),
    database.transaction((transaction) => insert(transaction, 2, large)),
    database.transaction((transaction) => insert(transaction, 3)),
    database.transaction((transaction) => insert(transaction, 4)),
  ])
  assert.equal(outcomes[1]?.status, 'rejected')
  assertOutage(outcomes, 'disk-full')
  const acknowledged = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index + 1] : []))
  assert.deepEqual(await idsIn(database), acknowledged, 'what is there is what was acknowledged, and nothing else')
  await database.transaction((transaction) => insert(transaction, 5))
  assert.deepEqual(await idsIn(database), [...acknowledged, 5], 'what fits goes on being written')
})

test('work that continues after a full disk writes no data outside its transaction', async (t) => {
  const { database } = await open(t)
  await fill(database, 2)
  const stubborn = database.transaction(async (transaction) => {
    await insert(transaction, 1, large).catch(() => undefined)
    await insert(transaction, 2)
    throw new Error('given up')
  })
  await assert.rejects(stubborn, { name: 'DiskFullError' })
  assert.deepEqual(await idsIn(database), [])
})

test('the authority revision changes even if the commit failed', async (t) => {
  const { database } = await open(t)
  await fill(database, 2)
  const before = await database.authorityRevision()
  await Promise.allSettled([
    database.transaction(async (transaction) => {
      transaction.changesAuthority()
      await insert(transaction, 1)
    }),
    database.transaction((transaction) => insert(transaction, 2, large)),
  ])
  assert.notEqual(await database.authorityRevision(), before)
})

test('while another process locks the file, transactions fail after the timeout, and no transaction waits forever', async (t) => {
  const { database, file } = await open(t)
  const other = new DatabaseSync(file)
  t.after(() => other.close())
  other.exec('begin immediate')
  const outcomes = await Promise.allSettled([
    database.transaction((transaction) => insert(transaction, 1)),
    database.transaction((transaction) => insert(transaction, 2)),
  ])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assertOutage(outcomes, 'database-busy')
  other.exec('rollback')
  await database.transaction((transaction) => insert(transaction, 3))
  assert.deepEqual(await idsIn(database), [3])
})

test('rejected rows are not stored, and other transactions with the same commit are stored', async (t) => {
  const { database } = await open(t)
  const insertNotes = database.prepareInsert<{ id: number; text: string }>('note', ['id', 'text'])
  const outcomes = await Promise.allSettled([
    insertNotes([{ id: 1, text: 'x' }]),
    insertNotes([2, 3, 1].map((id) => ({ id, text: 'y' }))),
    database.transaction((transaction) => insert(transaction, 4)),
    insertNotes([{ id: 4, text: 'z' }]),
    insertNotes([{ id: 5, text: 'z' }]),
  ])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'fulfilled', 'fulfilled'],
    'rows are written before transactions that run work',
  )
  assert.deepEqual(await idsIn(database), [1, 4, 5])
})

test('rows fail on a full disk, and each transaction with the same commit is stored completely or fails', async (t) => {
  const { database } = await open(t)
  await fill(database, 2)
  const insertNotes = database.prepareInsert<{ id: number; text: string }>('note', ['id', 'text'])
  const outcomes = await Promise.allSettled([
    insertNotes([{ id: 1, text: 'x' }]),
    insertNotes([{ id: 2, text: large }]),
    insertNotes([{ id: 3, text: 'x' }]),
  ])
  assert.equal(outcomes[1]?.status, 'rejected')
  assertOutage(outcomes, 'disk-full')
  const acknowledged = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index + 1] : []))
  assert.deepEqual(await idsIn(database), acknowledged, 'what is there is what was acknowledged, and nothing else')
})

test('rows that failed on a locked file are not written later', { timeout: 300_000 }, async (t) => {
  const { database, file } = await open(t)
  const insertNotes = database.prepareInsert<{ id: number; text: string }>('note', ['id', 'text'])
  const other = new DatabaseSync(file)
  t.after(() => other.close())
  other.exec('begin immediate')
  await assert.rejects(insertNotes([{ id: 1, text: 'x' }]), /locked/)
  other.exec('rollback')
  await insertNotes([{ id: 2, text: 'x' }])
  assert.deepEqual(await idsIn(database), [2])
})

test('when the writer thread has ended, transactions fail, and the database reports that it cannot write', async (t) => {
  let worker: Worker | undefined
  process.once('worker', (made) => (worker = made))
  const { database } = await open(t)
  assert.equal(database.canWrite(), true)
  const underWay = database.transaction(async (transaction) => {
    await insert(transaction, 1)
    await worker?.terminate()
    await insert(transaction, 2)
  })
  await assert.rejects(underWay, /is closed/)
  assert.equal(database.canWrite(), false)
  await assert.rejects(
    database.transaction((transaction) => insert(transaction, 3)),
    /is closed/,
  )
  await assert.rejects(database.prepareInsert('note', ['id'])([{ id: 4 }]), /is closed/)
  assert.deepEqual(await idsIn(database), [], 'reads go on')
})

test('many transactions share few commits, and each transaction is visible when it is acknowledged', async (t) => {
  const { database, file } = await open(t)
  const commits = new DatabaseSync(file, { readOnly: true })
  t.after(() => commits.close())
  const version = () => Number(commits.prepare('pragma data_version').get()?.['data_version'])
  let moved = 0
  let last = version()
  await Promise.all(
    Array.from({ length: 200 }, async (_, id) => {
      await database.transaction((transaction) => insert(transaction, id))
      assert.ok((await idsIn(database)).includes(id), 'what is acknowledged is there')
      const now = version()
      if (now !== last) moved += 1
      last = now
    }),
  )
  assert.equal((await idsIn(database)).length, 200)
  assert.ok(moved <= 20, `200 transactions took ${moved} commits`)
})

test('only the server’s user can read the database and its log, regardless of the umask', async (t) => {
  const umask = process.umask(0o022)
  t.after(() => process.umask(umask))
  const { file } = await open(t)
  for (const name of [file, `${file}-wal`, `${file}-shm`]) {
    assert.equal(((await stat(name)).mode & 0o777).toString(8), '600', name)
  }
})

test('after a database is closed, its single file contains all data', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-sqlite-'))
  t.after(() => rm(directory, { recursive: true }))
  const database = await openSqliteDatabase(path.join(directory, 'test.db'))
  await database.transaction((transaction) =>
    sql`create table note (id integer primary key)`.execute(transaction.tables<unknown>()),
  )
  await database.close()
  assert.deepEqual(await readdir(directory), ['test.db'])
})

test('opening a file that is not a database fails', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-sqlite-'))
  t.after(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'test.db')
  await writeFile(file, 'this is no database at all, but a text that is long enough to be looked at '.repeat(10))
  await assert.rejects(openSqliteDatabase(file), /not a database/)
  assert.match(await readFile(file, 'utf8'), /^this is no database/, 'and left as it is')
})

test('rows wait only for a few milliseconds for the work of other transactions', async (t) => {
  const { database } = await open(t)
  const insertNotes = database.prepareInsert<{ id: number; text: string }>('note', ['id', 'text'])
  let done = 0
  const work = Array.from({ length: 50 }, (_, id) =>
    database.transaction(async (transaction) => {
      await insert(transaction, id)
      await sleep(5)
      done += 1
    }),
  )
  await insertNotes([{ id: 100, text: 'x' }])
  assert.ok(done < 10, `the rows waited for ${done} transactions`)
  await Promise.all(work)
})

test('a checkpoint runs although no commit starts it', async (t) => {
  const { database, file } = await open(t)
  await database.transaction((transaction) => insert(transaction, 1, 'y'.repeat(3_000_000)))
  const other = new DatabaseSync(file)
  t.after(() => other.close())
  other.exec('pragma wal_autocheckpoint = 0')
  const look = other.prepare('pragma wal_checkpoint(noop)')
  const copied = () => Number(look.get()?.['checkpointed'])
  assert.equal(copied(), 0)
  const deadline = Date.now() + 30_000
  while (copied() === 0 && Date.now() < deadline) await sleep(50)
  assert.ok(copied() >= 700, `${copied()} pages are copied`)
})
