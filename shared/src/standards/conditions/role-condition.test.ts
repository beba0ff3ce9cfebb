import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { conditionOperators } from './role-condition.ts'
import { evaluateRoleCondition, matchesLike } from './role-condition-evaluation.ts'
import { repositoryGuard } from './role-condition-guard.ts'
import { parseRoleCondition } from './role-condition-parser.ts'
import { conditionText } from '../../../../test/oracle/condition-text.ts'
import { conditionTrees, testDataActions, testRepositories } from '../../../../test/oracle/condition-trees.ts'
import { asksForNameAlone } from '../../../../test/oracle/role-conditions.ts'

const read = 'Microsoft.ContainerRegistry/registries/repositories/content/read'
const write = 'Microsoft.ContainerRegistry/registries/repositories/content/write'
const name = '@Request[Microsoft.ContainerRegistry/registries/repositories:name]'

/** What the text says about an action on a repository; null is none. */
function outcome(text: string, repository: string | null = 'team/app', action: string = read) {
  const reading = parseRoleCondition(text)
  if (!('condition' in reading)) throw new Error(`${reading.problem} at ${reading.position}: ${text}`)
  return evaluateRoleCondition(reading.condition, { action, repository: repository ?? undefined })
}

test('a condition is parsed in every spelling of Azure, with the same meaning', () => {
  // prettier-ignore
  const cases: readonly (readonly [text: string, expected: boolean | undefined, why: string])[] = [
    [`${name} StringEquals 'team/app'`,                                     true,  'the simplest one'],
    [`${name} StringEquals 'Team/App'`,                                     false, 'case counts'],
    [`${name} StringEqualsIgnoreCase 'Team/App'`,                           true,  'unless it is ignored'],
    [`${name} StringNotEquals 'team/app'`,                                  false, 'negated'],
    [`${name} StringNotEqualsIgnoreCase 'TEAM/APP'`,                        false, 'negated, in any case'],
    [`${name} StringStartsWith 'team/'`,                                    true,  'a prefix'],
    [`${name} StringStartsWith 'team'`,                                     true,  'a prefix is no path'],
    [`${name} StringStartsWithIgnoreCase 'TEAM/'`,                          true,  'a prefix in any case'],
    [`${name} StringNotStartsWith 'team/'`,                                 false, 'no such prefix'],
    [`${name} StringNotStartsWithIgnoreCase 'x'`,                           true,  'no such prefix, in any case'],
    [`${name} StringLike 'team/*'`,                                         true,  'a star is any run'],
    [`${name} StringLike '*/ap?'`,                                          true,  'a question mark is one character'],
    [`${name} StringLike 'TEAM/*'`,                                         false, 'case counts'],
    [`${name} StringLikeIgnoreCase 'TEAM/*'`,                               true,  'unless it is ignored'],
    [String.raw`${name} StringLike 'team\*'`,                               false, 'an escaped star is a star'],
    [String.raw`'a*c' StringLike 'a\*c'`,                                   true,  'an escaped star is a star'],
    [String.raw`'abc' StringNotLike 'a\?c'`,                                true,  'an escaped question mark is one'],
    [`${name} StringNotLikeIgnoreCase 'team/*'`,                            false, 'negated'],
    [`'abcd' StringLike 'a*c?'`,                                            true,  'Azure’s own example'],
    [`'abcd' StringLike 'A*C?'`,                                            false, 'Azure’s own example'],
    [`'abcd' StringLike 'a*c'`,                                             false, 'Azure’s own example'],
    [`${name} stringequals 'team/app'`,                                     true,  'operators in any case, as az’s own example'],
    [`@resource[microsoft.containerregistry/REGISTRIES/repositories:Name] StringEquals 'team/app'`, true, 'attributes in any case'],
    [`ActionMatches{'${read}'}`,                                            true,  'the action'],
    [`ActionMatches{'${read.toUpperCase()}'}`,                              true,  'in any case'],
    [`ActionMatches{'Microsoft.ContainerRegistry/registries/*/read'}`,      true,  'a pattern of actions'],
    [`actionmatches { '*/write' }`,                                         false, 'another action'],
    [`SubOperationMatches{'Blob.List'}`,                                    false, 'a registry has no suboperations'],
    [`!(ActionMatches{'${read}'} AND NOT SubOperationMatches{'Blob.List'})`, false, 'Azure’s own example'],
    [`Exists ${name}`,                                                      true,  'there is a repository'],
    [`NOT Exists ${name}`,                                                  false, 'there is a repository'],
    [`{'red', 'blue'} ForAnyOfAnyValues:StringEquals {'blue', 'green'}`,    true,  'Azure’s own example'],
    [`{'red', 'blue'} ForAnyOfAnyValues:StringEquals {'orange', 'green'}`,  false, 'Azure’s own example'],
    [`{'red', 'blue'} ForAllOfAnyValues:StringEquals {'orange', 'red', 'blue'}`, true, 'Azure’s own example'],
    [`{'red', 'blue'} ForAllOfAnyValues:StringEquals {'red', 'green'}`,     false, 'Azure’s own example'],
    [`{10, 20} ForAnyOfAllValues:NumericLessThan {15, 18}`,                 true,  'Azure’s own example'],
    [`{10, 20} ForAllOfAllValues:NumericLessThan {5, 15, 18}`,              false, 'Azure’s own example'],
    [`{10, 20} ForAllOfAllValues:NumericLessThan {25, 30}`,                 true,  'Azure’s own example'],
    [`{10, 20} ForAllOfAllValues:NumericLessThan {15, 25, 30}`,             false, 'Azure’s own example'],
    [`${name} ForAnyOfAnyValues:StringEquals {'a', 'team/app'}`,            true,  'one of a list'],
    [`${name} ForAllOfAllValues:StringNotEquals {'a', 'team/app'}`,         false, 'none of a list'],
    [`${name} ForAnyOfAnyValues:StringStartsWithIgnoreCase {'A/', 'Team/'}`, true, 'prefixes'],
    [`${name} StringEquals {'team/app'}`,                                   true,  'a list of one'],
    [`-1 NumericLessThan 0`,                                                true,  'numbers may be negative'],
    [`2 NumericEquals 2 AND 2 NumericNotEquals 3`,                          true,  'numbers'],
    [`2 NumericGreaterThan 1 AND 2 NumericGreaterThanEquals 2`,             true,  'numbers'],
    [`2 NumericLessThanEquals 1`,                                           false, 'numbers'],
    [`true BoolEquals TRUE`,                                                true,  'truth values'],
    [`true BoolNotEquals true`,                                             false, 'truth values'],
    [`'2022-06-01T00:00:00.0Z' DateTimeEquals '2022-06-01T00:00:00Z'`,      true,  'times with fractions of different length'],
    [`'2022-06-01T00:00:00.0000001Z' DateTimeGreaterThan '2022-06-01T00:00:00Z'`, true, 'seven digits count'],
    [`'2022-06-01T00:00:00Z' DateTimeLessThan '2021-12-31T23:59:59Z'`,      false, 'times'],
    [`5E467623-bb1f-42f4-a55d-6e525e11384b GuidEquals '5e467623-BB1F-42f4-a55d-6e525e11384b'`, true, 'GUIDs, quoted or not, in any case'],
    [`5e467623-bb1f-42f4-a55d-6e525e11384b ForAnyOfAllValues:GuidNotEquals {8e3af657-a8ff-443c-a75c-2fe8c4bcb635}`, true, 'as Azure’s templates for delegation have it'],
    [`'a' StringEquals 'b' AND 'a' StringEquals 'b' OR 'a' StringEquals 'a'`, true, 'AND binds tighter than OR'],
    [`'a' StringEquals 'a' OR 'a' StringEquals 'a' AND 'a' StringEquals 'b'`, true, 'on either side'],
    [`('a' StringEquals 'a' OR 'a' StringEquals 'a') AND 'a' StringEquals 'b'`, false, 'brackets bind tighter still'],
    [`NOT 'a' StringEquals 'b' AND 'a' StringEquals 'b'`,                   false, 'NOT binds tightest'],
    [`!!('a' StringEquals 'a')`,                                            true,  'twice is none'],
    [`\n('a' StringEquals 'a'\t&&\r\n'a' StringEquals 'a') || 'a' StringEquals 'b' `, true, 'blanks and signs'],
  ]
  for (const [text, expected, why] of cases) assert.equal(outcome(text), expected, `${why}: ${text}`)
})

