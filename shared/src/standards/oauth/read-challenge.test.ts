import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readChallenges } from './read-challenge.ts'

// prettier-ignore
const cases: readonly (readonly [header: string, challenges: readonly (readonly [scheme: string, parameters: object])[], why: string])[] = [
  ['Bearer realm="https://r/t",service="r",scope="repository:a:pull"', [['bearer', { realm: 'https://r/t', service: 'r', scope: 'repository:a:pull' }]], 'as registries send it'],
  ['Bearer realm="https://r/t", service="r"',   [['bearer', { realm: 'https://r/t', service: 'r' }]],           'blanks after commas'],
  ['BEARER Realm=https://r/t',                  [['bearer', { realm: 'https://r/t' }]],                         'another case, no quotes'],
  ['Basic realm="a, b=\\"c\\""',                [['basic', { realm: 'a, b="c"' }]],                             'commas and quotes within quotes'],
  ['Basic realm="x", Bearer realm="y",scope="z"', [['basic', { realm: 'x' }], ['bearer', { realm: 'y', scope: 'z' }]], 'two challenges'],
  ['Negotiate',                                 [['negotiate', {}]],                                            'no parameters'],
  ['realm="x"',                                 [],                                                             'no scheme'],
  ['Bearer realm="x',                           [['bearer', {}], ['realm', {}]],                                'a quote that does not end'],
  ['',                                          [],                                                             'nothing'],
  [`Bearer realm="${'x'.repeat(9000)}"`,        [],                                                             'too long'],
]

test('challenges are parsed into schemes and parameters, and malformed ones are ignored', () => {
  for (const [header, challenges, why] of cases) {
    const read = readChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])
    assert.deepEqual(read, challenges, why)
  }
})
