import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatAge, formatExact, formatMoment, formatSeconds, formatTime, shortDigest } from './format.ts'

test('a time span has the largest unit in which it is a whole number', () => {
  const spans = [
    [1, '1 second'],
    [90, '90 seconds'],
    [600, '10 minutes'],
    [3600, '1 hour'],
    [172_800, '2 days'],
  ] as const
  for (const [seconds, text] of spans) assert.equal(formatSeconds(seconds), text)
})

test('an age has one unit, in the past and the future', () => {
  const nowMs = Date.parse('2026-11-24T12:00:00Z')
  const ages = [
    ['2026-11-24T11:59:31Z', 'this minute'],
    ['2026-11-24T11:58:00Z', '2 minutes ago'],
    ['2026-11-23T12:00:00Z', 'yesterday'],
    ['2026-11-14T11:00:00Z', '10 days ago'],
    ['2026-12-04T13:00:00Z', 'in 10 days'],
    ['2024-11-24T12:00:00Z', '2 years ago'],
  ] as const
  for (const [time, age] of ages) assert.equal(formatAge(time, nowMs), age)
})

test('an exact time has milliseconds, in UTC', () => {
  assert.equal(formatExact('2026-11-30T20:42:07.318+01:00'), '2026-11-30 19:42:07.318 UTC')
  assert.equal(formatExact('<b>'), '<b>')
})

test('text that is no time stays as it is', () => {
  assert.equal(formatTime('<b>'), '<b>')
  assert.equal(formatAge('<b>'), '<b>')
})

test('a digest is shortened, with its algorithm', () => {
  assert.equal(shortDigest(`sha256:${'0123456789ab'.padEnd(64, 'c')}`), 'sha256:0123456789ab')
  assert.equal(shortDigest('short'), 'short')
})

test('a moment has its milliseconds, in UTC or in the zone of the device', () => {
  const time = '2026-11-30T19:42:07.318Z'
  assert.equal(formatMoment(time, true), '2026-11-30 19:42:07.318')
  const local = new Date(time)
  const hours = String(local.getHours()).padStart(2, '0')
  assert.match(formatMoment(time, false), new RegExp(` ${hours}:\\d\\d:07\\.318$`))
  assert.equal(formatMoment('never', true), 'never')
})