test('a missing attribute never allows a request, not even through a negation', () => {
  const storage = '@Request[Microsoft.Storage/storageAccounts:name]'
  // prettier-ignore
  const cases: readonly (readonly [text: string, expected: boolean | undefined, why: string])[] = [
    [`${storage} StringEquals 'x'`,                            undefined, 'an attribute that a registry does not have'],
    [`${storage} StringNotEquals 'x'`,                         undefined, 'a negated operator'],
    [`!(${storage} StringEquals 'x')`,                         undefined, 'a negation'],
    [`NOT Exists ${storage}`,                                  undefined, 'it cannot be said that it is not there'],
    ["@Principal[a:b] StringEquals 'x'",                       undefined, 'principals have no attributes here'],
    ["@Environment[UtcNow] DateTimeLessThan '2999-01-01T00:00:00Z'", undefined, 'decisions are remembered, and time goes on'],
    ['@Environment[isPrivateLink] BoolEquals false',           undefined, 'the network is not known'],
    [`${name} GuidNotEquals 8e3af657-a8ff-443c-a75c-2fe8c4bcb635`, undefined, 'a name is no GUID'],
    [`${name} NumericNotEquals 1`,                             undefined, 'a name is no number'],
    [`${storage} StringEquals 'x' OR 'a' StringEquals 'a'`,    true,      'what holds anyhow'],
    [`${storage} StringEquals 'x' AND 'a' StringEquals 'b'`,   false,     'what fails anyhow'],
  ]
  for (const [text, expected, why] of cases) assert.equal(outcome(text), expected, `${why}: ${text}`)
  assert.equal(outcome(`${name} StringNotEquals 'x'`, null), undefined, 'no repository, no name')
  assert.equal(outcome(`Exists ${name}`, null), false)
})

