import assert from 'node:assert/strict'
import test from 'node:test'
import { nameRanges } from './name-ranges.ts'

const all = [{ kind: 'all' }]
const prefix = (text: string) => ({ kind: 'prefix', prefix: text })
const names = (...list: string[]) => ({ kind: 'names', names: list })

const cases: readonly [candidates: Parameters<typeof nameRanges>[0], ranges: readonly unknown[], why: string][] = [
  ['any', all, 'all names'],
  [{ names: [], prefixes: [] }, [], 'no name'],
  [{ names: ['a'], prefixes: ['', 'b/'] }, all, 'an empty prefix includes all names'],
  [{ names: ['b', 'a', 'a'], prefixes: [] }, [names('a', 'b')], 'the names are sorted, and each name occurs once'],
  [
    { names: ['team/app', 'zoo'], prefixes: ['team/'] },
    [prefix('team/'), names('zoo')],
    'a name that begins with a prefix',
  ],
  [
    { names: [], prefixes: ['team/a', 'team/', 'team/b/'] },
    [prefix('team/')],
    'a prefix that begins with another prefix',
  ],
  [
    { names: ['a', 'm', 'z'], prefixes: ['b/', 'n'] },
    [names('a'), prefix('b/'), names('m'), prefix('n'), names('z')],
    'the order of names',
  ],
  [{ names: ['a\0', 'ä', 'B'], prefixes: ['t~', '%'] }, [], 'texts that no name of a repository can be or begin with'],
]

for (const [candidates, ranges, why] of cases) {
  test(`nameRanges returns the ranges of ${JSON.stringify(candidates)}: ${why}`, () => {
    assert.deepEqual(nameRanges(candidates), ranges)
  })
}

test('nameRanges splits many names into ranges of at most 300 names', () => {
  const many = Array.from({ length: 700 }, (_, index) => `r${String(index).padStart(3, '0')}`)
  const ranges = nameRanges({ names: many, prefixes: [] })
  assert.deepEqual(
    ranges.map((range) => range.kind === 'names' && range.names.length),
    [300, 300, 100],
  )
  assert.deepEqual(
    ranges.flatMap((range) => (range.kind === 'names' ? range.names : [])),
    many,
  )
})
