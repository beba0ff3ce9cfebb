import assert from 'node:assert/strict'
import { test } from 'node:test'
import { initialsOf } from './initials.ts'

test('a person has one or two initials', () => {
  const cases = [
    ['Marta Kowalska', 'MK'],
    ['Ada King, Countess Lovelace', 'AL'],
    ['ada', 'A'],
    ['ci-platform', 'CP'],
    ['Ünal Öz', 'ÜÖ'],
    ['42', '?'],
    ['', '?'],
    ['\u202Egnp', '?'],
  ] as const
  for (const [name, initials] of cases) assert.equal(initialsOf(name), initials, name)
})
