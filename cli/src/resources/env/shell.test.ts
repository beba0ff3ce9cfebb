import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setText, unsetText } from './shell.ts'

// prettier-ignore
const cases: readonly (readonly [value: string, sh: string, fish: string, powershell: string, why: string])[] = [
  ['/tmp/ca.pem',  '/tmp/ca.pem',         "'/tmp/ca.pem'",      "'/tmp/ca.pem'",      'a plain path'],
  ['/a b/$(id)',   "'/a b/$(id)'",        "'/a b/$(id)'",       "'/a b/$(id)'",       'a space and a command'],
  ["/it's",        String.raw`'/it'\''s'`, String.raw`'/it\'s'`, "'/it''s'",           'a quotation mark'],
  ['/a\nb',         "'/a\nb'",           "'/a\nb'",            "'/a\nb'",            'a line feed'],
  ['/\u2019; id',   "'/\u2019; id'",     "'/\u2019; id'",      "'/\u2019\u2019; id'", 'a typographic quotation mark, which ends texts of PowerShell'],
  [String.raw`\'`, String.raw`'\'\'''`,   String.raw`'\\\''`,   String.raw`'\'''`,    'a backslash before one'],
]

test('every value is one word of its shell', () => {
  for (const [value, sh, fish, powershell, why] of cases) {
    assert.equal(setText('sh', { A: value }), `export A=${sh}\n`, why)
    assert.equal(setText('fish', { A: value }), `set -gx A ${fish}\n`, why)
    assert.equal(setText('powershell', { A: value }), `$env:A = ${powershell}\n`, why)
  }
})

test('variables are removed one per line', () => {
  assert.equal(unsetText('sh', ['A', 'B']), 'unset A\nunset B\n')
  assert.equal(unsetText('fish', ['A']), 'set -e A\n')
  assert.equal(unsetText('powershell', ['A']), 'Remove-Item -ErrorAction Ignore Env:A\n')
})
