import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onlyProcess } from '../../platform/jobs/processes.ts'
import { createLog } from '../../platform/log/log.ts'
import { until } from '../../../testing/platform/test-patience.ts'
import { usualDatabaseKind } from '../../../testing/platform/test-database.ts'
import type { BlobLocation } from '../../storage/index.ts'
import { createContext } from '../context.ts'
import type { RegistryTables } from '../rows/rows.ts'
import { openTestRegistry } from '../../../testing/registry/test-registry.ts'
import { defaultScrubSettings, Scrubs } from './scrubs.ts'

test('of scrubs that are requested at the same time, one runs, also after an earlier one, and the server waits for its end', async (t) => {
  const used = await openTestRegistry(usualDatabaseKind)
  t.after(async () => {
    await used.registry.close()
    await used.dispose()
  })
  const { database, audit, blobs, clock } = used
  let verified = 0
  let gate = Promise.resolve()
  const verifyAudit = async () => {
    verified += 1
    await gate
    return { events: 0, faults: [] }
  }
  const now = { now: () => clock.nowMs }
  const context = createContext({
    database,
    audit,
    blobs,
    clock: now,
    log: createLog('silent'),
    acceptsSparseImages: false,
  })
  const scrubs = new Scrubs(context, { settings: defaultScrubSettings, verifyAudit, processes: onlyProcess() })
  const until = async (holds: () => Promise<boolean>) => {
    while (!(await holds())) await new Promise(setImmediate)
  }
  await scrubs.start(false)
  await until(async () => (await scrubs.status())?.state === 'completed')
  assert.equal(verified, 1)
  const { promise, resolve: release } = Promise.withResolvers<void>()
  gate = promise
  clock.nowMs += 1
  await Promise.all([scrubs.start(true), scrubs.start(true), scrubs.start(true)])
  const { state, startedAtMs } = (await scrubs.status()) ?? {}
  assert.deepEqual([state, startedAtMs], ['running', clock.nowMs], 'it is recorded when the request is answered')
  await until(async () => verified > 1)
  let hasStopped = false
  const stopped = scrubs.stop().then(() => (hasStopped = true))
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
  const hasWaited = !hasStopped
  release()
  await stopped
  assert.deepEqual([hasWaited, verified], [true, 2])
  assert.notEqual((await scrubs.status())?.state, 'running')
})

test('a background scrub that was completed under a clock that was ahead does not delay the next one', async (t) => {
  const used = await openTestRegistry(usualDatabaseKind)
  t.after(async () => {
    await used.registry.close()
    await used.dispose()
  })
  const { database, audit, blobs, clock } = used
  const nowMs = clock.nowMs
  const now = { now: () => clock.nowMs }
  const context = createContext({
    database,
    audit,
    blobs,
    clock: now,
    log: createLog('silent'),
    acceptsSparseImages: false,
  })
  const yearMs = 365 * 24 * 60 * 60 * 1000
  const options = { settings: defaultScrubSettings, verifyAudit: undefined, processes: onlyProcess() }
  const scrubs = new Scrubs(context, options)
  const runAt = async (atMs: number) => {
    clock.nowMs = atMs
    await scrubs.continueBackground()
    return (await scrubs.figures()).lastCompletedAtMs
  }
  await runAt(nowMs)
  assert.equal(await runAt(nowMs + yearMs), nowMs + yearMs)
  assert.equal(await runAt(nowMs), nowMs)
  assert.equal(await runAt(nowMs + 1), nowMs, 'the next one comes after the interval')
})

test('a blob that is deleted while a scrub looks for its bytes is not reported as missing, and one without bytes is', async (t) => {
  const { database, registry, blobs, pushBlob, dispose } = await openTestRegistry(usualDatabaseKind)
  t.after(async () => {
    await registry.close()
    await dispose()
  })
  const [deleted, lost] = [await pushBlob('app', 'deleted'), await pushBlob('app', 'lost')]
  const rowOf = (digest: string) =>
    database
      .tables<RegistryTables>()
      .selectFrom('blob')
      .select('location')
      .where('digest', '=', digest)
      .executeTakeFirstOrThrow()
  const location = (await rowOf(deleted)).location as BlobLocation
  await blobs.delete((await rowOf(lost)).location as BlobLocation)
  const find = blobs.find.bind(blobs)
  t.mock.method(blobs, 'find', async (at: BlobLocation) => {
    if (at !== location) return find(at)
    await database.transaction((transaction) =>
      transaction.tables<RegistryTables>().deleteFrom('blob').where('digest', '=', deleted).execute(),
    )
    return undefined
  })
  await registry.scrubs.start(true)
  const findings = async () =>
    ((await registry.scrubs.status())?.findings ?? []).filter(({ kind }) => kind === 'blob-missing')
  await until('the scrub is complete', async () => (await registry.scrubs.status())?.state === 'completed')
  assert.deepEqual(
    (await findings()).map(({ subject }) => subject),
    [lost],
  )
})
