import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSemaphore } from './semaphore.ts'

test('a semaphore runs at most `limit` pieces of work at a time, and in the end has run all work', async () => {
  const limit = createSemaphore(2)
  let running = 0
  let most = 0
  const results = await Promise.allSettled(
    Array.from({ length: 10 }, (_, index) =>
      limit(async () => {
        most = Math.max(most, ++running)
        await new Promise(setImmediate)
        running -= 1
        if (index === 3) throw new Error('one fails')
        return index
      }),
    ),
  )
  assert.equal(most, 2)
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 9)
})
