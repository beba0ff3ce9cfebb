import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { test } from 'node:test'
import { sealerOfKey } from '../../platform/keys/sealing.ts'
import type { Database } from '../../platform/sql/database.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { createAudit } from '../log/audit.ts'
import type { AuditEvent } from '../log/model.ts'
import { auditMigrations } from '../migrations.ts'
import { createAuditChain } from './chain.ts'
import { sealFirstHead } from './first-head.ts'

const sealer = sealerOfKey(randomBytes(32))
const clock = { now: () => 1000 }
const dayMs = 24 * 60 * 60 * 1000

const event: AuditEvent = {
  action: 'token.issue',
  outcome: 'success',
  actor: { kind: 'user', id: 'u' },
  target: 'contoso.example',
  origin: { correlationId: 'c', remoteAddress: '', userAgent: undefined },
}

/** The same database, on which no transaction may begin. */
function readOnly(database: Database): Database {
  const denied = { transaction: () => assert.fail('a transaction began') }
  return new Proxy(database, {
    get: (target, name) => {
      const member: unknown = Reflect.get(denied, name) ?? Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

for (const kind of testDatabaseKinds) {
  test(`the state of the chain consists of the last block and the seal, read without a transaction, on ${kind}`, async (t) => {
    const { database, dispose } = await openTestDatabase(kind, auditMigrations)
    t.after(dispose)
    await database.transaction((transaction) => sealFirstHead(transaction, sealer))
    const reading = createAuditChain({ database: readOnly(database), sealer, clock })
    assert.deepEqual(await reading.state(), { last: undefined, isSealed: true })
    const chain = createAuditChain({ database, sealer, clock })
    const audit = createAudit({ database, clock })
    for (const target of ['one', 'two']) {
      await audit.append({ ...event, target })
      await chain.extend()
    }
    const { last, isSealed } = await reading.state()
    assert.deepEqual([last?.number, last?.madeAtMs, isSealed], [2, 1000, true])
    assert.match(last?.hash ?? '', /^[0-9a-f]{64}$/)
    const tamper = (statement: string) =>
      database.transaction((transaction) => sql.raw(statement).execute(transaction.tables()))
    await tamper('delete from audit_block where number = 2')
    assert.deepEqual([(await reading.state()).last?.number, (await reading.state()).isSealed], [1, false])
    await tamper('delete from audit_block')
    await tamper('delete from audit_head')
    assert.deepEqual(await reading.state(), { last: undefined, isSealed: false })
  })
  test(`the chain is compared with the sealed end again after the clock was set back, on ${kind}`, async (t) => {
    const { database, dispose } = await openTestDatabase(kind, auditMigrations)
    t.after(dispose)
    await database.transaction((transaction) => sealFirstHead(transaction, sealer))
    const time = { nowMs: 1000 }
    const found: string[] = []
    const moving = { now: () => time.nowMs }
    const onAltered = ({ reason }: { readonly reason: string }) => found.push(reason)
    const chain = createAuditChain({ database, sealer, clock: moving, onAltered })
    await createAudit({ database, clock }).append(event)
    time.nowMs += dayMs
    await chain.extend()
    await chain.extend()
    time.nowMs -= dayMs
    await database.transaction((transaction) => sql.raw('delete from audit_block').execute(transaction.tables()))
    await chain.extend()
    assert.deepEqual(found, ['head-differs'])
  })
}
