import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onFailure } from './attach.ts'

test('a failure of a test of node:test is reported after the test, and a success is not', async () => {
  for (const passed of [true, false]) {
    let reports = 0
    const hooks: (() => Promise<void>)[] = []
    const after = (hook: () => Promise<void>) => hooks.push(hook)
    onFailure({ after, passed }, async () => void (reports += 1))
    for (const hook of hooks) await hook()
    assert.equal(reports, passed ? 0 : 1)
  }
})

test('the context of node:test says in the hooks after a test whether it passed', async (t) => {
  let reports = 0
  await t.test('a test that passes', (inner) => onFailure(inner, async () => void (reports += 1)))
  assert.equal(reports, 0)
})

test('a test of Vitest gets a listener', () => {
  const listeners: (() => Promise<void>)[] = []
  const report = async () => undefined
  onFailure({ onTestFailed: (listener: () => Promise<void>) => listeners.push(listener) }, report)
  assert.deepEqual(listeners, [report])
})

test('another object is rejected', () => {
  assert.throws(() => onFailure({}, async () => undefined), /needs the context of a test/)
})
