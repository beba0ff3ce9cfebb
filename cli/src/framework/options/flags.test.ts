import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FlagDescription } from '../command/command.ts'
import { WrongUsageError } from '../command/failure.ts'
import { booleanFlag, choiceFlag, numberFlag, rangeFlag, wordFlag } from './flags.ts'

// prettier-ignore
const cases: readonly (readonly [flag: FlagDescription, text: string, value: unknown, why: string])[] = [
  [booleanFlag('--x', ''),                     'TRUE',   true,      'in any case'],
  [booleanFlag('--x', ''),                     'false',  false,     'false'],
  [booleanFlag('--x', ''),                     'yes',    undefined, 'no other word'],
  [choiceFlag('--x', ['Basic', 'Premium'], ''), 'basic',  'Basic',   'a value as it is declared'],
  [choiceFlag('--x', ['Basic', 'Premium'], ''), 'Small',  undefined, 'an unknown value'],
  [numberFlag('--x', ''),                      '-12',    -12,       'a negative number'],
  [numberFlag('--x', ''),                      '1.5',    undefined, 'no fraction'],
  [numberFlag('--x', ''),                      '',       undefined, 'an empty text is not 0'],
  [wordFlag('--x', ''),                        'Y',      true,      'a word for true'],
  [wordFlag('--x', ''),                        '0',      false,     'a word for false'],
  [wordFlag('--x', ''),                        'perhaps', undefined, 'a word for neither'],
  [rangeFlag('--x', '', [1, 30]),              '30',     30,        'the last of the range'],
  [rangeFlag('--x', '', [1, 30]),              '31',     undefined, 'above the range'],
  [rangeFlag('--x', '', [1, 30]),              '0x1',    undefined, 'no other notation'],
]

test('an option parses valid values, and rejects invalid values with a sentence', () => {
  for (const [{ parse }, text, value, why] of cases) {
    if (value === undefined) assert.throws(() => parse?.(text), WrongUsageError, `${text}: ${why}`)
    else assert.equal(parse?.(text), value, `${text}: ${why}`)
  }
})
