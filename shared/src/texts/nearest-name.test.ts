import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nearNames, nearestName } from './nearest-name.ts'

const names = ['dataDir', 'listen', 'logLevel', 'gc.gracePeriodSeconds']
const cases: readonly { text: string; nearest: string | undefined; why: string }[] = [
  { text: 'lisen', nearest: 'listen', why: 'a letter is missing' },
  { text: 'DATA_DIR', nearest: 'dataDir', why: 'it is spelled as elsewhere' },
  { text: 'loglevle', nearest: 'logLevel', why: 'two letters are swapped' },
  { text: 'gc.gracePeriodSecond', nearest: 'gc.gracePeriodSeconds', why: 'the last letter is missing' },
  { text: 'database', nearest: undefined, why: 'nothing is like it' },
  { text: '', nearest: undefined, why: 'there is nothing to compare' },
]

describe('the nearest name', () => {
  for (const { text, nearest, why } of cases) {
    test(`to "${text}" is ${nearest ?? 'none'}: ${why}`, () => assert.equal(nearestName(text, names), nearest))
  }
})

test('the near names are in the order of their similarity', () => {
  assert.deepEqual(nearNames('contso', ['fabrikam', 'contosos', 'contoso']), ['contoso', 'contosos'])
})
