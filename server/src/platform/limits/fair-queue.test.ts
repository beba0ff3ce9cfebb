import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { BusyError, type Lane, createFairQueue } from './fair-queue.ts'

/** Creates a queue that runs one piece of work at a time. `drain` ends the running work repeatedly. */
function open(maxWaiting = 100) {
  const queue = createFairQueue({ concurrency: 1, maxWaiting, retryAfterSeconds: 3 })
  const order: string[] = []
  let endRunning = () => {}
  const add = (name: string, group: string, more: { lane?: Lane; block?: string } = {}) => {
    const { lane = 'other', block = group } = more
    return queue
      .run({ lane, group, block }, async () => {
        order.push(name)
        await new Promise<void>((resolve) => (endRunning = resolve))
      })
      .catch((error: unknown) => {
        assert.ok(error instanceof BusyError)
        assert.equal(error.retryAfterSeconds, 3)
        order.push(`${name} rejected`)
      })
  }
  const drain = async () => {
    while (queue.figures().running > 0) {
      endRunning()
      await endOfTurn()
    }
  }
  return { queue, order, add, drain }
}

test('groups take turns, regardless of the length of their backlogs', async () => {
  const { add, order, drain } = open()
  for (let at = 1; at <= 5; at += 1) void add(`loop ${at}`, 'loop')
  void add('alice', 'alice')
  void add('bob', 'bob')
  await drain()
  assert.deepEqual(order, ['loop 1', 'loop 2', 'alice', 'bob', 'loop 3', 'loop 4', 'loop 5'])
})

test('lanes take turns, so that a flood in one lane does not delay the other lanes', async () => {
  const { add, order, drain } = open()
  for (let at = 1; at <= 50; at += 1) void add(`flood ${at}`, `network ${at}`)
  void add('known', 'home', { lane: 'known' })
  void add('ordinary', 'café', { lane: 'ordinary' })
  await drain()
  assert.ok(order.indexOf('known') <= 3 && order.indexOf('ordinary') <= 3, order.slice(0, 6).join())
  assert.equal(order.length, 52)
})

test('when the queue is full, a caller with less waiting work replaces work of the largest block', async () => {
  const { add, order, drain, queue } = open(10)
  for (let at = 1; at <= 11; at += 1) void add(`flood ${at}`, `network ${at}`, { block: 'flood' })
  void add('flood 12', 'network 12', { block: 'flood' })
  void add('newcomer', 'elsewhere')
  await drain()
  assert.ok(order.includes('newcomer'))
  assert.deepEqual(
    order.filter((entry) => entry.endsWith('rejected')),
    ['flood 12 rejected', 'flood 11 rejected'],
  )
  assert.deepEqual(queue.figures(), { running: 0, waiting: 0, rejected: 2 })
})

test('when the queue is full, work of a higher lane replaces work of a lower lane, but not the reverse', async () => {
  const { add, order, drain } = open(2)
  void add('running', 'a')
  void add('first', 'b', { lane: 'ordinary' })
  void add('second', 'c', { lane: 'ordinary' })
  void add('stranger', 'd')
  void add('known', 'e', { lane: 'known' })
  await drain()
  assert.deepEqual(order.toSorted(), ['first', 'known', 'running', 'second rejected', 'stranger rejected'])
})

test('after failed work, the next work starts', async () => {
  const { queue, order, add, drain } = open()
  const place = { lane: 'other', group: 'a', block: 'a' } as const
  await assert.rejects(
    queue.run(place, () => Promise.reject(new Error('failed'))),
    /failed/,
  )
  void add('next', 'b')
  await drain()
  assert.deepEqual(order, ['next'])
})
