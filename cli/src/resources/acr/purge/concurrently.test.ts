import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { concurrently } from './concurrently.ts'

test('work runs for each item once, a limited number at a time', async () => {
  const done: number[] = []
  let running = 0
  let most = 0
  await concurrently([1, 2, 3, 4, 5], 2, async (item) => {
    running += 1
    most = Math.max(most, running)
    await nextTurn()
    running -= 1
    done.push(item)
  })
  assert.deepEqual([new Set(done), done.length, most], [new Set([1, 2, 3, 4, 5]), 5, 2])
  await concurrently([], 2, () => Promise.reject(new Error('there is no item')))
})

test('after a failure, no further work starts', async () => {
  const started: number[] = []
  const work = concurrently([1, 2, 3, 4], 2, async (item) => {
    started.push(item)
    await nextTurn()
    if (item === 1) throw new Error('the first one failed')
  })
  await assert.rejects(work, /the first one failed/)
  assert.ok(started.length < 4)
})
