import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandNamedBy } from './command-line.ts'

// prettier-ignore
const cases: readonly (readonly [line: string, path: string | undefined, why: string])[] = [
  ['acr repository list -n contoso', 'acr repository list', 'a command with options'],
  ['acr can ada pull team/app',      'acr can',             'a command with arguments'],
  ['help acr login',                 'acr login',           'the help of a command'],
  ['acr login --help',               'acr login',           'the help as an option'],
  ['acr -n contoso login',           undefined,             'an option before the command'],
  ['acr',                            undefined,             'a group'],
  ['acr token rot',                  undefined,             'the beginning of a word'],
  ['',                               undefined,             'no words'],
]

test('the words before the first option name the command', () => {
  for (const [line, path, why] of cases) assert.equal(commandNamedBy(line.split(' ')), path, `${line}: ${why}`)
})
