import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGatherer } from './gather.ts'

test('reads that begin together are sent together, at most twenty at a time, and each gets its answer', async () => {
  const sent: (readonly string[])[] = []
  const read = createGatherer(async (paths) => {
    sent.push(paths)
    return paths.map((path) => path.toUpperCase())
  })
  const paths = Array.from({ length: 21 }, (_none, index) => `a${index}`)
  const answers = await Promise.all(paths.map((path) => read(path, undefined)))
  assert.deepEqual(
    answers,
    paths.map((path) => path.toUpperCase()),
  )
  assert.deepEqual(
    sent.map(({ length }) => length),
    [20, 1],
  )
  assert.equal(await read('b', undefined), 'B')
  assert.deepEqual(sent.at(-1), ['b'])
})

test('a read that is aborted before it is sent is not sent', async () => {
  const sent: (readonly string[])[] = []
  const read = createGatherer(async (paths) => {
    sent.push(paths)
    return paths
  })
  const controller = new AbortController()
  const aborted = read('a', controller.signal)
  const other = read('b', undefined)
  controller.abort()
  await assert.rejects(aborted, { name: 'AbortError' })
  assert.equal(await other, 'b')
  assert.deepEqual(sent, [['b']])
})

test('every read of a batch that fails fails', async () => {
  const read = createGatherer<string>(() => Promise.reject(new Error('unreachable')))
  const results = await Promise.allSettled([read('a', undefined), read('b', undefined)])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
})
