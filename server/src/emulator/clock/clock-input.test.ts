import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClockInputError, parseAdvance, parseClockChange, requireTime } from './clock-input.ts'

// prettier-ignore
const times: readonly (readonly [value: unknown, iso: string | undefined, why: string])[] = [
  ['2027-01-01T00:00:00Z',          '2027-01-01T00:00:00.000Z', 'UTC'],
  ['2027-01-01T00:00:00.123Z',      '2027-01-01T00:00:00.123Z', 'milliseconds'],
  ['2027-01-01T02:00:00+02:00',     '2027-01-01T00:00:00.000Z', 'another time zone'],
  ['2027-01-01T00:00Z',             '2027-01-01T00:00:00.000Z', 'without seconds'],
  ['2027-01-01',                    '2027-01-01T00:00:00.000Z', 'a date is its first moment in UTC'],
  ['1970-01-01T00:00:00Z',          '1970-01-01T00:00:00.000Z', 'the first time'],
  ['9999-12-31T23:59:59.999Z',      '9999-12-31T23:59:59.999Z', 'the last time'],
  ['1969-12-31T23:59:59Z',          undefined,                  'before the first time'],
  ['2027-01-01T00:00:00',           undefined,                  'without a time zone'],
  ['2027-02-30T00:00:00Z',          undefined,                  'a day that does not exist'],
  ['2027-01-01T25:00:00Z',          undefined,                  'an hour that does not exist'],
  ['1 January 2027',                undefined,                  'another format'],
  [1_798_761_600_000,               undefined,                  'a number'],
  [null,                            undefined,                  'null'],
]

for (const [value, iso, why] of times) {
  test(`a time is parsed: ${why}`, () => {
    if (iso === undefined) assert.throws(() => requireTime('now', value), ClockInputError)
    else assert.equal(new Date(requireTime('now', value)).toISOString(), iso)
  })
}

// prettier-ignore
const changes: readonly (readonly [body: unknown, message: RegExp, why: string])[] = [
  [undefined,                  /send a JSON object with now and frozen/,               'no body'],
  [[],                         /send a JSON object/,                                   'an array'],
  [{},                         /send 'now', 'frozen' or both/,                             'an empty object'],
  [{ frozen: 'yes' },          /'frozen' must be true or false, not "yes"/,              'a text for a boolean'],
  [{ now: 'tomorrow' },        /now must be a time such as .*, not "tomorrow"/,        'another text for a time'],
  [{ time: 1 },                /"time" is not known; send now and frozen/,             'an unknown key'],
]

for (const [body, message, why] of changes) {
  test(`a change of the clock is rejected: ${why}`, () => {
    assert.throws(() => parseClockChange(body), { name: 'ClockInputError', message })
  })
}

test('a change of the clock sets the time, the state or both', () => {
  const nowMs = Date.UTC(2027, 0, 1)
  assert.deepEqual(parseClockChange({ now: '2027-01-01T00:00:00Z' }), { nowMs, frozen: undefined })
  assert.deepEqual(parseClockChange({ frozen: true }), { nowMs: undefined, frozen: true })
  assert.deepEqual(parseClockChange({ now: '2027-01-01T00:00:00Z', frozen: false }), { nowMs, frozen: false })
})

// prettier-ignore
const advances: readonly (readonly [by: unknown, ms: number | undefined, why: string])[] = [
  ['3h',      3 * 3_600_000,     'hours'],
  ['90s',     90_000,            'seconds'],
  ['2d',      2 * 86_400_000,    'days'],
  ['1h30m',   5_400_000,         'several units'],
  ['PT3H',    3 * 3_600_000,     'ISO 8601'],
  ['P400D',   400 * 86_400_000,  'days in ISO 8601'],
  ['0s',      0,                 'nothing'],
  ['0.4ms',   0,                 'less than a millisecond'],
  ['-10m',    undefined,         'negative'],
  ['3 hours', undefined,         'words'],
  ['',        undefined,         'an empty text'],
  [3600,      undefined,         'a number without a unit'],
  [undefined, undefined,         'nothing at all'],
]

for (const [by, ms, why] of advances) {
  test(`an advance is parsed: ${why}`, () => {
    if (ms === undefined) assert.throws(() => parseAdvance({ by }), ClockInputError)
    else assert.equal(parseAdvance({ by }), ms)
  })
}

test('the error for a negative advance says how to set the clock back', () => {
  assert.throws(() => parseAdvance({ by: '-10m' }), {
    message: /to set the clock back, send PUT \/_acrux\/clock with now/,
  })
})
