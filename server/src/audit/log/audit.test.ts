import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import type { Database, DatabaseKind } from '../../platform/sql/database.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { AuditEventRow } from './rows.ts'
import type { AuditEvent } from './model.ts'
import { auditMigrations } from '../migrations.ts'
import { createAudit } from './audit.ts'

const origin = { correlationId: 'c-1', remoteAddress: '192.0.2.1', userAgent: 'docker/26' }
const event: AuditEvent = {
  action: 'registry.update',
  outcome: 'success',
  actor: { kind: 'user', id: '10000000-0000-4000-8000-000000000001' },
  target: 'contoso.example',
  origin,
}

async function open(t: TestContext, kind: DatabaseKind) {
  const { database, dispose } = await openTestDatabase(kind, auditMigrations)
  t.after(dispose)
  const time = { nowMs: 1234 }
  return { database, time, audit: createAudit({ database, clock: { now: () => time.nowMs } }) }
}

const rowsIn = (database: Database): Promise<AuditEventRow[]> =>
  database.tables<{ audit_event: AuditEventRow }>().selectFrom('audit_event').selectAll().orderBy('target').execute()

async function onlyRow(database: Database): Promise<AuditEventRow> {
  const [row, ...more] = await rowsIn(database)
  assert.ok(row !== undefined && more.length === 0, 'one event')
  return row
}

