import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseRepositoryName } from './repository-name.ts'

test('a repository name has the grammar of distribution-spec', () => {
  const cases: readonly { text: string; parses: boolean; why: string }[] = [
    { text: 'app', parses: true, why: 'one component' },
    { text: 'a', parses: true, why: 'one letter' },
    { text: '0', parses: true, why: 'one digit' },
    { text: 'team/app/part', parses: true, why: 'several components' },
    { text: 'a.b/a_b/a__b/a-b/a---b', parses: true, why: 'each separator' },
    { text: 'tags/list', parses: true, why: 'no name is reserved' },
    { text: 'a/blobs/uploads/b', parses: true, why: 'no name is reserved' },
    { text: 'a'.repeat(255), parses: true, why: 'the longest' },
    { text: 'a'.repeat(256), parses: false, why: 'one too long' },
    { text: '', parses: false, why: 'nothing' },
    { text: 'App', parses: false, why: 'upper case' },
    { text: '/app', parses: false, why: 'an empty component' },
    { text: 'app/', parses: false, why: 'an empty component' },
    { text: 'a//b', parses: false, why: 'an empty component' },
    { text: '-a', parses: false, why: 'begins with a separator' },
    { text: 'a-', parses: false, why: 'ends with a separator' },
    { text: 'a/-b', parses: false, why: 'a component begins with a separator' },
    { text: '_catalog', parses: false, why: 'what keeps the paths of /acr/v1 apart' },
    { text: 'a..b', parses: false, why: 'dots do not repeat' },
    { text: 'a___b', parses: false, why: 'underscores repeat once' },
    { text: 'a._b', parses: false, why: 'separators do not mix' },
    { text: '..', parses: false, why: 'a parent directory' },
    { text: 'a/../b', parses: false, why: 'a parent directory' },
    { text: 'a%2fb', parses: false, why: 'an escape that was not decoded' },
    { text: 'a\\b', parses: false, why: 'a backslash' },
    { text: 'a b', parses: false, why: 'a blank' },
    { text: 'a\n', parses: false, why: 'a line end' },
    { text: 'a\0', parses: false, why: 'NUL' },
    { text: 'é', parses: false, why: 'no ASCII' },
    { text: 'host:5000/app', parses: false, why: 'a host is not part of the name' },
    { text: 'app:1', parses: false, why: 'a tag is not part of the name' },
    { text: '*', parses: false, why: 'a wildcard' },
  ]
  for (const { text, parses, why } of cases) assert.equal(parseRepositoryName(text), parses ? text : undefined, why)
})

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'z', '0', '1', '9'), minLength: 1, maxLength: 6 })
const separator = fc.oneof(
  fc.constantFrom('.', '_', '__'),
  fc.integer({ min: 1, max: 4 }).map((count) => '-'.repeat(count)),
)
const component = fc
  .tuple(
    word,
    fc.array(
      fc.tuple(separator, word).map(([a, b]) => a + b),
      { maxLength: 3 },
    ),
  )
  .map(([head, tail]) => head + tail.join(''))

test('every text that the grammar generates is a repository name', () => {
  const name = fc.array(component, { minLength: 1, maxLength: 5 }).map((components) => components.join('/'))
  fc.assert(fc.property(name, (text) => parseRepositoryName(text) === (text.length <= 255 ? text : undefined)))
})

test('no repository name is a path traversal', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '.', '/', '_', '-', '\\', '\0', '%', 'A', ':') })
  fc.assert(
    fc.property(text, (sent) => {
      const name = parseRepositoryName(sent)
      for (const segment of name?.split('/') ?? []) assert.match(segment, /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/)
    }),
  )
})
