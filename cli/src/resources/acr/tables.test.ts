import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cell, rowsOf, timeCell } from './tables.ts'

test('a cell shows the value at a path as in az, and a space for a missing value', () => {
  const item = { name: 'a', sku: { name: 'Premium' }, isOpen: true, text: '', days: 0, none: null }
  const cells = ['name', 'sku.name', 'isOpen', 'days', 'text', 'none', 'missing.name'].map((path) => cell(item, path))
  assert.deepEqual(cells, ['a', 'Premium', 'True', '0', ' ', ' ', ' '])
})

test('a time is shown to the second', () => {
  assert.equal(timeCell({ at: '2026-01-02T03:04:05.678901+00:00' }, 'at'), '2026-01-02T03:04:05Z')
  assert.equal(timeCell({ at: 'soon' }, 'at'), 'soon')
})

test('a document becomes one row, and a list becomes one row for each item', () => {
  const name = (item: unknown) => cell(item, 'name')
  assert.deepEqual(rowsOf({ name: 'a' }, name), ['a'])
  assert.deepEqual(rowsOf([{ name: 'a' }, { name: 'b' }], name), ['a', 'b'])
  assert.deepEqual(rowsOf({ value: [{ name: 'a' }] }, name), ['a'])
})
