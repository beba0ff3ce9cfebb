import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onFailure } from './attach.ts'

test('a failure of a node:test test is reported after the test, and a success is not reported', async () => {
  for (const passed of [true, false]) {
    let reports = 0
    const hooks: (() => Promise<void>)[] = []
    const after = (hook: () => Promise<void>) => hooks.push(hook)
    onFailure({ after, passed }, async () => void (reports += 1))
    for (const hook of hooks) await hook()
    assert.equal(reports, passed ? 0 : 1)
  }
})

test('after a test, hooks can read from the context of node:test whether the test passed', async (t) => {
  let reports = 0
  await t.test('a test that passes', (inner) => onFailure(inner, async () => void (reports += 1)))
  assert.equal(reports, 0)
})

test('a Vitest test gets a listener for its failure', () => {
  const listeners: (() => Promise<void>)[] = []
  const report = async () => undefined
  onFailure({ onTestFailed: (listener: () => Promise<void>) => listeners.push(listener) }, report)
  assert.deepEqual(listeners, [report])
})

test('an object that is not a test context is rejected', () => {
  assert.throws(() => onFailure({}, async () => undefined), /needs the context of a test/)
})
