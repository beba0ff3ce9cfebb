import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Column, chosenColumns, columnId, fittingColumns, toggleColumn, trackOf } from './columns.ts'

const cell = () => null
const columns: readonly Column<string>[] = [
  { id: 'name', title: 'Name', cell, minWidth: 12, grow: 2 },
  { id: 'tags', title: 'Tags', cell, width: 4, dropOrder: 1 },
  { id: 'pushed', title: 'Last push', cell },
  { id: 'by', title: 'Pushed by', cell, dropOrder: 2 },
  { title: 'Created', cell, isExtra: true },
]
const ids = (found: readonly Column<string>[]) => found.map(columnId).join(' ')

test('the columns of a table are the usual columns, or those of the address and the first column', () => {
  assert.equal(ids(chosenColumns(columns, undefined)), 'name tags pushed by')
  assert.equal(ids(chosenColumns(columns, 'by.Created')), 'name by Created')
  assert.equal(ids(chosenColumns(columns, 'unknown')), 'name')
})

test('a column is shown and hidden, and the usual columns need no place in the address', () => {
  assert.equal(toggleColumn(columns, undefined, 'tags'), 'name.pushed.by')
  assert.equal(toggleColumn(columns, undefined, 'Created'), 'name.tags.pushed.by.Created')
  assert.equal(toggleColumn(columns, 'name.pushed.by', 'tags'), undefined)
})

test('columns disappear in their order until the others fit', () => {
  const usual = chosenColumns(columns, undefined)
  assert.equal(ids(fittingColumns(usual, 60)), 'name tags pushed by')
  assert.equal(ids(fittingColumns(usual, 29)), 'name tags pushed')
  assert.equal(ids(fittingColumns(usual, 20)), 'name pushed')
  assert.equal(ids(fittingColumns(usual, 1)), 'name pushed', 'a column without a number stays')
})

test('a column has a fixed width, a share of the free space, or what its content needs', () => {
  assert.deepEqual(columns.slice(0, 3).map(trackOf), ['minmax(12rem, 2fr)', '4rem', 'minmax(5rem, auto)'])
})
