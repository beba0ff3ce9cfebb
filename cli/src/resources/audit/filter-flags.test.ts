import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WrongUsageError } from '../../framework/command/failure.ts'
import { faultText } from './fault-text.ts'
import { filterFlags, filterOf } from './filter-flags.ts'

test('a time is a date, or a date and a time with its offset', () => {
  const parse = filterFlags.find(({ flags }) => flags.startsWith('--from'))?.parse
  assert.equal(parse?.('2026-11-24'), Date.UTC(2026, 10, 24))
  assert.equal(parse?.('2026-11-24T12:00:00.5+01:00'), Date.UTC(2026, 10, 24, 11, 0, 0, 500))
  for (const text of ['', '24.11.2026', '2026-11-24T12:00:00', '2026-13-01', 'yesterday'])
    assert.throws(() => parse?.(text), WrongUsageError, text)
})

test('the options become a filter', () => {
  const { actorId, targets, fromMs, outcome } = filterOf({ principal: 'ada', target: 'team/app', from: 1 })
  assert.deepEqual(
    { actorId, targets, fromMs, outcome },
    { actorId: 'ada', targets: ['team/app'], fromMs: 1, outcome: undefined },
  )
})

test('a fault is shown as a sentence, and an unknown kind is shown unchanged', () => {
  assert.equal(faultText({ kind: 'event-changed', number: 7 }), 'event 7 was changed')
  assert.equal(faultText({ kind: 'of-a-newer-server', number: 7 }), 'of-a-newer-server at number 7')
})
