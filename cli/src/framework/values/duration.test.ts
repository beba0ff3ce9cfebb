import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationText, parseDuration } from './duration.ts'

const hourMs = 3_600_000

const durations: readonly (readonly [text: string, ms: number | undefined, why: string])[] = [
  ['0', 0, 'zero needs no unit'],
  ['0s', 0, 'zero'],
  ['30d', 30 * 24 * hourMs, 'days'],
  ['2d3h6m', 51 * hourMs + 6 * 60_000, 'several units'],
  ['1.5h', 1.5 * hourMs, 'a fraction'],
  ['250ms', 250, 'milliseconds'],
  ['54750d', 150 * 365 * 24 * hourMs, 'the longest'],
  ['54751d', undefined, 'longer than the longest'],
  ['', undefined, 'nothing'],
  ['30', undefined, 'no unit'],
  ['d', undefined, 'no number'],
  ['-1d', undefined, 'a sign'],
  ['1 d', undefined, 'a space'],
  ['1w', undefined, 'an unknown unit'],
  ['1..5h', undefined, 'two points'],
  ['1'.repeat(40), undefined, 'a long text'],
]

for (const [text, ms, why] of durations) {
  test(`a duration is parsed: ${why}`, () => {
    assert.equal(parseDuration(text), ms, text)
  })
}

test('a duration is written in its largest unit', () => {
  assert.deepEqual([0, 1000, 59_000, 60_000, hourMs * 1.9, hourMs * 24 * 3].map(durationText), [
    '0 seconds',
    '1 second',
    '59 seconds',
    '1 minute',
    '1 hour',
    '3 days',
  ])
})
