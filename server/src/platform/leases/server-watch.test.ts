import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Silence } from './server-watch.ts'

test('a server is unreachable after three requests without a response, until it responds', () => {
  const reports: string[] = []
  const silence = new Silence()
  for (const name of ['reads', 'writes']) {
    silence.add({ setReachable: (isReachable) => reports.push(`${name} ${isReachable}`) })
  }
  const reportsOf = (...calls: readonly ('requested' | 'responded')[]) => {
    for (const call of calls) silence[call]()
    return reports.splice(0)
  }
  assert.deepEqual(reportsOf('requested', 'requested', 'responded'), [])
  assert.deepEqual(reportsOf('requested', 'requested'), [], 'requests before a response do not count')
  assert.deepEqual(reportsOf('requested'), ['reads false', 'writes false'])
  assert.deepEqual(reportsOf('responded'), ['reads true', 'writes true'])
  assert.deepEqual(reportsOf('responded'), [])
})
