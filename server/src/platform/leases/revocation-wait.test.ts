import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RevocationWait } from './revocation-wait.ts'

const standing = (behind: number, isTimelineSettled = true) => ({ revision: 7, behind, isTimelineSettled })

test('a wait ends as soon as all replicas have acknowledged the revision', () => {
  const wait = new RevocationWait(1000, 0)
  assert.equal(wait.revision, undefined)
  assert.deepEqual(wait.next(standing(2), 10), { kind: 'look', afterMs: 50 })
  assert.equal(wait.revision, 7)
  assert.deepEqual(wait.next(standing(0), 20), { kind: 'answer' })
})

test('a wait ends 1.02 times the length of a lease after the revision was read', () => {
  const wait = new RevocationWait(1000, 0)
  wait.next(standing(1), 10)
  assert.deepEqual(wait.next(standing(1), 1010), { kind: 'look', afterMs: 20 })
  assert.deepEqual(wait.next(standing(1), 1030), { kind: 'expire', revision: 7 })
})

test('a revision that was read late needs the whole wait, because it may be the revision of a later revocation', () => {
  const wait = new RevocationWait(1000, 0)
  assert.deepEqual(wait.next(undefined, 500), { kind: 'look', afterMs: 50 })
  wait.next(standing(1), 600)
  assert.deepEqual(wait.next({ ...standing(1), revision: 9 }, 1610), { kind: 'look', afterMs: 10 })
  assert.deepEqual(wait.next(undefined, 1620), { kind: 'expire', revision: 7 })
})

test('a wait without any response of the database takes the whole length, and deletes no leases', () => {
  const wait = new RevocationWait(1000, 0)
  assert.deepEqual(wait.next(undefined, 1019), { kind: 'look', afterMs: 1 })
  assert.deepEqual(wait.next(undefined, 1020), { kind: 'answer' })
})

test('a wait after a failover takes the whole length, because some stored leases may be lost', () => {
  const wait = new RevocationWait(1000, 0)
  assert.equal(wait.next(standing(0, false), 0).kind, 'look')
  assert.equal(wait.next(standing(0, false), 1019).kind, 'look')
  assert.deepEqual(wait.next(standing(0, false), 1020), { kind: 'expire', revision: 7 })
})
