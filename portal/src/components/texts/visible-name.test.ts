import assert from 'node:assert/strict'
import { test } from 'node:test'
import { visibleName } from './visible-name.ts'

test('control and bidirectional characters are visible, and all others stay', () => {
  assert.equal(visibleName('invoice\u202etxt.exe'), 'invoiceU+202Etxt.exe')
  assert.equal(visibleName('a\u0007b\u2066c\u200f'), 'aU+0007bU+2066cU+200F')
  for (const name of ['Ada', 'שלום', 'مرحبا', 'Jürgen 👩‍🔬'.replaceAll('\u200d', '')])
    assert.equal(visibleName(name), name)
})
