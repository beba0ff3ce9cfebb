import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDuration, parseIsoDuration } from './duration.ts'

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

// prettier-ignore
const isoDurations: readonly (readonly [text: string, ms: number | undefined, why: string])[] = [
  ['PT3H',          3 * 3_600_000,                 'hours'],
  ['PT1H30M',       5_400_000,                     'hours and minutes'],
  ['PT90S',         90_000,                        'seconds'],
  ['PT0.5S',        500,                           'a fraction of a second'],
  ['P2D',           2 * 86_400_000,                'days'],
  ['P1DT12H',       1.5 * 86_400_000,              'days and hours'],
  ['P2W',           14 * 86_400_000,               'weeks'],
  ['PT0S',          0,                             'nothing'],
  ['P',             undefined,                     'without an amount'],
  ['PT',            undefined,                     'without an amount of time'],
  ['P1DT',          undefined,                     'with T, but without an amount of time'],
  ['P1M',           undefined,                     'months have no fixed length'],
  ['P1Y',           undefined,                     'years have no fixed length'],
  ['-PT1H',         undefined,                     'negative'],
  ['PT1.5H',        undefined,                     'only seconds have fractions'],
  ['3h',            undefined,                     'another format'],
  ['P60000D',       undefined,                     'more than 150 years'],
  ['',              undefined,                     'an empty text'],
]

for (const [text, ms, why] of isoDurations) {
  test(`a duration of ISO 8601 is parsed: ${why}`, () => {
    assert.equal(parseIsoDuration(text), ms)
  })
}
