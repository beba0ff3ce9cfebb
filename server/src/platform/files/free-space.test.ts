import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultReserveBytes, watchFreeSpace } from './free-space.ts'

const gibibyte = 1024 ** 3

test('The default reserve is 5 % of the file system, at least 1 GiB, at most 20 GiB, and never more than a quarter', () => {
  for (const [totalGibibytes, reserveGibibytes] of [
    [2, 0.5],
    [3, 0.75],
    [4, 1],
    [10, 1],
    [100, 5],
    [400, 20],
    [10_000, 20],
  ] as const) {
    assert.equal(defaultReserveBytes(totalGibibytes * gibibyte), reserveGibibytes * gibibyte, `${totalGibibytes} GiB`)
  }
})

test('Content can use the space above the reserve, and used space is subtracted at once', () => {
  const disk = { freeBytes: 1000, totalBytes: 4000, freeFiles: undefined }
  const space = watchFreeSpace('/', 400, () => ({ ...disk }))
  assert.equal(space.take(500), true)
  disk.freeBytes = 500
  assert.equal(space.take(101), false)
  assert.equal(space.take(100), true)
  disk.freeBytes = 400
  assert.equal(space.hasRoomFor(1), false)
  assert.equal(space.state().isLow, false)
  disk.freeBytes = 399
  assert.deepEqual([space.isExhausted(), space.hasRoomFor(0)], [false, false])
  disk.freeBytes = 199
  assert.equal(space.isExhausted(), true)
  disk.freeBytes = 1000
  assert.equal(space.hasRoomFor(600), true, 'what was deleted is space again')
})

test('A file system without free inodes has no space for content', () => {
  const disk = { freeBytes: 9 * gibibyte, totalBytes: 10 * gibibyte, freeFiles: 999 }
  const space = watchFreeSpace('/', undefined, () => ({ ...disk }))
  assert.equal(space.hasRoomFor(0), false)
  disk.freeFiles = 1000
  assert.equal(space.hasRoomFor(0), true)
})
