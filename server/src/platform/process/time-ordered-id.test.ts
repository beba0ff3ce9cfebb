import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newTimeOrderedId } from './time-ordered-id.ts'

test('a time-ordered id is a unique UUID of version 7 that sorts by its milliseconds [RFC 9562 §5.7]', () => {
  const times = [0, 1, Date.parse('2026-11-24T12:00:00Z'), Date.parse('2026-11-24T12:00:00.001Z'), 2 ** 48 - 1]
  const ids = times.map(newTimeOrderedId)
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.deepEqual(ids.toSorted(), ids)
  assert.equal(Number.parseInt(ids[2]?.slice(0, 13).replace('-', '') ?? '', 16), times[2])
  const sameMs = Array.from({ length: 10_000 }, () => newTimeOrderedId(1))
  assert.equal(new Set(sameMs).size, 10_000)
  assert.deepEqual(sameMs.slice(0, 4096).toSorted(), sameMs.slice(0, 4096))
})
