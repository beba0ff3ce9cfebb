import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, describe, test } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { newTimeOrderedId } from '../../platform/process/time-ordered-id.ts'
import { allEvents, listEvents } from './search-events.ts'
import type { EventFilter } from './search-store.ts'
import { sealerOfKey } from '../../platform/keys/sealing.ts'
import type { AuditEvent } from '../log/model.ts'
import { auditMigrations } from '../migrations.ts'
import { createAudit } from '../log/audit.ts'
import { createAuditChain } from '../chain/chain.ts'
import { sealFirstHead } from '../chain/first-head.ts'

const sealer = sealerOfKey(randomBytes(32))

const hourMs = 60 * 60 * 1000
const startMs = Date.parse('2026-11-01T00:00:00Z')

/** A log of 60 hours with four events each, in 60 blocks, and one pending event. */
async function openLog(t: TestContext, kind: DatabaseKind) {
  const { database, dispose } = await openTestDatabase(kind, auditMigrations)
  t.after(dispose)
  const time = { nowMs: startMs }
  const clock = { now: () => time.nowMs }
  await database.transaction((transaction) => sealFirstHead(transaction, sealer))
  const audit = createAudit({ database, clock })
  const chain = createAuditChain({ database, sealer, clock })
  const eventAt = (index: number): AuditEvent => ({
    action: `hour.${Math.floor(index / 4)}`,
    outcome: 'success',
    actor: { kind: 'user', id: 'u' },
    target: index % 2 === 0 ? 'contoso.example/team/app' : 'contoso.example2',
    origin: { correlationId: newTimeOrderedId(time.nowMs), remoteAddress: '', userAgent: undefined },
  })
  for (let index = 0; index < 240; index += 1) {
    time.nowMs = startMs + Math.floor(index / 4) * hourMs + (index % 4)
    await audit.append(eventAt(index))
    if (index % 4 === 3) await chain.extend()
  }
  time.nowMs += 2 * hourMs
  await audit.append({ ...eventAt(240), action: 'last' })
  const actions = async (filter: EventFilter) => {
    const found: string[] = []
    for await (const { action } of allEvents(database, filter)) found.push(action)
    const listed = await listEvents(database, filter, { before: undefined, size: 1000 })
    assert.deepEqual(listed.events.map(({ action }) => action).reverse(), found, 'both ways find the same')
    return found
  }
  return { database, audit, actions }
}

for (const kind of testDatabaseKinds) {
  describe(`a search in the audit log, on ${kind}`, () => {
    test('runs in batches, between which other requests run, and finds all events', async (t) => {
      const { database, audit } = await openLog(t, kind)
      const event: AuditEvent = {
        action: 'many',
        outcome: 'success',
        actor: { kind: 'user', id: 'u' },
        target: 'contoso.example',
        origin: { correlationId: newTimeOrderedId(0), remoteAddress: '', userAgent: undefined },
      }
      await Promise.all(Array.from({ length: 1300 }, () => audit.append(event)))
      let pieces = 0
      const inTurn = <Result>(work: () => Promise<Result>) => {
        pieces += 1
        return work()
      }
      const found: number[] = []
      for (let before: number | undefined; ;) {
        const { events, next } = await listEvents(database, { action: 'many' }, { before, size: 300 }, inTurn)
        found.push(...events.map(({ seq }) => seq))
        if (next === undefined) break
        before = next
      }
      assert.equal(found.length, 1300)
      assert.equal(new Set(found).size, 1300)
      const none = pieces
      await listEvents(database, { action: 'none' }, { before: undefined, size: 300 }, inTurn)
      assert.ok(pieces - none >= 4, `${pieces - none} pieces`)
    })

    test('finds the same events as a filter over all events, at any time', async (t) => {
      const { actions } = await openLog(t, kind)
      const all = await actions({})
      assert.equal(all.length, 241)
      const timeOf = (action: string) =>
        action === 'last' ? startMs + 61 * hourMs + 3 : startMs + Number(action.slice(5)) * hourMs
      for (const [from, to] of [
        [0, 5],
        [-10, -5],
        [3, 3],
        [20.5, 40.5],
        [58, 62],
        [61, 70],
        [100, 200],
        [-5, 100],
      ] as const) {
        const fromMs = startMs + from * hourMs
        const toMs = startMs + to * hourMs + 10
        const wanted = all.filter((action) => timeOf(action) >= fromMs && timeOf(action) <= toMs)
        assert.deepEqual(await actions({ fromMs, toMs }), wanted, `${from} to ${to}`)
        assert.deepEqual(
          await actions({ fromMs }),
          all.filter((action) => timeOf(action) >= fromMs),
        )
        assert.deepEqual(
          await actions({ toMs }),
          all.filter((action) => timeOf(action) <= toMs),
        )
      }
    })

    test('finds an event by its correlation id, and by a parent of its target', async (t) => {
      const { database, actions } = await openLog(t, kind)
      const { events } = await listEvents(database, { action: 'hour.17' }, { before: undefined, size: 1 })
      const correlationId = events[0]?.correlation_id ?? ''
      assert.deepEqual(await actions({ correlationId }), ['hour.17'])
      assert.deepEqual(await actions({ correlationId: 'no-uuid' }), [])
      assert.deepEqual(await actions({ action: 'hour.17', actorKind: 'claimed' }), [])
      assert.equal((await actions({ action: 'hour.17', actorKind: 'user' })).length, 4)
      assert.equal((await actions({ targets: ['Contoso.example'] })).length, 121)
      assert.equal((await actions({ targets: ['contoso.example/team'] })).length, 121)
      assert.equal((await actions({ targets: ['contoso.example/t'] })).length, 0)
      assert.equal((await actions({ targets: ['contoso.example2', 'contoso.example/team/app'] })).length, 241)
    })
  })
}