test('the condition of Azure’s documents limits the actions it names, and no others', () => {
  const text = `((!(ActionMatches{'${read}'})
     AND !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'}))
    OR
    (${name} StringEqualsIgnoreCase 'hello-world'))`
  assert.equal(outcome(text, 'hello-world'), true)
  assert.equal(outcome(text, 'hello-world2'), false)
  assert.equal(outcome(text, 'hello-world2', write), true, 'an action that is not named is not limited')
  const catalog = 'Microsoft.ContainerRegistry/registries/catalog/read'
  assert.equal(outcome(text, null, catalog), true)
})

test('an invalid condition is rejected with the position of the error', () => {
  const list = Array.from({ length: 300 }, () => "'a'").join()
  // prettier-ignore
  const cases: readonly (readonly [text: string, position: number, problem: RegExp, why: string])[] = [
    ['',                                     1,  /a test, an attribute or a value is expected/, 'nothing'],
    ['  ',                                   3,  /is expected/,                      'nothing but blanks'],
    ['()',                                   2,  /is expected/,                      'nothing in brackets'],
    ["('a' StringEquals 'a'",                22, /'\)' is expected/,                 'a bracket too few'],
    ["'a' StringEquals 'a')",                21, /AND, OR or the end is expected/,   'a bracket too many'],
    ["'a' StringEquals 'a' AND",             25, /is expected/,                      'half a conjunction'],
    ["'a' StringEquals 'a' & 'a'",           22, /'&' is not valid here/,        'one sign of two'],
    ["'a' StringIs 'a'",                     5,  /no operator StringIs/,           'an operator that is none'],
    ["'a' ForAnyOfAnyValues StringEquals 'a'", 23, /':' is expected/,                'a quantifier without its colon'],
    ["'a' ForSomeOfAnyValues:StringEquals 'a'", 5, /no operator ForSomeOfAnyValues/, 'a quantifier that is none'],
    ["{'a', 'b'} StringEquals 'a'",          1,  /quantifier/,                     'a list without a quantifier'],
    ["'a' StringEquals {'a', 'b'}",          18, /quantifier/,                     'a list without a quantifier'],
    ['{} ForAnyOfAnyValues:StringEquals {}', 2,  /a value is expected/,              'an empty list'],
    ["{'a',} ForAnyOfAnyValues:StringEquals {'a'}", 6, /a value is expected/,        'a comma too many'],
    ["'a' StringEquals 1",                   18, /compares a text/,                'another kind of value'],
    ["1 NumericEquals '1'",                  17, /compares a whole number/,        'another kind of value'],
    ['1.5 NumericEquals 1',                  1,  /is not valid here/,            'a fraction'],
    ['99999999999999999 NumericEquals 1',    1,  /is not valid here|too large/,       'a number that is too large'],
    ["'yes' BoolEquals true",                1,  /true or false/,                  'another kind of value'],
    ["'2022-02-30T00:00:00Z' DateTimeEquals '2022-01-01T00:00:00Z'", 1, /compares a time/, 'a day that is none'],
    ["'x' GuidEquals 'y'",                   1,  /compares a GUID/,                'another kind of value'],
    ["'a\u0000' StringEquals 'a'",           1,  /control character/,              'a zero, which PostgreSQL cannot hold'],
    ["'a StringEquals 1",                    1,  /no closing '/,                'a text without its end'],
    ['@Resourse[a] StringEquals 1',          1,  /@Request, @Resource/,            'a source that is none'],
    ['@Resource[] StringEquals 1',           1,  /the attribute's name in brackets/,           'an attribute without a name'],
    ["@Resource[a StringEquals 'b'",         1,  /the attribute's name in brackets/,           'a bracket too few'],
    ["ActionMatches('a')",                   14, /'\{' is expected/,                 'the wrong bracket'],
    ['ActionMatches{a}',                     15, /a text in '…' is expected/,        'no quotation marks'],
    ["ActionMatches{''}",                    15, /not be empty/,                      'an empty pattern'],
    ["ActionMatches{'a','b'}",               18, /'\}' is expected/,                 'a list of patterns'],
    ["Exists 'a'",                           8,  /an attribute is expected/,         'a value'],
    ["'a' StringEquals 'a' 'b'",             22, /AND, OR or the end/,             'two in a row'],
    ['"a" StringEquals "a"',                 1,  /'"' is not valid here/,        'the wrong quotation marks'],
    ['true',                                 5,  /an operator/,                    'a value alone'],
    ["'a' StringEquals 'a' \u0000",          22, /this character is not valid/,  'a control character'],
    [`{${list}} ForAnyOfAnyValues:StringLike {${list}}`, 1, /too long for a comparison/, 'too much work'],
    [`${'('.repeat(65)}'a' StringEquals 'a'${')'.repeat(65)}`, 65, /64 levels/,    'too deep'],
    [`${'!'.repeat(70)}('a' StringEquals 'a')`, 65, /64 levels/,                   'too deep'],
    [`'${'a'.repeat(8200)}' StringEquals 'a'`, 8193, /at most 8192 characters/,    'too long'],
  ]
  for (const [text, position, problem, why] of cases) {
    const reading = parseRoleCondition(text)
    assert.ok('problem' in reading, `${why}: ${text.slice(0, 80)}`)
    assert.match(reading.problem, problem, why)
    assert.equal(reading.position, position, `${why}: ${text.slice(0, 80)}`)
  }
})

test('every operator that Azure names is there', () => {
  const strings = ['Equals', 'StartsWith', 'Like'].flatMap((test) =>
    ['', 'Not'].flatMap((not) => ['', 'IgnoreCase'].map((fold) => `String${not}${test}${fold}`)),
  )
  const orders = ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals']
  const expected = [
    ...strings,
    ...orders.flatMap((order) => [`Numeric${order}`, `DateTime${order}`]),
    'BoolEquals',
    'BoolNotEquals',
    'GuidEquals',
    'GuidNotEquals',
  ]
  assert.deepEqual([...conditionOperators.values()].map((operator) => operator.name).toSorted(), expected.toSorted())
})

test('the parser never throws, and a position is within the text or at its end', () => {
  // prettier-ignore
  const pieces = fc.constantFrom(
    "'a'", 'StringEquals', '(', ')', '{', '}', ',', '!', 'NOT', 'AND', '||', 'ForAnyOfAnyValues', ':', name, 'Exists',
    'ActionMatches', '12', 'true', '@Resource[', "'", '\u{1f600}', ' ', '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  )
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 20 }).map((some) => some.join(' ')),
    fc.array(pieces, { maxLength: 20 }).map((some) => some.join('')),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const reading = parseRoleCondition(text)
      if ('problem' in reading) assert.ok(reading.position >= 1 && reading.position <= text.length + 1)
    }),
    { numRuns: 1500 },
  )
})

