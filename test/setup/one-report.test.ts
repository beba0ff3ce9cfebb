import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at } from '../harness/json.ts'
import { oneReport } from './one-report.ts'

type Event = Parameters<typeof oneReport>[0][number] extends AsyncIterable<infer Each> ? Each : never

async function* runOf(...events: readonly object[]): AsyncGenerator<Event> {
  yield* events as readonly Event[]
}

const message = (text: string, nesting = 0) => ({ type: 'test:diagnostic', data: { nesting, message: text } })
const passed = (name: string) => ({ type: 'test:pass', data: { name, nesting: 0 } })

test('the report of two runs has the events of one after those of the other, and the counts of both at the end', async () => {
  const first = runOf(passed('a'), message('tests 5', 1), message('tests 2'), message('duration_ms 30.5'))
  const second = runOf(passed('b'), message('a remark'), message('tests 3'), message('duration_ms 20'))
  const events = await Array.fromAsync(oneReport([first, second]))
  assert.deepEqual(
    events.map(({ data }) => at(data, 'name') ?? at(data, 'message')),
    ['a', 'tests 5', 'b', 'a remark', 'tests 5', 'duration_ms 30.5'],
  )
})

test('the counts of earlier runs are added, and those of this run are passed on without them', async () => {
  let own: object = {}
  const report = oneReport([runOf(message('tests 2'), message('fail 0'))], [{ tests: 40, fail: 1 }], (counts) => {
    own = counts
    return { seconds: 7, ...counts }
  })
  const events = await Array.fromAsync(report)
  assert.deepEqual(
    events.map(({ data }) => at(data, 'message')),
    ['seconds 7', 'tests 42', 'fail 1'],
  )
  assert.deepEqual(own, { tests: 2, fail: 0 })
})
