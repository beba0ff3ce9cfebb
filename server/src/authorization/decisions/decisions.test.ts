import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventFilter } from '../../audit/index.ts'
import type { DecisionContext } from './context.ts'
import { createDecisions } from './decisions.ts'

test("a search for the caller's own denial is limited to the hour of its id, and to events of authenticated users", async () => {
  const filters: EventFilter[] = []
  const list = (filter: EventFilter) => {
    filters.push(filter)
    return Promise.resolve({ events: [], next: undefined })
  }
  const decisions = createDecisions({ auditLog: { list } } as unknown as DecisionContext)
  const find = (correlationId: string) =>
    decisions.findOwn(
      { objectId: 'ada', correlationId },
      () => Promise.resolve(undefined),
      (work) => work(),
    )
  const id = '019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11'
  assert.equal(await find(id.toUpperCase()), undefined)
  const toMs = 0x019ab7c06f0e + 60 * 60 * 1000
  assert.deepEqual(filters, [{ actorKind: 'user', actorId: 'ada', outcome: 'refused', correlationId: id, toMs }])
  for (const other of [
    `00000000-0000-7-${'a'.repeat(20)}`,
    '019ab7c0-6f0e-7c51-7d44-0a8f6f8f2f11',
    '019ab7c0-6f0e-4c51-9d44-0a8f6f8f2f11',
    `${id}0`,
    'x',
  ])
    assert.equal(await find(other), undefined, other)
  assert.equal(filters.length, 1, 'no other text is looked for')
})
