import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, after, describe, test } from 'node:test'
import { sql } from 'kysely'
import { openSealer, sealerOfKey } from '../../platform/keys/sealing.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { type Checkpoint, formatCheckpoint, parseCheckpoint } from './chain-format.ts'
import { sealHead } from './chain-head.ts'
import type { ChainTables } from './rows.ts'
import { type ChainReport, verifyChain } from './verify-chain.ts'
import type { AuditEvent } from '../log/model.ts'
import { auditMigrations } from '../migrations.ts'
import { createAudit } from '../log/audit.ts'
import { createAuditChain } from './chain.ts'
import { expireEvents } from './expire-events.ts'
import { sealFirstHead } from './first-head.ts'

const event: AuditEvent = {
  action: 'token.issue',
  outcome: 'success',
  actor: { kind: 'user', id: '10000000-0000-4000-8000-000000000001' },
  target: 'contoso.example',
  origin: { correlationId: 'c-1', remoteAddress: '192.0.2.1', userAgent: undefined },
}

const keyDirectory = await mkdtemp(path.join(tmpdir(), 'acrux-test-'))
after(() => rm(keyDirectory, { recursive: true }))
const sealer = await openSealer(path.join(keyDirectory, 'master.key'))

async function open(t: TestContext, kind: DatabaseKind) {
  const { database, dispose } = await openTestDatabase(kind, auditMigrations)
  t.after(dispose)
  const time = { nowMs: 1000 }
  const clock = { now: () => (time.nowMs += 1) }
  await database.transaction((transaction) => sealFirstHead(transaction, sealer))
  const audit = createAudit({ database, clock })
  const chain = createAuditChain({ database, sealer, clock })
  const write = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => audit.append({ ...event, target: `target ${index}` })))
  const tamper = (statement: string) =>
    database.transaction((transaction) => sql.raw(statement).execute(transaction.tables()))
  const verify = (expected?: Checkpoint) => verifyChain(database, sealer, expected)
  const expire = (retentionDays: number) => expireEvents({ database, clock, sealer, audit, retentionDays })
  return { database, clock, time, audit, chain, write, tamper, verify, expire }
}

const faultsIn = ({ faults }: ChainReport) => faults.map(({ kind, number }) => `${kind} ${number}`)

/** A log of three blocks with ten events each, and two pending events. */
async function openLog(t: TestContext, kind: DatabaseKind) {
  const log = await open(t, kind)
  for (let block = 0; block < 3; block += 1) {
    await log.write(10)
    assert.equal(await log.chain.extend(), 10)
  }
  await log.write(2)
  return log
}

const dayMs = 24 * 60 * 60 * 1000
const columns = `at_ms, action, outcome, actor_kind, actor_id, target, reason, detail, correlation_id, remote_address, user_agent`

