import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConditionPlaces, placesOf } from './role-condition-places.ts'
import { parseRoleCondition } from './role-condition-parser.ts'

const repositories = 'Microsoft.ContainerRegistry/registries/repositories'
const name = `@Request[${repositories}:name]`
const action = `${repositories}/content/read`
const notRead = `!(ActionMatches{'${action}'})`
const list = (...patterns: string[]): ConditionPlaces => ({ patterns, others: false })
const others: ConditionPlaces = { patterns: [], others: true }

// prettier-ignore
const table: readonly (readonly [condition: string, places: ConditionPlaces, why: string])[] = [
  [`${name} StringEquals 'team/app'`,                                      list('team/app'),        'a name'],
  [`${name} StringEqualsIgnoreCase 'Team/App'`,                            list('team/app'),        'a name in any case'],
  [`${name} StringEquals 'Team/App'`,                                      list(),                  'no repository has upper case'],
  [`${name} StringStartsWith 'team/'`,                                     list('team/*'),          'a beginning'],
  [`${name} StringStartsWith ''`,                                          list('*'),               'every name begins with nothing'],
  [`${name} StringLike 'team/*'`,                                          list('team/*'),          'a pattern with a star at the end'],
  [`${name} StringLike '*'`,                                               list('*'),               'a star'],
  [`${name} StringLike 'team/app'`,                                        list('team/app'),        'a pattern without a star'],
  [`${name} StringLike 'team/*/app'`,                                      others,                  'a pattern with a star inside'],
  [`${name} StringNotEquals 'team/app'`,                                   others,                  'all but one'],
  [`!(${name} StringNotEquals 'team/app')`,                                list('team/app'),        'a double negation'],
  [`${name} ForAnyOfAnyValues:StringEquals {'a', 'b'}`,                    list('a', 'b'),          'names'],
  [`${name} ForAnyOfAllValues:StringEquals {'a', 'b'}`,                    others,                  'not a list'],
  [`${name} StringEquals 'a' OR ${name} StringStartsWith 'b/'`,            list('a', 'b/*'),        'either'],
  [`${name} StringEquals 'a' AND ${name} StringStartsWith 'b/'`,           others,                  'both'],
  [`(${notRead}) OR (${name} StringEquals 'a')`,                           list('a'),               'the form of the documents'],
  [`${notRead} AND ${name} StringEquals 'a'`,                              list(),                  'the action is excluded'],
  [`!(ActionMatches{'${repositories}/content/write'}) AND ${name} StringEquals 'a'`, list('a'),     'another action is excluded'],
  [`!(ActionMatches{'${repositories}/content/write'})`,                    list('*'),               'only actions are limited'],
  [`Exists ${name} AND ${name} StringEquals 'a'`,                          list('a'),               'the name exists'],
  [`@Principal[a:b] StringEquals 'a'`,                                     list(),                  'an unknown attribute is never met'],
]
for (const [condition, places, why] of table) {
  test(`the repositories of a condition are listed, or it is said that they cannot be: ${why}`, () => {
    const parsed = parseRoleCondition(condition)
    assert.ok('condition' in parsed, condition)
    assert.deepEqual(placesOf(parsed.condition, action), places)
  })
}
