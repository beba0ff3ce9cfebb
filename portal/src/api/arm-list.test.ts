import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ListTooLong, readAll } from './arm-list.ts'

/** Answers as a list with this number of pages, of one item each. */
const listOf = (count: number) => async (address: unknown) => {
  const page = Number(/page=(\d+)/.exec(String(address))?.[1])
  return Response.json({
    value: [page],
    ...(page < count && { nextLink: `https://localhost/subscriptions?page=${page + 1}` }),
  })
}

test('a list is read to its end, or not at all', async (t) => {
  const { signal } = new AbortController()
  const read = () => readAll<number>('arm/subscriptions?page=1', signal)
  const send = t.mock.method(globalThis, 'fetch', listOf(100))
  assert.deepEqual(
    await read(),
    Array.from({ length: 100 }, (_none, index) => index + 1),
  )
  send.mock.mockImplementation(listOf(101))
  await assert.rejects(read(), ListTooLong)
})