for (const kind of testDatabaseKinds) {
  describe(`the hash chain of the audit log, on ${kind}`, () => {
    test('contains every event once, and reports the number of pending events', async (t) => {
      const { chain, verify } = await openLog(t, kind)
      const report = await verify()
      assert.deepEqual(report.faults, [])
      assert.deepEqual([report.events, report.blocks, report.pending], [30, 3, 2])
      assert.equal(report.checkpoint?.number, 3)
      assert.equal(await chain.extend(), 2)
      assert.equal(await chain.extend(), 0)
      assert.equal((await verify()).pending, 0)
    })

    test('accepts any number of events, and continues after a restart', async (t) => {
      const { database, clock, chain, write, verify } = await open(t, kind)
      await write(1100)
      assert.equal(await chain.extend(), 1100)
      await write(3)
      assert.equal(await createAuditChain({ database, sealer, clock }).extend(), 3)
      const report = await verify()
      assert.deepEqual([report.faultCount, report.events, report.pending], [0, 1103, 0])
    })

    test('is extended by several servers at the same time like by one', async (t) => {
      const { database, clock, chain, write, verify } = await open(t, kind)
      const others = Array.from({ length: 3 }, () => createAuditChain({ database, sealer, clock }))
      for (let round = 0; round < 8; round += 1) {
        await Promise.all([write(40), chain.extend(), ...others.map((other) => other.extend())])
      }
      await others[0]?.extend()
      const report = await verify()
      assert.deepEqual([faultsIn(report), report.events, report.pending], [[], 320, 0])
    })

    test('hashes events and blocks as documented for independent verification', async (t) => {
      const { database, time, audit, chain } = await open(t, kind)
      const detail = { asked: ['tag\u2028"ü"'] }
      const credential = { kind: 'client-secret', id: 'k-1' }
      await audit.append({
        ...event,
        credential,
        detail,
        origin: { ...event.origin, userAgent: 'docker/26 \u{1f433}' },
      })
      await audit.append(event)
      const lastMs = time.nowMs
      await chain.extend()
      const sha256 = (...parts: readonly (string | Uint8Array)[]) =>
        parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()
      const common = '"token.issue","success","user","10000000-0000-4000-8000-000000000001"'
      const told = `${JSON.stringify(JSON.stringify(detail))},"c-1","192.0.2.1"`
      const texts = [
        `[1,${lastMs - 1},${common},"client-secret","k-1","contoso.example",null,${told},"docker/26 \u{1f433}"]`,
        `[2,${lastMs},${common},null,null,"contoso.example",null,null,"c-1","192.0.2.1",null]`,
      ]
      const entries = texts.map((text, index) =>
        Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, index + 1]), sha256(text)]),
      )
      const [block] = await database.tables<ChainTables>().selectFrom('audit_block').selectAll().execute()
      assert.ok(block !== undefined)
      assert.deepEqual(Buffer.from(block.entries), Buffer.concat(entries))
      const lines = `acrux-audit-block-1\n1\n${block.made_at_ms}\n2\n${block.horizon}\n${'0'.repeat(64)}\n`
      assert.equal(block.hash, sha256(lines, ...entries).toString('hex'))
    })

    const tampering: readonly (readonly [what: string, statements: readonly string[], faults: readonly string[]])[] = [
      ['a changed event', [`update audit_event set outcome = 'refused' where seq = 14`], ['event-changed 14']],
      ['a changed time', [`update audit_event set at_ms = at_ms + 1 where seq = 1`], ['event-changed 1']],
      ['a removed event', ['delete from audit_event where seq = 11'], ['event-removed 11']],
      ['the first event, removed', ['delete from audit_event where seq = 1'], ['event-removed 1']],
      [
        'two events in each other’s place',
        [
          'update audit_event set seq = 1000 where seq = 5',
          'update audit_event set seq = 5 where seq = 6',
          'update audit_event set seq = 6 where seq = 1000',
        ],
        ['event-changed 5', 'event-changed 6'],
      ],
      [
        'an event in the place of a removed one',
        [
          'delete from audit_event where seq = 7',
          `insert into audit_event (seq, ${columns}) select 7, ${columns} from audit_event where seq = 8`,
        ],
        ['event-changed 7'],
      ],
      [
        'an event before all others',
        [`insert into audit_event (seq, ${columns}) select 0, ${columns} from audit_event where seq = 8`],
        ['event-inserted 0'],
      ],
      ['a removed block', ['delete from audit_block where number = 2'], ['block-missing 2']],
      ['the first block, removed', ['delete from audit_block where number = 1'], ['start-missing 2']],
      [
        'two blocks in each other’s place',
        [
          'update audit_block set number = 9 where number = 2',
          'update audit_block set number = 2 where number = 3',
          'update audit_block set number = 3 where number = 9',
        ],
        ['block-unlinked 2', 'block-changed 2', 'block-unlinked 3', 'block-changed 3', 'head-differs 3'],
      ],
      ['a changed time of a block', ['update audit_block set made_at_ms = 1 where number = 2'], ['block-changed 2']],
      ['a changed range of times', ['update audit_block set last_at_ms = 1 where number = 2'], ['block-changed 2']],
      ['a changed range of numbers', ['update audit_block set covers_to = 999 where number = 3'], ['block-changed 3']],
      [
        'a block with a hash of its own',
        [`update audit_block set hash = '${'a'.repeat(64)}' where number = 1`],
        ['block-changed 1', 'block-unlinked 2'],
      ],
    ]
    for (const [what, statements, faults] of tampering) {
      test(`shows ${what}`, async (t) => {
        const { tamper, verify } = await openLog(t, kind)
        for (const statement of statements) await tamper(statement)
        const found = faultsIn(await verify()).filter((fault) => !isFollowUp(fault, faults))
        assert.deepEqual(found, faults)
      })
    }

    test('a chain with a truncated end is detected, also by a checkpoint', async (t) => {
      const { tamper, verify } = await openLog(t, kind)
      const kept = (await verify()).checkpoint
      assert.ok(kept !== undefined)
      assert.deepEqual(parseCheckpoint(formatCheckpoint(kept)), kept)
      assert.deepEqual(faultsIn(await verify(kept)), [])
      const forged = { ...kept, hash: kept.hash.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) }
      assert.deepEqual(faultsIn(await verify(forged)), ['checkpoint-differs 3'])
      await tamper('delete from audit_event where seq > 20')
      await tamper('delete from audit_block where number > 2')
      assert.deepEqual(faultsIn(await verify()), ['head-cut-off 3'])
      assert.deepEqual(faultsIn(await verify(kept)), ['head-cut-off 3', 'checkpoint-cut-off 3'])
    })

    for (const [how, statements, fault] of [
      ['emptied', ['delete from audit_event', 'delete from audit_block'], 'head-cut-off 3'],
      [
        'emptied, its head too',
        ['delete from audit_event', 'delete from audit_block', 'delete from audit_head'],
        'head-missing 0',
      ],
      [
        'emptied, and made to look new',
        ['delete from audit_event', 'delete from audit_block', `update audit_head set seal = ''`],
        'head-missing 0',
      ],
      [
        'cut off, and its head rubbed out',
        [
          'delete from audit_event where seq > 20',
          'delete from audit_block where number > 2',
          'delete from audit_head',
        ],
        'head-missing 0',
      ],
    ] as const) {
      test(`that is ${how} is detected as altered, also by a running server, which continues and reports it`, async (t) => {
        const { database, clock, time, tamper, verify, write } = await open(t, kind)
        const found: unknown[] = []
        const chain = createAuditChain({ database, sealer, clock, onAltered: (alteration) => found.push(alteration) })
        for (let block = 0; block < 3; block += 1) {
          await write(10)
          await chain.extend()
        }
        for (const statement of statements) {
          await tamper(
            kind === 'postgres' ? statement.replace(`= ''`, `= ''::bytea`) : statement.replace(`= ''`, `= x''`),
          )
        }
        assert.deepEqual(faultsIn(await verify()), [fault])
        await write(1)
        // Without new events, the head is compared once per minute.
        time.nowMs += 60_000
        await chain.extend()
        assert.equal(found.length, 1)
        await chain.extend()
        const report = await verify()
        assert.deepEqual(
          report.faults.map(({ kind: what }) => what),
          ['altered-before'],
        )
        assert.equal(report.pending, 0)
        await chain.close()
      })
    }

    test('whose end is replaced without the master key is detected as altered at the next start', async (t) => {
      const { database, clock, tamper, verify } = await openLog(t, kind)
      const other = sealHead(sealerOfKey(randomBytes(32)), { number: 2, hash: '0'.repeat(64) }).toString('hex')
      await tamper('delete from audit_event where seq > 20')
      await tamper('delete from audit_block where number > 2')
      await tamper(`update audit_head set seal = ${kind === 'postgres' ? `'\\x${other}'` : `x'${other}'`}`)
      assert.deepEqual(faultsIn(await verify()), ['head-forged 0'])
      const found: { reason: string }[] = []
      const chain = createAuditChain({ database, sealer, clock, onAltered: (alteration) => found.push(alteration) })
      await chain.begin()
      assert.deepEqual(
        found.map(({ reason }) => reason),
        ['head-forged'],
      )
    })

    test('that is emptied and looks like one of an older version is detected as altered at the next start', async (t) => {
      const { database, clock, tamper, verify } = await openLog(t, kind)
      await tamper('delete from audit_event')
      await tamper('delete from audit_block')
      await tamper(`update audit_head set seal = ${kind === 'postgres' ? `''::bytea` : `x''`}`)
      const found: { reason: string }[] = []
      const chain = createAuditChain({ database, sealer, clock, onAltered: (alteration) => found.push(alteration) })
      await chain.begin()
      await chain.extend()
      assert.deepEqual(
        found.map(({ reason }) => reason),
        ['head-unsealed'],
      )
      assert.deepEqual(
        (await verify()).faults.map(({ kind: what }) => what),
        ['altered-before'],
      )
    })

    test('is valid from its new start on after the oldest events are removed, which an event reports', async (t) => {
      const { time, chain, write, verify, expire, database } = await openLog(t, kind)
      await chain.extend()
      const early = (await verify()).checkpoint
      time.nowMs += 40 * dayMs
      await write(5)
      await chain.extend()
      assert.equal(await expire(0), 0)
      assert.equal(await expire(60), 0)
      assert.equal(await expire(30), 32)
      assert.equal(await expire(30), 0)
      const unsealed = await verify()
      assert.deepEqual([faultsIn(unsealed), unsealed.events, unsealed.pending], [[], 5, 1])
      await chain.extend()
      const report = await verify(early)
      assert.deepEqual([faultsIn(report), report.events, report.pending], [[], 6, 0])
      assert.deepEqual(faultsIn(await verify({ number: 3, hash: 'a'.repeat(64) })), ['checkpoint-expired 3'])
      assert.deepEqual(faultsIn(await verify({ number: 4, hash: 'a'.repeat(64) })), ['checkpoint-differs 4'])
      const [told] = await database
        .tables<{ audit_event: { action: string; detail: string } }>()
        .selectFrom('audit_event')
        .select('detail')
        .where('action', '=', 'audit-log.expire')
        .execute()
      assert.equal(JSON.parse(told?.detail ?? '').events, 32)
      assert.equal(await createAuditChain({ database, sealer, clock: { now: () => time.nowMs } }).extend(), 0)
    })

    test('keeps its last block, regardless of its age, so that it can continue', async (t) => {
      const { time, chain, write, verify, expire } = await openLog(t, kind)
      time.nowMs += 40 * dayMs
      assert.equal(await expire(1), 20)
      await write(1)
      await chain.extend()
      const report = await verify()
      assert.deepEqual([faultsIn(report), report.checkpoint?.number, report.events], [[], 4, 14])
    })

    test('shows that the oldest events were removed without the master key', async (t) => {
      const { database, audit, chain, tamper, verify } = await openLog(t, kind)
      const [, second] = await database
        .tables<{ audit_block: { number: number; hash: string } }>()
        .selectFrom('audit_block')
        .selectAll()
        .orderBy('number')
        .execute()
      await tamper('delete from audit_block where number <= 2')
      await tamper('delete from audit_event where seq <= 20')
      const detail = { through: `2:${second?.hash}`, proof: Buffer.alloc(60, 1).toString('base64url') }
      await audit.append({ ...event, action: 'audit-log.expire', detail })
      await chain.extend()
      assert.deepEqual(faultsIn(await verify()), ['start-missing 3'])
    })
  })
}

/** A fault that follows from another fault: an event of a missing block, or a block with a changed event. */
function isFollowUp(fault: string, expected: readonly string[]): boolean {
  return fault.startsWith('event-') && !expected.some((other) => other.startsWith('event-'))
}
