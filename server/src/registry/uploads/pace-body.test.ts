import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { paceBody } from './pace-body.ts'

test('a piece of a body waits for the budget of its sender, and no longer than its connection is open', async () => {
  const waits: PromiseWithResolvers<void>[] = []
  const budget = {
    pace: () => {
      const wait = Promise.withResolvers<void>()
      waits.push(wait)
      return wait.promise
    },
  }
  const socket = new Socket()
  let paced = 0
  const pace = () => paceBody(budget, socket, 1024).then(() => (paced += 1))
  const first = pace()
  await new Promise(setImmediate)
  assert.equal(paced, 0)
  waits[0]?.resolve()
  await first
  const second = pace()
  socket.destroy()
  await second
  await pace()
  assert.deepEqual([paced, waits.length, socket.listenerCount('close')], [3, 3, 0])
})
