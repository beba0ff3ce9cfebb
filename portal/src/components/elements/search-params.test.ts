import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anyText, maxValueLength, oneOf, parseSearch, searchOf, stringifySearch, textThat } from './search-params.ts'

const longest = 'x'.repeat(maxValueLength)

// prettier-ignore
const searches: readonly (readonly [search: string, values: Readonly<Record<string, string>>])[] = [
  ['',                                {}],
  ['?',                               {}],
  ['?filter=team%2Fapp&sort=reversed', { filter: 'team/app', sort: 'reversed' }],
  ['?filter=1',                       { filter: '1' }],
  ['?filter=true&show=null',          { filter: 'true', show: 'null' }],
  ['?filter=["a"]&show={"a":1}',      { filter: '["a"]', show: '{"a":1}' }],
  ['?filter=a&filter=b',              { filter: 'b' }],
  ['?filter[]=a&filter=',             { 'filter[]': 'a' }],
  ['?filter=%E0%A4%A&show=%00',       { filter: '\uFFFD%A', show: '\0' }],
  [`?filter=${longest}`,              { filter: longest }],
  [`?filter=${longest}x&sort=name`,   { sort: 'name' }],
]

test('the values in an address are texts of a limited length', () => {
  for (const [search, values] of searches) assert.deepEqual(parseSearch(search), values, search.slice(0, 100))
})

test('a name in an address changes no other object', () => {
  const values = parseSearch('?__proto__=a&constructor=b')
  assert.equal(Object.getPrototypeOf(values), Object.prototype)
  assert.deepEqual(Object.entries(values), [
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ])
})

test('an address is read as it was written', () => {
  const values = { filter: 'a&b=c d+e%', sort: 'true', from: '2026-11-30T07:00:00.000Z' }
  assert.deepEqual(parseSearch(stringifySearch({ ...values, role: undefined })), values)
  assert.equal(stringifySearch({}), '')
  assert.equal(stringifySearch({ filter: undefined }), '')
})

test('a view reads the values of its address that it can use', () => {
  const read = searchOf({ filter: anyText, tab: oneOf('tokens', 'maps'), id: textThat((text) => /^\d+$/.test(text)) })
  assert.deepEqual(read({ filter: 'team', tab: 'maps', id: '7' }), { filter: 'team', tab: 'maps', id: '7' })
  assert.deepEqual(read({ filter: '', tab: 'roles', id: 'x', other: 'y' }), {})
  assert.deepEqual(read({ filter: 7, tab: ['maps'], id: undefined }), {})
})
