import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { openSqliteDatabase } from './sqlite-database.ts'
import { createWriterWatch } from './writer-watch.ts'

test('the stuck time of a writer that commits nothing begins with the first unsuccessful probe', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-watch-'))
  t.after(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'acrux.db')
  const database = await openSqliteDatabase(file)
  t.after(() => database.close())
  let nowMs = 1000
  const watch = createWriterWatch({ database, clock: { now: () => nowMs } })
  await watch.probe()
  nowMs += 60_000
  assert.equal(watch.stuckMs(), 0, 'nobody asked for a transaction meanwhile')

  const other = new DatabaseSync(file)
  other.exec('begin immediate')
  const probing = watch.probe()
  nowMs += 20_000
  assert.equal(watch.stuckMs(), 20_000, 'a probe waits for the lock')
  await watch.probe()
  assert.equal(watch.stuckMs(), 20_000, 'a second one does not queue up behind it')
  other.exec('rollback')
  other.close()
  await probing
  assert.equal(watch.stuckMs(), 0)
})

test('a writer whose thread has ended is stuck', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-watch-'))
  t.after(() => rm(directory, { recursive: true }))
  let writer: Worker | undefined
  process.once('worker', (made) => (writer = made))
  const database = await openSqliteDatabase(path.join(directory, 'acrux.db'))
  t.after(() => database.close())
  let nowMs = 1000
  const watch = createWriterWatch({ database, clock: { now: () => nowMs } })
  assert.ok(writer !== undefined)
  const exited = once(writer, 'exit')
  await writer.terminate()
  await exited
  await watch.probe()
  nowMs += 5000
  await watch.probe()
  assert.equal(watch.stuckMs(), 5000)
})
