import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LatestEntries, maxRecorded } from './recorded-requests.ts'

test('the list contains the entries after an id, and all entries if the id is unknown', () => {
  const entries = new LatestEntries<{ id: string }>()
  for (const id of ['a', 'b', 'c']) entries.add({ id })
  assert.deepEqual(entries.after(undefined), [{ id: 'a' }, { id: 'b' }, { id: 'c' }])
  assert.deepEqual(entries.after('b'), [{ id: 'c' }])
  assert.deepEqual(entries.after('c'), [])
  assert.deepEqual(entries.after('x').length, 3)
  assert.deepEqual(entries.last(2), [{ id: 'b' }, { id: 'c' }])
  assert.deepEqual(entries.last(0), [])
  entries.clear()
  assert.deepEqual(entries.after(undefined), [])
})

test('only the latest entries are stored', () => {
  const entries = new LatestEntries<{ id: string }>()
  for (let number = 0; number < 5 * maxRecorded; number += 1) entries.add({ id: String(number) })
  const kept = entries.after(undefined)
  assert.equal(kept.length, maxRecorded)
  assert.equal(kept.at(-1)?.id, String(5 * maxRecorded - 1))
})
