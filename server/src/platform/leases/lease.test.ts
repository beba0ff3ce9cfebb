import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Instant, Lease } from './lease.ts'

const at = (monotonicMs: number, wallMs = monotonicMs): Instant => ({ monotonicMs, wallMs })

/** A lease of 1,000 ms for revision 7, which was granted by a renewal that began at 0 ms. */
function granted(): Lease {
  const lease = new Lease(1000)
  assert.deepEqual(lease.renew(at(-20)), { kind: 'acknowledge', revision: 0 })
  assert.deepEqual(lease.acknowledged(), { kind: 'read' })
  assert.deepEqual(lease.revisionRead(7, at(0)), { kind: 'acknowledge', revision: 7 }, 'a new revision')
  assert.equal(lease.revisionAt(at(0)), undefined)
  lease.acknowledged()
  assert.deepEqual(lease.revisionRead(7, at(30)), { kind: 'announce', revision: 7 })
  return lease
}

test('a lease is valid for 98 % of its length, counted from the time before the renewal was sent', () => {
  const lease = granted()
  assert.equal(lease.revisionAt(at(30)), 7)
  assert.equal(lease.revisionAt(at(979)), 7)
  assert.equal(lease.revisionAt(at(980)), undefined)
})

test('a lease ends when it ends on either clock, because one clock may be set back and the other clock stops in a suspended machine', () => {
  const lease = granted()
  assert.equal(lease.revisionAt(at(100, -3_600_000)), 7)
  assert.equal(lease.revisionAt(at(990, -3_600_000)), undefined)
  assert.equal(lease.revisionAt(at(100, 3_600_000)), undefined)
})

test('a renewal of the same revision extends the lease, and sends no announcement', () => {
  const lease = granted()
  assert.deepEqual(lease.renew(at(300)), { kind: 'acknowledge', revision: 7 })
  assert.equal(lease.renew(at(310)), undefined, 'one at a time')
  lease.acknowledged()
  assert.equal(lease.revisionRead(7, at(320)), undefined)
  assert.equal(lease.revisionAt(at(1279)), 7)
})

test('if a renewal fails, the lease stays valid until it ends', () => {
  const lease = granted()
  lease.renew(at(300))
  lease.renewalFailed()
  assert.equal(lease.revisionAt(at(979)), 7)
  assert.equal(lease.revisionAt(at(980)), undefined)
  assert.deepEqual(lease.renew(at(990)), { kind: 'acknowledge', revision: 7 })
})

test('a higher revision from any source ends a lease at once', () => {
  const lease = granted()
  assert.equal(lease.heard(7, at(40)), undefined)
  assert.deepEqual(lease.heard(8, at(50)), { kind: 'acknowledge', revision: 8 })
  assert.equal(lease.revisionAt(at(50)), undefined)
  lease.acknowledged()
  assert.deepEqual(lease.revisionRead(8, at(60)), { kind: 'announce', revision: 8 })
  assert.equal(lease.revisionAt(at(1029)), 8)
  assert.equal(lease.revisionAt(at(1030)), undefined)
})

test('a renewal does not extend the lease if a higher revision arrives during the renewal', () => {
  for (const read of [7, 8]) {
    const lease = granted()
    lease.renew(at(300))
    assert.equal(lease.heard(8, at(310)), undefined, 'the renewal in progress begins again')
    lease.acknowledged()
    const why = `revision ${read} was read, and 7 was acknowledged`
    assert.deepEqual(lease.revisionRead(read, at(320)), { kind: 'acknowledge', revision: 8 }, why)
    assert.equal(lease.revisionAt(at(320)), undefined)
  }
})

test('a revision that is lower than the highest revision so far grants no lease', () => {
  const lease = granted()
  lease.renew(at(300))
  lease.acknowledged()
  assert.equal(lease.revisionRead(6, at(310)), undefined)
  assert.equal(lease.revisionAt(at(310)), undefined)
})

test('a lease never becomes valid again after it was stopped', () => {
  const lease = granted()
  lease.renew(at(300))
  lease.stop()
  assert.equal(lease.revisionAt(at(310)), undefined)
  lease.acknowledged()
  assert.equal(lease.revisionRead(7, at(320)), undefined)
  assert.equal(lease.revisionAt(at(320)), undefined)
  assert.equal(lease.renew(at(330)), undefined)
  assert.equal(lease.heard(8, at(340)), undefined)
})
