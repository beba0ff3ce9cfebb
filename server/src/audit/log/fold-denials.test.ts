import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DenialFolder } from './fold-denials.ts'
import type { AuditActor, AuditEvent } from './model.ts'

const user = (id: string): AuditActor => ({ kind: 'user', id })

const denied = (actor: AuditActor, remoteAddress = '192.0.2.1'): AuditEvent => ({
  action: 'token.issue',
  outcome: 'refused',
  actor,
  target: 'contoso.localhost/team/app',
  reason: 'no-right',
  origin: { correlationId: 'c-1', remoteAddress, userAgent: undefined },
})

/** A folder, and the number of folded events. */
function open() {
  const time = { nowMs: 1_700_000_000_000 }
  const folder = new DenialFolder({ now: () => time.nowMs })
  let folded = 0
  const send = (event: AuditEvent, times = 1) => {
    let isAdmitted = false
    for (let left = times; left > 0; left -= 1) {
      isAdmitted = folder.isAdmitted(event)
      if (!isAdmitted) folded += 1
    }
    return isAdmitted
  }
  const flood = (count: number) => {
    for (let index = 0; index < count; index += 1) {
      const address = `2001:db8:0:${index.toString(16)}::1`
      send(denied({ kind: 'claimed', id: `name-${index}` }, address))
    }
  }
  return { folder, send, flood, time, folded: () => folded }
}

test('a flood from many networks evicts the least recently used sources', () => {
  const { folder, send, flood, folded } = open()
  send(denied(user('counted')), 300)
  assert.equal(send(denied(user('forgotten')), 201), false)
  flood(50_000)
  assert.equal(send(denied(user('forgotten'))), true, 'its allowance starts over')
  assert.equal(
    folder.takeDue(true).reduce((sum, { count }) => sum + count, 0),
    folded(),
    'what was forgotten is still counted',
  )
})

test('if a clock was ahead, the counts are reported after the clock is corrected', () => {
  const { folder, send, time, folded } = open()
  time.nowMs += 24 * 60 * 60 * 1000
  folder.takeDue()
  send(denied(user('a')), 300)
  time.nowMs -= 24 * 60 * 60 * 1000
  assert.equal(
    folder.takeDue().reduce((sum, { count }) => sum + count, 0),
    folded(),
  )
  assert.ok(folded() > 0)
})
