import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Column } from './columns.ts'
import { type Sort, formatSort, nextSort, parseSort, sortRows } from './sort.ts'

type Row = { readonly name: string; readonly size?: number }
const cell = () => null
const name: Column<Row> = { id: 'name', title: 'Name', cell, value: (row) => row.name }
const size: Column<Row> = { id: 'size', title: 'Size', cell, value: (row) => row.size, sorts: 'descending' }

test('an order is read from an address as it was written', () => {
  for (const sort of ['name', '-name'].map((text) => [text, parseSort(text)] as const))
    assert.equal(formatSort(sort[1] as Sort), sort[0])
  assert.deepEqual(parseSort('-pushed'), { column: 'pushed', direction: 'descending' })
  for (const text of [undefined, '', '-']) assert.equal(parseSort(text), undefined)
})

test('a header sorts in its first direction, then in the other one', () => {
  const first = nextSort(undefined, size)
  assert.deepEqual(first, { column: 'size', direction: 'descending' })
  const second = nextSort(first, size)
  assert.deepEqual(second, { column: 'size', direction: 'ascending' })
  assert.deepEqual(nextSort(second, size), first)
  assert.deepEqual(nextSort(second, name), { column: 'name', direction: 'ascending' })
})

test('rows are sorted by numbers or texts, and rows without a value are last', () => {
  const rows: readonly Row[] = [{ name: 'v10', size: 5 }, { name: 'v9' }, { name: 'v2', size: 30 }]
  const names = (sort: Sort | undefined) => sortRows(rows, [name, size], sort).map((row) => row.name)
  assert.deepEqual(names(undefined), ['v10', 'v9', 'v2'])
  assert.deepEqual(names({ column: 'name', direction: 'ascending' }), ['v2', 'v9', 'v10'])
  assert.deepEqual(names({ column: 'size', direction: 'ascending' }), ['v10', 'v2', 'v9'])
  assert.deepEqual(names({ column: 'size', direction: 'descending' }), ['v2', 'v10', 'v9'])
  assert.deepEqual(names({ column: 'unknown', direction: 'descending' }), ['v10', 'v9', 'v2'])
})
