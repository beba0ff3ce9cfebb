import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRoleCondition } from './role-condition-parser.ts'
import { repositoriesOf, type RepositorySets } from './role-condition-repositories.ts'

/** Sets that are the text of their expression. */
const written: RepositorySets<string> = {
  all: 'all',
  none: 'none',
  unlisted: 'unlisted',
  union: (sets) => `(${sets.join(' or ')})`,
  intersection: (sets) => `(${sets.join(' and ')})`,
  named: (comparison, values, oneSuffices) => `${comparison} ${oneSuffices ? 'one' : 'all'} of ${values.join(', ')}`,
}

const repositories = 'Microsoft.ContainerRegistry/registries/repositories'
const name = `@Request[${repositories}:name]`
const read = `ActionMatches{'${repositories}/content/read'}`

// prettier-ignore
const table: readonly (readonly [condition: string, set: string, why: string])[] = [
  [`${name} StringEquals 'a' OR ${name} StringStartsWith 'b/'`,       '(equals one of a or starts-with one of b/)',  'either term'],
  [`${name} StringEquals 'a' AND ${name} StringStartsWith 'b/'`,      '(equals one of a and starts-with one of b/)', 'both terms'],
  [`!(${name} StringNotEquals 'a' OR ${name} StringNotEquals 'b')`,   '(equals all of a and equals all of b)',       'a negation of either is both'],
  [`!(${name} StringNotEquals 'a' AND ${name} StringNotEquals 'b')`,  '(equals all of a or equals all of b)',        'a negation of both is either'],
  [`${name} ForAnyOfAllValues:StringEquals {'a', 'b'}`,               'equals all of a, b',                          'all values must match'],
  [`${name} ForAnyOfAnyValues:StringEquals {'a', 'b'}`,               'equals one of a, b',                          'one value suffices'],
  [`${name} StringNotEquals 'a'`,                                     'unlisted',                                    'all but one'],
  [read,                                                              'all',                                         'the action'],
  [`!(${read})`,                                                      'none',                                        'another action'],
  [`Exists ${name}`,                                                  'all',                                         'the name exists'],
  [`@Principal[a:b] StringEquals 'a'`,                                'none',                                        'an unknown attribute'],
]
for (const [condition, set, why] of table) {
  test(`the repositories of a condition follow from those of its terms: ${why}`, () => {
    const parsed = parseRoleCondition(condition)
    assert.ok('condition' in parsed, condition)
    assert.equal(repositoriesOf(parsed.condition, `${repositories}/content/read`, written), set)
  })
}
