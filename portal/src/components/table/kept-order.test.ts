import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ShownRows, keepOrder } from './kept-order.ts'

type Row = { readonly name: string; readonly size: number }
const rowsOf = (text: string): readonly Row[] =>
  text.split(' ').map((each) => ({ name: each.charAt(0), size: Number(each.slice(1)) }))
const textOf = ({ rows, changed }: ShownRows<Row>) =>
  rows.map(({ name, size }) => `${name}${size}${changed.has(name) ? '*' : ''}`).join(' ')

// prettier-ignore
const cases: readonly (readonly [title: string, before: string, after: string, shown: string])[] = [
  ['a changed row is marked and stays in its place', 'a1 b2 c3', 'c9 a1 b2',    'a1 b2 c9*'],
  ['a row that was deleted is gone',                 'a1 b2 c3', 'a1 c3',       'a1 c3'],
  ['a new row is after the row before it',           'a1 b2 c3', 'a1 d4 b2 c3', 'a1 d4 b2 c3'],
  ['a new first row is the first',                   'a1 b2',    'd4 a1 b2',    'd4 a1 b2'],
  ['the next page is at the end',                    'a1 b2',    'a1 b2 c3 d4', 'a1 b2 c3 d4'],
]

for (const [title, before, after, shown] of cases) {
  test(title, () => {
    const first = keepOrder(undefined, 'x', rowsOf(before), ({ name }) => name)
    assert.equal(textOf(first), before)
    assert.equal(textOf(keepOrder(first, 'x', rowsOf(after), ({ name }) => name)), shown)
  })
}

test('another order shows the rows as they come, without marks', () => {
  const first = keepOrder(undefined, 'x', rowsOf('a1 b2'), ({ name }) => name)
  assert.equal(textOf(keepOrder(first, 'y', rowsOf('b3 a1'), ({ name }) => name)), 'b3 a1')
})

test('marks stay when the next page comes', () => {
  const first = keepOrder(undefined, 'x', rowsOf('a1 b2'), ({ name }) => name)
  const second = keepOrder(first, 'x', rowsOf('a1 b3'), ({ name }) => name)
  assert.equal(textOf(keepOrder(second, 'x', rowsOf('a1 b3 c4'), ({ name }) => name)), 'a1 b3* c4')
})
