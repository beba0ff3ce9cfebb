import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import { sealerOfKey } from '../../platform/keys/sealing.ts'
import { until } from '../../../testing/platform/test-patience.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { createAudit } from '../log/audit.ts'
import type { AuditEvent } from '../log/model.ts'
import { auditMigrations } from '../migrations.ts'
import { createAuditChain } from './chain.ts'
import { sealFirstHead } from './first-head.ts'
import { type ChainReport, verifyChain } from './verify-chain.ts'

// SQLite has one writer: events are committed in the order of their numbers.
const isPostgres = testDatabaseKinds.includes('postgres')

const event: AuditEvent = {
  action: 'token.issue',
  outcome: 'success',
  actor: { kind: 'user', id: 'u' },
  target: 'contoso.example',
  origin: { correlationId: 'c-1', remoteAddress: '192.0.2.1', userAgent: undefined },
}

const sealer = sealerOfKey(randomBytes(32))
const columns = `at_ms, action, outcome, actor_kind, actor_id, target, reason, detail, correlation_id, remote_address, user_agent`

async function open(t: TestContext) {
  const { database, dispose } = await openTestDatabase('postgres', auditMigrations)
  t.after(dispose)
  let nowMs = 1000
  const clock = { now: () => (nowMs += 1) }
  await database.transaction((transaction) => sealFirstHead(transaction, sealer))
  const audit = createAudit({ database, clock })
  const chain = createAuditChain({ database, sealer, clock })
  const write = (count: number) => Promise.all(Array.from({ length: count }, () => audit.append(event)))
  const tamper = (statement: string) =>
    database.transaction((transaction) => sql.raw(statement).execute(transaction.tables()))
  const verify = () => verifyChain(database, sealer)
  /** Takes the numbers of events in a transaction, which is committed when it is released. */
  const writeLate = async (count: number) => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const { promise: taken, resolve: take } = Promise.withResolvers<void>()
    const late = database.transaction(async (transaction) => {
      for (let left = count; left > 0; left -= 1) await audit.record(transaction, { ...event, target: 'late' })
      take()
      await released
    })
    await taken
    return async () => {
      release()
      await late
    }
  }
  return { database, clock, audit, chain, write, writeLate, tamper, verify }
}

const faultsIn = ({ faults }: ChainReport) => faults.map(({ kind, number }) => `${kind} ${number}`)

test(
  'an event whose number was assigned early and committed late is chained after its commit, also after a restart',
  { skip: !isPostgres },
  async (t) => {
    const { database, clock, chain, write, writeLate, verify } = await open(t)
    const commit = await writeLate(1)
    await write(3)
    assert.equal(await chain.extend(), 3)
    await write(2)
    assert.equal(await chain.extend(), 2)
    assert.deepEqual(await verify().then((report) => [faultsIn(report), report.events]), [[], 5])
    await commit()
    const pending = await verify()
    assert.deepEqual([faultsIn(pending), pending.pending], [[], 1])
    assert.equal(await createAuditChain({ database, sealer, clock }).extend(), 1)
    assert.equal(await chain.extend(), 0)
    const report = await verify()
    assert.deepEqual([faultsIn(report), report.events, report.pending], [[], 6, 0])
  },
)

test('an unused number blocks nothing, and cannot be used later', { skip: !isPostgres }, async (t) => {
  const { database, audit, chain, write, tamper, verify } = await open(t)
  const undone = database.transaction(async (transaction) => {
    await audit.record(transaction, event)
    throw new Error('undone')
  })
  await assert.rejects(undone, /undone/)
  await write(2)
  assert.equal(await chain.extend(), 2)
  // Other transactions on this PostgreSQL, such as transactions of other tests, can be older than the number.
  await until('no transaction that could hold the number is running', async () => {
    await write(1)
    assert.equal(await chain.extend(), 1)
    const blocks = database.tables<{ audit_block: { settled_to: number } }>().selectFrom('audit_block')
    return (await blocks.select('settled_to').where('settled_to', '>', 0).execute()).length > 0
  })
  await tamper(`insert into audit_event (seq, ${columns}) select 1, ${columns} from audit_event where seq = 3`)
  assert.equal(await chain.extend(), 0)
  assert.deepEqual(faultsIn(await verify()), ['event-inserted 1'])
})

test(
  'all events of a large transaction that is committed late are chained, in several blocks',
  { skip: !isPostgres },
  async (t) => {
    const { chain, write, writeLate, verify } = await open(t)
    const commit = await writeLate(600)
    await write(2)
    assert.equal(await chain.extend(), 2)
    await commit()
    assert.equal(await chain.extend(), 600)
    const report = await verify()
    assert.deepEqual([faultsIn(report), report.events, report.pending], [[], 602, 0])
  },
)
