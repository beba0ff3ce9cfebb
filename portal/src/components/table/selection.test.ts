import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Selection, noSelection, selectRange, stateOfAll, toggleAll, toggleRow } from './selection.ts'

const shown = ['a', 'b', 'c', 'd', 'e']
const keys = (selection: Selection) => [...selection.keys].toSorted().join('')

test('a row is selected, and no longer', () => {
  const one = toggleRow(noSelection, 'b')
  assert.equal(keys(one), 'b')
  assert.equal(keys(toggleRow(one, 'd')), 'bd')
  assert.equal(keys(toggleRow(one, 'b')), '')
})

test('a range has all rows between the last selected row and a row, in both directions', () => {
  const one = toggleRow(noSelection, 'c')
  assert.equal(keys(selectRange(one, shown, 'e')), 'cde')
  assert.equal(keys(selectRange(one, shown, 'a')), 'abc')
  assert.equal(keys(selectRange(selectRange(one, shown, 'e'), shown, 'b')), 'bcde', 'the anchor stays')
  assert.equal(keys(selectRange(noSelection, shown, 'b')), 'b', 'without an anchor, one row')
  assert.equal(keys(selectRange(one, ['a', 'b'], 'b')), 'bc', 'the anchor is no longer shown')
})

test('the header selects all rows, then no row', () => {
  const some = toggleRow(noSelection, 'b')
  assert.equal(stateOfAll(some, shown), 'some')
  const all = toggleAll(some, shown)
  assert.equal(keys(all), 'abcde')
  assert.equal(stateOfAll(all, shown), 'all')
  assert.equal(stateOfAll(toggleAll(all, shown), shown), 'none')
  assert.equal(stateOfAll(noSelection, []), 'none')
})
