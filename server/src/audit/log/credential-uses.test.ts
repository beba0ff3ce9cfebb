import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, describe, test } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { sealerOfKey } from '../../platform/keys/sealing.ts'
import type { AuditEvent } from './model.ts'
import { auditMigrations } from '../migrations.ts'
import { createAudit } from './audit.ts'
import { createAuditChain } from '../chain/chain.ts'
import { createCredentialUses } from './credential-uses.ts'
import { sealFirstHead } from '../chain/first-head.ts'

const sealer = sealerOfKey(randomBytes(32))

const minuteMs = 60 * 1000
const actor = { kind: 'service-principal', id: 'p-1' } as const
const credential = { kind: 'client-secret', id: 'k-1' }
const event: AuditEvent = {
  action: 'token.issue',
  outcome: 'success',
  actor,
  credential,
  target: 'contoso.example',
  origin: { correlationId: 'c-1', remoteAddress: '192.0.2.1', userAgent: undefined },
}

async function open(t: TestContext, kind: DatabaseKind) {
  const { database, dispose } = await openTestDatabase(kind, auditMigrations)
  t.after(dispose)
  const time = { nowMs: 100 * minuteMs }
  const clock = { now: () => time.nowMs }
  const uses = createCredentialUses({ database, clock })
  const other = createCredentialUses({ database, clock })
  /** The written uses, as another server reads them. */
  const lastUsed = async () =>
    (await other.list({}, undefined, 10)).map((use) => [use.actor_id, use.credential_id, use.last_used_ms / minuteMs])
  return { database, clock, time, uses, lastUsed }
}

for (const kind of testDatabaseKinds) {
  describe(`the last use of a credential, on ${kind}`, () => {
    test('is written at most every five minutes, and finally exactly', async (t) => {
      const { time, uses, lastUsed } = await open(t, kind)
      for (let minute = 0; minute < 7; minute += 1) {
        uses.note(actor, credential)
        await uses.flush()
        time.nowMs += minuteMs
        assert.deepEqual(await lastUsed(), [['p-1', 'k-1', minute < 5 ? 100 : 105]], `minute ${minute}`)
      }
      await uses.flush()
      assert.deepEqual(await lastUsed(), [['p-1', 'k-1', 105]])
      time.nowMs += 5 * minuteMs
      await uses.flush()
      assert.deepEqual(await lastUsed(), [['p-1', 'k-1', 106]])
      uses.note(actor, credential)
      await uses.flush(true)
      assert.deepEqual(await lastUsed(), [['p-1', 'k-1', 112]], 'and at the end of the process')
    })

    test('is immediately available on the server that recorded the use', async (t) => {
      const { time, uses, lastUsed } = await open(t, kind)
      uses.note(actor, credential)
      await uses.flush()
      time.nowMs += minuteMs
      uses.note(actor, credential)
      await uses.flush()
      assert.deepEqual(await lastUsed(), [['p-1', 'k-1', 100]], 'it is not written yet')
      assert.deepEqual(
        (await uses.list({}, undefined, 10)).map((use) => use.last_used_ms),
        [101 * minuteMs],
      )
      assert.deepEqual(await uses.lastUses('service-principal', ['p-0', 'p-1']), new Map([['k-1', 101 * minuteMs]]))
      assert.deepEqual(await uses.lastUses('user', ['p-1']), new Map(), 'the kind of the actor matters')
      assert.deepEqual(await uses.lastUses('user', []), new Map())
    })

    test('follows from the successful events of the chain', async (t) => {
      const { database, clock, time, uses, lastUsed } = await open(t, kind)
      const audit = createAudit({ database, clock })
      await database.transaction((transaction) => sealFirstHead(transaction, sealer))
      const chain = createAuditChain({ database, sealer, clock, uses })
      await audit.append(event)
      await audit.append({ ...event, credential: { kind: 'client-secret', id: 'k-2' }, outcome: 'refused' })
      await audit.append({ ...event, credential: { kind: 'password' } })
      await audit.append({
        ...event,
        actor: { kind: 'admin', id: 'contoso' },
        credential: { kind: 'admin-password', id: 'password' },
      })
      await chain.extend()
      await uses.flush()
      assert.deepEqual(await lastUsed(), [
        ['contoso', 'password', 100],
        ['p-1', 'k-1', 100],
      ])
      time.nowMs += minuteMs
      const other = createCredentialUses({ database, clock: { now: () => 50 * minuteMs } })
      other.note(actor, credential)
      await other.flush()
      assert.deepEqual((await lastUsed()).at(-1), ['p-1', 'k-1', 100], 'a late server takes nothing back')
    })

    test('is listed in pages, by principal and by credential', async (t) => {
      const { uses } = await open(t, kind)
      for (const id of ['p-1', 'p-2']) {
        for (const key of ['k-1', 'k-2', 'k-3']) uses.note({ kind: 'user', id }, { kind: 'sign-in', id: key })
      }
      await uses.flush()
      const all: string[] = []
      for (let after: Awaited<ReturnType<typeof uses.list>>[number] | undefined; ;) {
        const page = await uses.list({}, after, 4)
        all.push(...page.map((use) => `${use.actor_id} ${use.credential_id}`))
        after = page.at(-1)
        if (after === undefined) break
      }
      assert.deepEqual(all, ['p-1 k-1', 'p-1 k-2', 'p-1 k-3', 'p-2 k-1', 'p-2 k-2', 'p-2 k-3'])
      assert.equal((await uses.list({ actorId: 'p-2' }, undefined, 10)).length, 3)
      assert.equal((await uses.list({ credentialId: 'k-2' }, undefined, 10)).length, 2)
    })
  })
}
