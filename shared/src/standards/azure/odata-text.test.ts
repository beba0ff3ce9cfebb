import assert from 'node:assert/strict'
import { test } from 'node:test'
import { odataText } from './odata-text.ts'

test('a quote in a value of a filter cannot end the value', () => {
  assert.equal(odataText('team'), "'team'")
  assert.equal(odataText("x' or startswith(displayName,'"), "'x'' or startswith(displayName,'''")
})
