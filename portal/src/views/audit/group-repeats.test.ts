import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditEvent } from '../../api/types.ts'
import { groupRepeats } from './group-repeats.ts'

const event = (id: string, changed: Partial<AuditEvent> = {}): AuditEvent => ({
  id,
  eventTimestamp: `2026-11-30T19:42:0${id}.000Z`,
  correlationId: id,
  action: 'data.access',
  outcome: 'refused',
  reason: 'insufficient-scope',
  actor: { kind: 'service-principal', id: 'a' },
  credential: null,
  target: 'registry.example.com/team/app',
  remoteAddress: '192.0.2.1',
  userAgent: null,
  detail: {},
  ...changed,
})

test('equal events in a row are one row with their number and the time of the first event', () => {
  const groups = groupRepeats([event('9'), event('8'), event('7'), event('6', { outcome: 'success', reason: null })])
  assert.deepEqual(
    groups.map(({ id, count, since }) => [id, count, since]),
    [
      ['9', 3, '2026-11-30T19:42:07.000Z'],
      ['6', 1, '2026-11-30T19:42:06.000Z'],
    ],
  )
})

test('events of others, on other targets, or with another event between them stay apart', () => {
  const events = [
    event('9'),
    event('8', { actor: { kind: 'user', id: 'b' } }),
    event('7'),
    event('6', { target: 'registry.example.com/team/web' }),
    event('5', { remoteAddress: '192.0.2.2' }),
  ]
  assert.deepEqual(
    groupRepeats(events).map(({ count }) => count),
    [1, 1, 1, 1, 1],
  )
  assert.deepEqual(groupRepeats([]), [])
})
