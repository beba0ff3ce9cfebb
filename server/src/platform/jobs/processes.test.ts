import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { processMigrations } from './migrations.ts'
import { SharedProcesses, describeProcess, openProcesses } from './processes.ts'

const description = describeProcess('1.2.3')

const isPostgres = testDatabaseKinds.includes('postgres')

async function openDatabase(t: TestContext) {
  const { database, dispose } = await openTestDatabase('postgres', processMigrations)
  t.after(dispose)
  return database
}

async function beats(process: SharedProcesses, count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) await process.beat()
}

test('a process on SQLite runs all jobs', async (t) => {
  const { database, dispose } = await openTestDatabase('sqlite', processMigrations)
  t.after(dispose)
  const processes = await openProcesses(database, { file: '/none', onFailure: () => assert.fail(), description })
  assert.equal(processes.runsJobs(), true)
  const [only, ...others] = await processes.list()
  assert.deepEqual([only?.id, only?.version, only?.runsJobs, others], [processes.id(), '1.2.3', true, []])
  await processes.close()
})

test(
  'the jobs run in only one of the processes, and continue in another process when the first process ends',
  { skip: !isPostgres },
  async (t) => {
    const database = await openDatabase(t)
    const processes = Array.from({ length: 3 }, () => new SharedProcesses(database))
    const running = () => processes.map((each) => each.runsJobs())
    await Promise.all(processes.map((each) => each.beat()))
    assert.equal(running().filter(Boolean).length, 1)
    const first = running().indexOf(true)
    await processes[first]?.close()
    const [second, third] = processes.filter((_, index) => index !== first)
    assert.ok(second !== undefined && third !== undefined)
    second.onTakeover(() => assert.fail())
    await second.beat()
    await third.beat()
    assert.deepEqual([second.runsJobs(), third.runsJobs()], [true, false])
  },
)

test(
  'the list of processes contains the version and the last heartbeat of each process, and whether the process runs the jobs',
  { skip: !isPostgres },
  async (t) => {
    const database = await openDatabase(t)
    const [one, other] = ['1.0.0', '1.1.0'].map(
      (version) => new SharedProcesses(database, undefined, describeProcess(version)),
    )
    assert.ok(one !== undefined && other !== undefined)
    const beganMs = Date.now()
    await one.beat()
    await other.beat()
    const listed = (await other.list()).toSorted((a, b) => (a.version ?? '').localeCompare(b.version ?? ''))
    assert.deepEqual(
      listed.map(({ id, version, runsJobs }) => [id, version, runsJobs]),
      [
        [one.id(), '1.0.0', true],
        [other.id(), '1.1.0', false],
      ],
    )
    for (const { seenAtMs } of listed) assert.ok(seenAtMs !== undefined && seenAtMs >= beganMs)
    // A process of an earlier version.
    await database.transaction((transaction) =>
      transaction
        .tables<{ server_process: { id: string; beat: number } }>()
        .insertInto('server_process')
        .values({ id: 'old', beat: 1 })
        .execute(),
    )
    const old = (await one.list()).find(({ id }) => id === 'old')
    assert.deepEqual(old, {
      id: 'old',
      host: undefined,
      version: undefined,
      startedAtMs: undefined,
      seenAtMs: undefined,
      runsJobs: false,
    })
  },
)

test(
  'another process takes over the jobs from a process without heartbeats, which gets a new id with its next heartbeat',
  { skip: !isPostgres },
  async (t) => {
    const database = await openDatabase(t)
    const [silent, other] = [new SharedProcesses(database), new SharedProcesses(database)]
    let takeovers = 0
    other.onTakeover(() => (takeovers += 1))
    await silent.beat()
    await beats(other, 5)
    assert.deepEqual([silent.runsJobs(), other.runsJobs(), takeovers], [true, false, 0])
    await silent.beat()
    await beats(other, 5)
    assert.equal(other.runsJobs(), false, 'a beat is enough')
    const before = silent.id()
    const isKnown = () => database.transaction((transaction) => other.isRunning(transaction, before))
    assert.equal(await isKnown(), true)
    await other.beat()
    assert.deepEqual([other.runsJobs(), takeovers, await isKnown()], [true, 1, false])
    await silent.beat()
    assert.equal(silent.runsJobs(), false)
    assert.notEqual(silent.id(), before)
  },
)

test(
  'a process that starts in the data directory of a killed process invalidates the claims of the killed process at once',
  { skip: !isPostgres },
  async (t) => {
    const database = await openDatabase(t)
    const directory = await mkdtemp(path.join(tmpdir(), 'acrux-processes-'))
    t.after(() => rm(directory, { recursive: true }))
    const file = path.join(directory, 'process')
    // The test sends no more heartbeats of the killed process, because a heartbeat would insert its row again.
    const killed = new SharedProcesses(database, (id) => writeFile(file, id))
    await killed.beat()
    const started = await openProcesses(database, {
      file,
      onFailure: (error) => assert.fail(String(error)),
      description,
    })
    try {
      const isRunning = (id: string) => database.transaction((transaction) => started.isRunning(transaction, id))
      assert.deepEqual([await isRunning(killed.id()), await isRunning(started.id())], [false, true])
      assert.equal(started.runsJobs(), true)
    } finally {
      // `t.after` would close the process after the database, and a heartbeat between these two moments would fail.
      await started.close()
    }
  },
)

test(
  'a process whose heartbeats fail stops running the jobs before another process takes over',
  { skip: !isPostgres },
  async (t) => {
    const database = await openDatabase(t)
    const process = new SharedProcesses(database)
    await process.beat()
    assert.equal(process.runsJobs(), true)
    const nowMs = performance.now()
    t.mock.method(performance, 'now', () => nowMs + 3000)
    assert.equal(process.runsJobs(), false)
  },
)
