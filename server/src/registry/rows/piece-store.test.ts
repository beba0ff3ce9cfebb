import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { whileTime } from './piece-store.ts'

test('a transaction does pieces until nothing is left, or its time is over', async () => {
  let pieces = 0
  const isNothingLeft = await whileTime(async () => {
    pieces += 1
    await sleep(4)
    return false
  })
  assert.equal(isNothingLeft, false)
  assert.ok(pieces >= 1 && pieces <= 4, `${pieces} pieces`)
  assert.equal(await whileTime(() => Promise.resolve(true)), true)
})