test('a guard lets every name through for which the condition is met', () => {
  let narrowed = 0
  fc.assert(
    fc.property(conditionTrees, fc.constantFrom(...testDataActions), (tree, action) => {
      const reading = parseRoleCondition(conditionText(tree))
      assert.ok('condition' in reading)
      const guard = repositoryGuard(reading.condition, action)
      if (guard.kind === 'any') return
      narrowed += 1
      const { names, prefixes } = guard
      for (const repository of testRepositories) {
        if (evaluateRoleCondition(reading.condition, { action, repository }) !== true) continue
        const isLet = names.includes(repository) || prefixes.some((prefix) => repository.startsWith(prefix))
        assert.ok(isLet, `${conditionText(tree)} on ${repository} by ${action}`)
      }
    }),
    { numRuns: 3000 },
  )
  assert.ok(narrowed > 500, 'many conditions have a guard')
})

test('hostile patterns and conditions are not slow', () => {
  const start = process.cpuUsage()
  assert.equal(matchesLike('*a'.repeat(4000), `${'a'.repeat(254)}b`), false)
  assert.equal(matchesLike(`${'a*'.repeat(100)}b`, 'a'.repeat(255)), false)
  const deep = `${'('.repeat(60)}${name} StringEquals 'x'${')'.repeat(60)}`
  assert.equal(outcome(deep), false)
  const wide = Array.from({ length: 300 }, () => "'a' StringLike '*a*b'").join('||')
  assert.equal(outcome(wide), false)
  const { user } = process.cpuUsage(start)
  assert.ok(user < 1e6, `${user} microseconds of processor time`)
})

test('conditions of the name alone are known about wherever there is a name', () => {
  fc.assert(
    fc.property(conditionTrees.filter(asksForNameAlone), fc.constantFrom(...testRepositories), (tree, repository) => {
      assert.notEqual(outcome(conditionText(tree), repository), undefined)
    }),
  )
})
