import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchesGlob } from './glob.ts'

// prettier-ignore
const cases: readonly (readonly [string, string, boolean, string])[] = [
  ['/v2/team/app/blobs/x',    '/v2/team/app/blobs/x', true,  'equal texts'],
  ['/v2/*/manifests/*',       '/v2/team/app/manifests/1', true, 'a star stands for slashes, too'],
  ['/v2/**/manifests/?',      '/v2/a/manifests/1',    true,  'two stars are one'],
  ['/v2/*/manifests/?',       '/v2/a/manifests/12',   false, 'a question mark is one character'],
  ['/V2/*',                   '/v2/a',                true,  'the case makes no difference'],
  ['/v2/*',                   '/v2',                  false, 'the slash is missing'],
  ['/v2/a',                   '/v2/ab',               false, 'the pattern ends before the text'],
  ['*',                       '',                     true,  'a star stands for nothing'],
  ['a*b*c',                   'a-b-b-c',              true,  'the first match of a star need not be the right one'],
  ['a*b*c',                   'a-b-b-d',              false, 'no split of the text matches'],
  ['.',                       'x',                    false, 'a full stop is itself'],
]

for (const [pattern, text, expected, why] of cases) {
  test(`${pattern} ${expected ? 'matches' : 'does not match'} '${text}': ${why}`, () => {
    assert.equal(matchesGlob(pattern, text), expected)
  })
}

test('a pattern with many stars is matched in a short time', () => {
  assert.equal(matchesGlob('*a'.repeat(200), `${'a'.repeat(2000)}b`), false)
})
