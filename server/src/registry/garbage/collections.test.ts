import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { usualDatabaseKind } from '../../../testing/platform/test-database.ts'
import { imageManifest, openTestRegistry } from '../../../testing/registry/test-registry.ts'
import type { Preparation } from './collections.ts'

async function open(t: TestContext) {
  const used = await openTestRegistry(usualDatabaseKind)
  t.after(async () => {
    await used.registry.close()
    await used.dispose()
  })
  const { collections } = used.registry
  const ended = async () => {
    while ((await collections.status()).last?.state === 'running') await new Promise(setImmediate)
    return (await collections.status()).last
  }
  return { ...used, collections, ended }
}

/** A preparation that waits until it is released. */
function waiting() {
  const calls: unknown[] = []
  const gate = Promise.withResolvers<void>()
  const prepare: Preparation = (onDeleted) => {
    calls.push(undefined)
    onDeleted(3)
    return gate.promise
  }
  return { calls, prepare, release: gate.resolve, fail: gate.reject }
}

test('if the preparation of a collection fails, the collection still frees space, is reported as failed, and can be repeated', async (t) => {
  const { registry, collections, pushBlob, putManifest, clock } = await open(t)
  for (const content of ['{}', 'a layer']) await pushBlob('app', content)
  await putManifest('app', '1', imageManifest('{}', ['a layer']))
  await pushBlob('app', 'needed by nothing')
  clock.nowMs += 7 * 24 * 60 * 60 * 1000
  await assert.rejects(
    registry.collectGarbage(() => Promise.reject(new Error('no policies'))),
    /no policies/,
  )
  const { last, completed } = await collections.status()
  assert.deepEqual([last?.state, last?.counts.blobs, completed], ['failed', 1, undefined])
  assert.equal(last?.counts.bytes, 'needed by nothing'.length)
  assert.equal((await registry.collectGarbage()).blobs, 0)
  assert.deepEqual((await collections.status()).last?.state, 'completed')
  assert.deepEqual((await collections.status()).completed?.counts, { manifests: 0, uploads: 0, blobs: 0, bytes: 0 })
})

test('of two requested collections, only one runs, and its progress can be read', async (t) => {
  const { registry, collections, ended } = await open(t)
  const { calls, prepare, release } = waiting()
  await collections.start(prepare)
  await collections.start(prepare)
  const shared = registry.collectGarbage(prepare)
  const { last } = await collections.status()
  assert.deepEqual([last?.state, last?.step, last?.progress], ['running', 'policies', 0])
  release()
  assert.equal((await shared).manifests, 3)
  assert.equal(calls.length, 1)
  const { state, progress } = (await ended()) ?? {}
  assert.deepEqual([state, progress], ['completed', 1])
})

test('of collections that are requested at the same time, only one runs, and the server waits for its end', async (t) => {
  const { registry, collections } = await open(t)
  await registry.collectGarbage()
  const { calls, prepare, release } = waiting()
  await Promise.all([collections.start(prepare), collections.start(prepare), collections.start(prepare)])
  assert.equal((await collections.status()).last?.state, 'running')
  while (calls.length === 0) await new Promise(setImmediate)
  let hasStopped = false
  const stopped = collections.stop().then(() => (hasStopped = true))
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
  const hasWaited = !hasStopped
  release()
  await stopped
  assert.deepEqual([hasWaited, calls.length], [true, 1])
  assert.equal((await collections.status()).last?.state, 'stopped')
})

test('a server that stops while a collection begins waits for the collection', async (t) => {
  const { collections } = await open(t)
  const { calls, prepare, release } = waiting()
  release()
  const started = collections.start(prepare)
  await collections.stop()
  assert.deepEqual([(await collections.status()).last?.state, calls.length], ['stopped', 0])
  await started
})

test('if the server stops, a running collection ends and is reported as stopped', async (t) => {
  const { registry, collections } = await open(t)
  const { prepare, release } = waiting()
  await collections.start(prepare)
  const shared = registry.collectGarbage()
  const stopped = collections.stop()
  release()
  await stopped
  assert.equal((await shared).manifests, 3, 'the job does not fail')
  assert.equal((await collections.status()).last?.state, 'stopped')
})
