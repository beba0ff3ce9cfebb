import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Column, columnId } from './columns.ts'
import { layoutOf } from './layout.ts'

const cell = () => null
const columns: readonly Column<string>[] = [
  { id: 'name', title: 'Name', cell, minWidth: 12, grow: 1 },
  { id: 'by', title: 'By', cell, width: 10, dropOrder: 1 },
  { id: 'size', title: 'Size', cell, width: 6 },
  { id: 'actions', title: 'Actions', cell, width: 12, onPhone: 'end' },
]

// prettier-ignore
const cases: readonly (readonly [widthRem: number | undefined, ids: string, isPhone: boolean, tracks: string])[] = [
  [undefined, 'name by size actions', false, 'minmax(12rem, 1fr) 10rem 6rem 12rem'],
  [60,        'name by size actions', false, 'minmax(12rem, 1fr) 10rem 6rem 12rem'],
  [40,        'name size actions',    false, 'minmax(12rem, 1fr) 6rem 12rem'],
  [31,        'name by size actions', true,  'minmax(0, 1fr) auto'],
  [22,        'name by size actions', true,  'minmax(0, 1fr) auto'],
]

test('a table shows the columns that fit, and two lines per row where it is narrow', () => {
  for (const [widthRem, ids, isPhone, tracks] of cases) {
    const layout = layoutOf({ columns, chosen: undefined, widthRem, hasSelection: false })
    assert.deepEqual([layout.columns.map(columnId).join(' '), layout.isPhone, layout.tracks], [ids, isPhone, tracks])
  }
})

test('the boxes of the selection have a track of their own', () => {
  const layout = layoutOf({ columns, chosen: 'size', widthRem: 60, hasSelection: true })
  assert.equal(layout.tracks, '1rem minmax(12rem, 1fr) 6rem')
})
