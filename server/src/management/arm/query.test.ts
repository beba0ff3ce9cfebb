import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { ArmError } from './errors.ts'
import { readFilter } from './query.ts'
import { leastMilliseconds } from '../../../testing/platform/test-patience.ts'

const read = (filter: unknown) => readFilter({ query: { $filter: filter } } as FastifyRequest)

// prettier-ignore
const taken = [
  ["roleName eq 'AcrPull'",                       [['equals', 'rolename', 'AcrPull']],            'the form of az'],
  ["  roleName  eq  'a' ",                        [['equals', 'rolename', 'a']],                  'blanks say nothing'],
  ["roleName eq 'O''Brien and it''s'",            [['equals', 'rolename', "O'Brien and it's"]],   'a quote is doubled'],
  ["roleName eq ''",                              [['equals', 'rolename', '']],                   'an empty text is one'],
  ['atScope()',                                   [['call', 'atscope', undefined]],               'a call'],
  ["at ge '1' and AT le '2'",                      [['at-least', 'at', '1'], ['at-most', 'at', '2']], 'the two ends of a range'],
  ["atScope() and assignedTo('x')",               [['call', 'atscope', undefined], ['call', 'assignedto', 'x']], 'two terms'],
  [' ',                                           [],                                             'no term'],
] as const

for (const [filter, terms, why] of taken) {
  test(`a $filter of ${JSON.stringify(filter)} is read: ${why}`, () => {
    assert.deepEqual(
      read(filter).map(({ form, name, value }) => [form, name, value]),
      terms,
    )
  })
}

// prettier-ignore
const rejected: readonly (readonly [unknown, string])[] = [
  ["roleName ne 'a'",                          'another operator'],
  ["roleName eq a",                            'no quotes'],
  ["roleName eq 'a",                           'an open quote'],
  ["roleName eq 'a' or 1 eq 1",                'another conjunction'],
  ["roleName eq 'a' and",                      'an end in the middle'],
  ["and roleName eq 'a'",                      'a beginning in the middle'],
  ["startswith(roleName,'a')",                 'two arguments'],
  ["a() and b() and c() and d() and e() and f() and g() and h() and i()", 'too many terms'],
  [`roleName eq '${'a'.repeat(2000)}'`,        'too long'],
  ["roleName eq 'a'; drop table registry",     'SQL'],
  [["atScope()", "atScope()"],                 'twice'],
]

for (const [filter, why] of rejected) {
  test(`a $filter with ${why} is rejected`, () => {
    assert.throws(() => read(filter), ArmError)
  })
}

test('values without quotes are read where a list allows them', () => {
  const filter = "resourceProvider eq Microsoft.Authorization and eventTimestamp ge 2026-11-24T12:00:00Z and a eq 'b c'"
  const terms = readFilter({ query: { $filter: filter } } as FastifyRequest, true)
  assert.deepEqual(
    terms.map(({ value }) => value),
    ['Microsoft.Authorization', '2026-11-24T12:00:00Z', 'b c'],
  )
  for (const strange of ['a eq b c', "a eq b'c'", 'a eq', 'a eq (b)'])
    assert.throws(() => readFilter({ query: { $filter: strange } } as FastifyRequest, true), ArmError)
})

test('a filter is parsed in linear time', async () => {
  for (const text of [
    "'".repeat(1000),
    `a${' '.repeat(1000)}`,
    `a(${' '.repeat(1000)}`,
    "a eq ''''".padEnd(1000, "'"),
  ]) {
    const { took } = await leastMilliseconds(5, { took: () => assert.throws(() => read(text), ArmError) })
    assert.ok(took < 50, `${took} ms`)
  }
})
