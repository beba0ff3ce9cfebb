import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import type { Database, DatabaseKind } from '../platform/sql/database.ts'
import { openTestDatabase, testDatabaseKinds } from '../platform/sql/test-database.ts'
import { type AuditEvent, auditMigrations, createAudit } from './index.ts'
import type { AuditEventRow } from './store.ts'

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
  describe(`the audit trail, on ${kind}`, () => {
    test('keeps all that an event says', async (t) => {
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

    test('has an event with the change that it tells of, or neither', async (t) => {
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

    test('has written every event when it is acknowledged, however many come at once', async (t) => {
      const { database, audit } = await open(t, kind)
      const count = 1100
      const targets = Array.from({ length: count }, (_, index) => `target ${String(index).padStart(4, '0')}`)
      await Promise.all(targets.map((target) => audit.append({ ...event, target })))
      assert.deepEqual(
        (await rowsIn(database)).map(({ target }) => target),
        targets,
      )
    })

    test('writes what others choose in bounded and well-formed text, and no event fails for another’s text', async (t) => {
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

    test('lets no stranger fill the disk, tells how much it left out, and leaves out nothing of anybody proved', async (t) => {
      const { database, audit, time } = await open(t, kind)
      const strangers: AuditEvent = { ...event, outcome: 'refused', actor: { kind: 'claimed', id: 'x' }, target: '1' }
      const known: AuditEvent = { ...event, outcome: 'refused', target: '2' }
      const count = async () => (await rowsIn(database)).length
      await Promise.all(Array.from({ length: 1500 }, () => audit.append(strangers)))
      assert.equal(await count(), 1000)
      await Promise.all(Array.from({ length: 1500 }, () => audit.append(known)))
      assert.equal(await count(), 2500)
      await database.transaction((transaction) => audit.record(transaction, strangers))
      await audit.append({ ...strangers, target: '0', origin: { ...origin, remoteAddress: '192.0.2.2' } })
      assert.equal((await rowsIn(database))[0]?.detail, '{"unwritten":500}')
      time.nowMs += 1000
      await Promise.all(
        Array.from({ length: 20 }, () => audit.append({ ...strangers, actor: { kind: 'anonymous', id: '' } })),
      )
      assert.equal(await count(), 2512)
    })

    test('writes a prepared event each time as it would have appended it, from where it is told', async (t) => {
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

    test('lets strangers have no more of a prepared event than of any other', async (t) => {
      const { database, audit } = await open(t, kind)
      const again = audit.prepare({ ...event, outcome: 'refused', actor: { kind: 'anonymous', id: '' } })
      await Promise.all(Array.from({ length: 1500 }, () => again(origin)))
      assert.equal((await rowsIn(database)).length, 1000)
    })

    test('tells whoever waits when an event cannot be written', async () => {
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
