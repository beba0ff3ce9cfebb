import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type OutputFormat, formatDocument } from './formats.ts'

const document = [
  { name: 'größe', id: 'x', size: 1.5, isOpen: true, tags: ['a', 'b'], owner: { id: 'y' }, note: null },
  { name: 'b', size: 2, isOpen: false, tags: [], owner: {}, note: 'two\nlines' },
]

function format(
  value: unknown,
  output: OutputFormat,
  { isQueried = false, columns = undefined as number | undefined } = {},
) {
  return formatDocument(value, { format: output, isQueried, isOrdered: () => isQueried, hasColor: false, columns })
}

test('JSON has its members in the order of their names, and letters beyond ASCII as they are', async () => {
  const text = '{\n  "a": [],\n  "b": {\n    "c": null,\n    "größe": "x"\n  }\n}\n'
  assert.equal(await format({ b: { größe: 'x', c: null, missing: undefined }, a: [] }, 'json'), text)
  assert.equal(await format('\u001b[2J', 'json'), '"\\u001b[2J"\n', 'control characters are escaped')
})

test('tab-separated values show the length of a list, and nothing for an object', async () => {
  assert.equal(await format(document, 'tsv'), 'x\tTrue\tgröße\tNone\t\t1.5\t2\nFalse\tb\ttwo\nlines\t\t2\t0\n')
  assert.equal(await format(true, 'tsv'), 'true\n')
  assert.equal(
    await format(
      [
        ['b', 1],
        ['a', null],
      ],
      'tsv',
    ),
    'b\t1\na\tNone\n',
  )
})

test('a table has the simple members, without ids, and a cell of two lines takes two lines', async () => {
  const lines = (await format(document, 'table')).split('\n')
  assert.deepEqual(lines, [
    'IsOpen    Name    Size    Note',
    '--------  ------  ------  ------',
    'True      größe   1.5',
    'False     b       2       two',
    '                          lines',
    '',
  ])
  assert.equal(await format([], 'table'), '\n')
})

test('the order of a query stays, and the widest columns are cut on a narrow terminal', async () => {
  const [header] = (await format({ size: 1, name: 'a' }, 'table', { isQueried: true })).split('\n')
  assert.equal(header, 'Size    Name')
  const narrow = await format({ name: 'x'.repeat(50), size: 1 }, 'table', { columns: 30 })
  assert.ok(
    narrow.split('\n').every((line) => line.length <= 30),
    narrow,
  )
  assert.match(narrow, /x…/)
})

test('the format none prints nothing', async () => {
  assert.equal(await format(document, 'none'), '')
})