for (const kind of testDatabaseKinds) {
  describe(`the audit log, on ${kind}`, () => {
    test('stores all properties of an event', async (t) => {
      const { database, audit } = await open(t, kind)
      const credential = { kind: 'client-secret', id: 'k-1' }
      const detail = { asked: ['a:b:c'] }
      await audit.append({ ...event, outcome: 'refused', credential, reason: 'wrong-credentials', detail })
      const row = await onlyRow(database)
      assert.deepEqual(
        { ...row },
        {
          seq: 1,
          at_ms: 1234,
          action: 'registry.update',
          outcome: 'refused',
          actor_kind: 'user',
          actor_id: '10000000-0000-4000-8000-000000000001',
          target: 'contoso.example',
          reason: 'wrong-credentials',
          detail: '{"asked":["a:b:c"]}',
          correlation_id: 'c-1',
          remote_address: '192.0.2.1',
          user_agent: 'docker/26',
          credential_kind: 'client-secret',
          credential_id: 'k-1',
        },
      )
    })

    test('contains both an event and the reported change, or neither', async (t) => {
      const { database, audit } = await open(t, kind)
      const undone = database.transaction(async (transaction) => {
        await audit.record(transaction, event)
        throw new Error('undone')
      })
      await assert.rejects(undone, /undone/)
      assert.deepEqual(await rowsIn(database), [])
      await database.transaction((transaction) => audit.record(transaction, event))
      await onlyRow(database)
    })

    test('has written every event when it returns, regardless of their number', async (t) => {
      const { database, audit } = await open(t, kind)
      const count = 1100
      const targets = Array.from({ length: count }, (_, index) => `target ${String(index).padStart(4, '0')}`)
      await Promise.all(targets.map((target) => audit.append({ ...event, target })))
      assert.deepEqual(
        (await rowsIn(database)).map(({ target }) => target),
        targets,
      )
    })

    test('limits the length of external texts, and one invalid text does not affect other events', async (t) => {
      const { database, audit } = await open(t, kind)
      const hostile: AuditEvent = {
        action: 'token.issue',
        outcome: 'refused',
        actor: { kind: 'claimed', id: `a\0b\r\nc\u202e${'🐋'.repeat(1000)}` },
        target: `\0${'t'.repeat(5000)}`,
        reason: 'wrong\0credentials',
        detail: { text: 'x\0y\ud800', much: 'z'.repeat(100_000) },
        origin: { correlationId: 'c\0', remoteAddress: '9'.repeat(5000), userAgent: `\ud83d\0${'u'.repeat(5000)}` },
      }
      await Promise.all([audit.append(hostile), audit.append(event), audit.append(hostile)])
      const rows = await rowsIn(database)
      assert.equal(rows.length, 3)
      for (const row of rows) {
        const texts = [row.actor_id, row.target, row.reason, row.detail, row.correlation_id, row.remote_address]
        for (const text of [...texts, row.user_agent ?? '']) {
          assert.ok((text ?? '').isWellFormed())
          assert.doesNotMatch(text ?? '', /\p{Cc}/u)
          assert.ok((text ?? '').length <= 8192, 'bounded')
        }
        if (row.detail !== null) JSON.parse(row.detail)
      }
    })

    test('counts repetitions of one actor, action and reason into a count, for every actor', async (t) => {
      for (const actor of [event.actor, { kind: 'claimed', id: 'x' }, { kind: 'anonymous', id: '' }] as const) {
        const { database, audit, time } = await open(t, kind)
        const denied: AuditEvent = { ...event, outcome: 'refused', actor, reason: 'no-right', detail: { a: 1 } }
        await Promise.all(Array.from({ length: 1500 }, () => audit.append(denied)))
        assert.equal((await rowsIn(database)).length, 200)
        await audit.append({ ...denied, target: '0 another reason', reason: 'network-rule' })
        assert.equal((await rowsIn(database)).length, 201)
        await audit.writeFolded()
        assert.equal((await rowsIn(database)).length, 201, 'a count is collected for a while')
        time.nowMs += 5000
        await audit.writeFolded()
        const rows = await rowsIn(database)
        assert.equal(rows.length, 202)
        const told = rows.toSorted((one, other) => one.seq - other.seq).at(-1)
        const [first, last] = [new Date(1234).toISOString(), new Date(1234).toISOString()]
        assert.deepEqual(JSON.parse(told?.detail ?? ''), { folded: { count: 1300, first, last } })
        assert.deepEqual([told?.actor_id, told?.reason], [actor.id, 'no-right'])
        await audit.writeFolded(true)
        assert.equal((await rowsIn(database)).length, 202)
      }
    })

    test('does not hide guesses for one name behind noise about others from the same address', async (t) => {
      const { database, audit, time } = await open(t, kind)
      const guess = (id: string): AuditEvent => ({
        ...event,
        action: 'sign-in.password',
        outcome: 'refused',
        reason: 'wrong',
        actor: { kind: 'claimed', id },
      })
      for (let index = 0; index < 6000; index += 1) {
        await audit.append(guess(`noise ${index}`))
        if (index % 500 === 250) await audit.append(guess('owner@acrux.localhost'))
      }
      for (let step = 0; step < 3; step += 1) {
        time.nowMs += 5000
        await audit.writeFolded()
      }
      const of = (await rowsIn(database)).filter(({ actor_id }) => actor_id === 'owner@acrux.localhost')
      const folded = of.map(({ detail }) => (detail === null ? 1 : Number(JSON.parse(detail).folded.count)))
      assert.equal(
        folded.reduce((sum, count) => sum + count, 0),
        12,
      )
      await audit.writeFolded(true)
      const rows = await rowsIn(database)
      assert.ok(rows.length < 1200, `${rows.length} rows of one address`)
      const told = rows.map(({ detail }) => (detail === null ? 1 : Number(JSON.parse(detail).folded.count)))
      assert.equal(
        told.reduce((sum, count) => sum + count, 0),
        6012,
      )
    })

    test('limits the events of one principal per hour, and counts all of them', async (t) => {
      const { database, audit, time } = await open(t, kind)
      const denied: AuditEvent = { ...event, outcome: 'refused', reason: 'no-right' }
      for (let minute = 0; minute < 60; minute += 1) {
        await Promise.all(Array.from({ length: 300 }, () => audit.append(denied)))
        time.nowMs += 60_000
        await audit.writeFolded()
      }
      const rows = await rowsIn(database)
      assert.ok(rows.length < 700, `${rows.length} rows in an hour`)
      const folded = rows.map(({ detail }) => (detail === null ? 1 : Number(JSON.parse(detail).folded.count)))
      const total = folded.reduce((sum, count) => sum + count, 0)
      assert.ok(total >= 60 * 300, `${total} denials are reported`)
    })

    test('keeps a count that cannot be written for the next time', async (t) => {
      const { database, audit, time } = await open(t, kind)
      const denied: AuditEvent = { ...event, outcome: 'refused', reason: 'no-right' }
      await Promise.all(Array.from({ length: 300 }, () => audit.append(denied)))
      const rename = (from: string, to: string) =>
        database.transaction((transaction) =>
          transaction.tables<object>().schema.alterTable(from).renameTo(to).execute(),
        )
      time.nowMs += 5000
      await rename('audit_event', 'elsewhere')
      await assert.rejects(audit.writeFolded(), /audit_event/)
      await rename('elsewhere', 'audit_event')
      time.nowMs += 5000
      await audit.writeFolded()
      const [told, ...more] = (await rowsIn(database)).filter(({ detail }) => detail !== null)
      const first = new Date(1234).toISOString()
      assert.deepEqual(JSON.parse(told?.detail ?? ''), { folded: { count: 100, first, last: first } })
      assert.equal(more.length, 0)
    })

    test('writes a prepared event each time like an appended one, with its origin', async (t) => {
      const { database, audit, time } = await open(t, kind)
      const told = { ...event, credential: { kind: 'client-secret', id: 'k\n1' }, detail: { asked: ['a\u0000b'] } }
      const again = audit.prepare(told)
      await Promise.all([again(origin), audit.append(told)])
      time.nowMs += 1
      const elsewhere = { correlationId: 'c-2', remoteAddress: '192.0.2.2', userAgent: undefined }
      await again(elsewhere)
      const [first, second, third] = (await rowsIn(database)).sort((one, other) => one.seq - other.seq)
      assert.deepEqual({ ...first, seq: 0 }, { ...second, seq: 0 })
      const { correlationId: correlation_id, remoteAddress: remote_address } = elsewhere
      const differing = { seq: third?.seq, at_ms: time.nowMs, correlation_id, remote_address, user_agent: null }
      assert.deepEqual({ ...third }, { ...first, ...differing })
    })

    test('folds a prepared event like any other', async (t) => {
      const { database, audit } = await open(t, kind)
      const again = audit.prepare({ ...event, outcome: 'refused', actor: { kind: 'anonymous', id: '' } })
      await Promise.all(Array.from({ length: 1500 }, () => again(origin)))
      assert.equal((await rowsIn(database)).length, 200)
    })

    test('fails the waiting calls when an event cannot be written', async () => {
      const { database, dispose } = await openTestDatabase(kind, auditMigrations)
      const audit = createAudit({ database, clock: { now: () => 1234 } })
      await dispose()
      const outcomes = await Promise.allSettled([audit.append(event), audit.append(event)])
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['rejected', 'rejected'],
      )
      await assert.rejects(audit.append(event), /closed|end on the pool/, 'and whoever comes later')
    })
  })
}
