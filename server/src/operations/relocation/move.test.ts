import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { migrate } from '../../platform/sql/migrations.ts'
import type { RawRow } from '../../platform/sql/raw-database.ts'
import { openSqliteTarget } from '../../platform/sql/sqlite-raw-database.ts'
import { registryMigrations } from '../../registry/index.ts'
import { type BlobLocation, createMemoryBlobStore } from '../../storage/index.ts'
import { DamagedBlobError } from './errors.ts'
import { moveData } from './move.ts'
import { openVerifiedBlobs } from './verified-blobs.ts'

/** Opens a registry with blobs, and an empty store as the target of the blobs. */
async function open(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'acrux-move-'))
  t.after(() => rm(directory, { recursive: true }))
  const source = await openSqliteTarget(join(directory, 'acrux.db'), (database) =>
    migrate(database, registryMigrations, 0),
  )
  t.after(() => source.close())
  const [from, to] = [createMemoryBlobStore(), createMemoryBlobStore()]
  const verified = await openVerifiedBlobs(join(directory, 'verified'))
  t.after(() => verified.close())
  const table = (await source.tables()).find(({ name }) => name === 'blob')
  assert.ok(table !== undefined)
  /** Stores a blob. Returns the location of the blob, and a function that deletes the blob in the same way as garbage collection. */
  const put = async (): Promise<{ location: BlobLocation; remove: () => Promise<void> }> => {
    const content = randomBytes(9)
    const digest = `sha256:${hash('sha256', content, 'hex')}`
    await from.append('upload', Readable.from([content]), { offset: 0 })
    const location = await from.commit('upload', digest)
    const values: Readonly<Record<string, string | number>> = {
      digest,
      location,
      size_bytes: content.length,
      created_at_ms: 0,
    }
    const row: RawRow = table.columns.map(({ name }) => values[name] ?? null)
    await source.insert(table, [row])
    const remove = async () => {
      await source.delete(table, [row])
      await from.delete(location)
    }
    return { location, remove }
  }
  const move = (pause: () => Promise<void>) =>
    moveData({ source, target: undefined, blobs: { from, to, verified }, pause, onProgress: () => undefined })
  return { from, to, put, move }
}

test('a move leaves no copy of a blob that was deleted during the move, and copies the blobs that were added', async (t) => {
  const { to, put, move } = await open(t)
  const [kept, deleted] = [await put(), await put()]
  const expected = new Set([kept.location])
  const moved = await move(async () => {
    assert.equal((await Array.fromAsync(to.list())).length, 2, 'both were copied before the pause')
    await deleted.remove()
    expected.add((await put()).location)
  })
  assert.deepEqual(moved.blobs, { count: 2, sizeBytes: 18 })
  assert.deepEqual(new Set(await Array.fromAsync(to.list())), expected)
})

test('a move with a blob that cannot be copied fails only at its end, because the blob may be deleted before the end', async (t) => {
  const { from, put, move } = await open(t)
  const { location } = await put()
  await from.delete(location)
  let isPaused = false
  const moved = move(async () => {
    isPaused = true
  })
  await assert.rejects(moved, DamagedBlobError)
  assert.ok(isPaused)
})
