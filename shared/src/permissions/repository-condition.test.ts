import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  conditionText,
  parseRepositoryCondition,
  patternsAllowing,
  withRepositories,
  withoutRepositories,
} from './repository-condition.ts'
import { type RepositoryPattern, parseRepositoryPattern, patternText } from './repository-pattern.ts'

function requireRepositoryPattern(text: string): RepositoryPattern {
  const pattern = parseRepositoryPattern(text)
  assert.ok(pattern, text)
  return pattern
}

const reading = ['content/read', 'metadata/read']
const writing = [...reading, 'content/write', 'metadata/write']
const repositories = 'Microsoft.ContainerRegistry/registries/repositories'
const name = `@Request[${repositories}:name]`
const matches = (action: string) => `!(ActionMatches{'${repositories}/${action}'})`
const readable = (condition: string | null) =>
  patternsAllowing(parseRepositoryCondition(condition, reading), 'content/read').map(patternText)

// prettier-ignore
const understood: readonly (readonly [condition: string | null, patterns: readonly string[], why: string])[] = [
  [null,                                                                    ['*'],                'no condition'],
  [`${name} StringEqualsIgnoreCase 'team/app'`,                             ['team/app'],         'one repository'],
  [`(${name} StringStartsWithIgnoreCase 'team/')`,                          ['team/*'],           'a path in brackets'],
  [`${name} ForAnyOfAnyValues:StringEqualsIgnoreCase {'a', 'b'}`,           ['a', 'b'],           'a list'],
  [`@Resource[${repositories}:name] StringEquals 'a' || ${name} StringEquals 'b'`, ['a', 'b'],    'symbols, and the other source'],
  [`((${matches('content/read')} AND ${matches('metadata/read')}) OR (${name} StringEqualsIgnoreCase 'a'))`, ['a'], "the form of Azure's portal"],
  [`${name} StringEqualsIgnoreCase 'Team/App'`,                             ['team/app'],         'another case'],
  [`${name} StringEquals 'Team/App'`,                                       [],                   'a name that no repository has'],
  [`${name} StringLikeIgnoreCase 'team/*-prod'`,                            [],                   'a pattern of another form'],
  [`${name} StringNotEquals 'a'`,                                           [],                   'an exclusion'],
  [`NOT (${name} StringEquals 'a' OR ${name} StringEquals 'b')`,            [],                   'a negation'],
  [`${name} StringEquals 'a' AND ${name} StringEquals 'b'`,                 [],                   'both at once'],
  [`${name} StringEqualsIgnoreCase 'a) OR (b'`,                                       ['a) or (b'],        'brackets within a text'],
  [`${matches('content/read')} AND ${name} StringEquals 'a'`,               [],                   'the action is excluded'],
]

for (const [condition, patterns, why] of understood) {
  test(`the repositories of a condition are understood: ${why}`, () => {
    assert.deepEqual(readable(condition), patterns)
  })
}

test('repositories are added to a condition and removed from it, and the rest stays', () => {
  const add = (condition: string | null, pattern: string, excluded: readonly string[] = []) =>
    conditionText(
      withRepositories(
        condition === '' ? [] : parseRepositoryCondition(condition, writing),
        [requireRepositoryPattern(pattern)],
        excluded,
      ),
    )
  const remove = (condition: string, pattern: string) =>
    conditionText(withoutRepositories(parseRepositoryCondition(condition, writing), requireRepositoryPattern(pattern)))

  const one = add('', 'team/app') ?? ''
  assert.equal(one, `${name} StringEqualsIgnoreCase 'team/app'`)
  const two = add(one, 'tools') ?? ''
  assert.equal(two, `${name} ForAnyOfAnyValues:StringEqualsIgnoreCase {'team/app', 'tools'}`)
  const three = add(two, 'team/*') ?? ''
  assert.equal(three, `${two} OR ${name} StringStartsWithIgnoreCase 'team/'`)
  assert.equal(remove(three, 'tools'), `${one} OR ${name} StringStartsWithIgnoreCase 'team/'`)
  assert.equal(remove(three, 'team/*'), `${name} StringEqualsIgnoreCase 'tools'`, 'a path includes its repositories')
  assert.equal(add(one, '*'), null)

  const guarded = add('', 'team/app', ['metadata/write']) ?? ''
  assert.equal(guarded, `${matches('metadata/write')} AND ${one}`)
  assert.equal(add('', '*', ['metadata/write']), matches('metadata/write'))
  const other = `${name} StringLikeIgnoreCase 'x*'`
  const both = add(other, 'team/app', ['metadata/write']) ?? ''
  assert.equal(both, `(${other}) OR (${guarded})`)
  assert.equal(remove(both, 'team/app'), other)
})

test('several paths are compared one by one, as Azure documents no list for StringStartsWith', () => {
  const add = (condition: string, pattern: string, excluded: readonly string[] = []) =>
    conditionText(
      withRepositories(
        condition === '' ? [] : parseRepositoryCondition(condition, writing),
        [requireRepositoryPattern(pattern)],
        excluded,
      ),
    ) ?? ''
  const [team, tools] = ['team/', 'tools/'].map((path) => `${name} StringStartsWithIgnoreCase '${path}'`)
  const two = add(add('', 'team/*'), 'tools/*')
  assert.equal(two, `${team} OR ${tools}`)
  assert.equal(add(two, 'team/*'), two)
  assert.equal(add(two, 'app'), `${name} StringEqualsIgnoreCase 'app' OR ${two}`)
  const guarded = add(add('', 'team/*', ['metadata/write']), 'tools/*', ['metadata/write'])
  assert.equal(guarded, `${matches('metadata/write')} AND (${two})`)
  assert.deepEqual(readable(guarded), ['team/*', 'tools/*'])
  assert.deepEqual(readable(`${name} ForAnyOfAnyValues:StringStartsWith {'team/', 'tools/'}`), ['team/*', 'tools/*'])
})
