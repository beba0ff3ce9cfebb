import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matching, parseFilter } from './filter.ts'

const filters: readonly (readonly [
  text: string,
  repositories: readonly string[],
  tags: readonly string[],
  why: string,
])[] = [
  ['team/app:.*', ['team/app'], ['1', 'dev-1', 'DEV-2'], 'one repository, all tags'],
  ['.*:^dev-', ['team/app', 'team/app2', 'x/team/app'], ['dev-1'], 'all repositories'],
  ['team/.*:1', ['team/app', 'team/app2'], ['1', 'dev-1'], 'a tag matches in any place'],
  ['team/app|x:.*', ['team/app'], ['1', 'dev-1', 'DEV-2'], 'an alternative is a part of the whole name'],
  ['(?:x/)?team/app:(?:^1$|^2$)', ['team/app', 'x/team/app'], ['1'], 'a colon of a group does not separate'],
  ['team/app[:]?:(?i)^dev', ['team/app'], ['dev-1', 'DEV-2'], 'a colon in a class, and a flag'],
  ['team/app:^(?!dev)', ['team/app'], ['1', 'DEV-2'], 'a negative lookahead'],
]

for (const [text, repositories, tags, why] of filters) {
  test(`a filter selects repositories and tags: ${why}`, () => {
    const filter = parseFilter(text)
    assert.deepEqual(matching(['team/app', 'team/app2', 'x/team/app'], [filter.repositories], 1), repositories)
    assert.deepEqual(matching(['1', 'dev-1', 'DEV-2'], [filter.tags], 1), tags)
  })
}

test('a filter with another format or an invalid expression is rejected', () => {
  for (const text of [
    '',
    'team/app',
    ':x',
    'team/app:',
    'a:b:c',
    'a:(',
    'a:[[:alpha:]]',
    String.raw`a:\A1`,
    `a:${'x'.repeat(1000)}`,
  ])
    assert.throws(() => parseFilter(text), /filter/, text)
})

test('a filter with one repository needs no catalog', () => {
  assert.equal(parseFilter('team/app:.*').repository, 'team/app')
  for (const text of ['.*:x', 'a.b:x', 'a|b:x', 'a+:x']) assert.equal(parseFilter(text).repository, undefined, text)
})

test('an expression that takes too long is interrupted', () => {
  const { tags } = parseFilter('a:^(x+)+$')
  const startedMs = performance.now()
  assert.throws(() => matching([`${'x'.repeat(60)}!`], [tags], 0.2), /a filter took longer than 0.2 s/)
  assert.ok(performance.now() - startedMs < 5000)
})
