import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, after, describe, test } from 'node:test'
import { until } from '../../../testing/platform/test-patience.ts'
import { createOutbound } from '../../platform/outbound/outbound.ts'
import { openTestHttpsServer } from '../../../testing/platform/test-https-server.ts'
import { openSealer } from '../../platform/keys/sealing.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { openTestDatabase, testDatabaseKinds, usualDatabaseKind } from '../../../testing/platform/test-database.ts'
import { type WebhookSettings, createWebhooks } from './webhooks.ts'
import type { AuditEvent } from '../log/model.ts'
import { auditMigrations } from '../migrations.ts'
import { createAudit } from '../log/audit.ts'
import { createAuditChain } from '../chain/chain.ts'
import { sealFirstHead } from '../chain/first-head.ts'
import { createDelivery } from './deliver.ts'

const keyDirectory = await mkdtemp(path.join(tmpdir(), 'acrux-test-'))
after(() => rm(keyDirectory, { recursive: true }))
const sealer = await openSealer(path.join(keyDirectory, 'master.key'))
const dayMs = 24 * 60 * 60 * 1000
const publicOrigin = 'https://acrux.example'

const event: AuditEvent = {
  action: 'token.issue',
  outcome: 'success',
  actor: { kind: 'user', id: 'u' },
  target: 'contoso.example',
  origin: { correlationId: 'c-1', remoteAddress: '192.0.2.1', userAgent: undefined },
}

type Received = { readonly headers: Readonly<Record<string, string | string[] | undefined>>; readonly body: string }

async function open(t: TestContext, kind: DatabaseKind, allowPrivateAddresses = true) {
  const { database, dispose } = await openTestDatabase(kind, auditMigrations)
  t.after(dispose)
  const received: Received[] = []
  const answer: { status: number; headers: Record<string, string>; failing?: string; held?: Promise<void> } = {
    status: 204,
    headers: {},
  }
  let inFlight = 0
  const receiver = await openTestHttpsServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    inFlight += 1
    const respond = async () => {
      received.push({ headers: request.headers, body })
      const { held } = answer
      if (held !== undefined) {
        delete answer.held
        inFlight -= 1
        await held
        inFlight += 1
      }
      const fails = answer.failing !== undefined && body.includes(answer.failing)
      // Another delivery at the same time would arrive before this response.
      setTimeout(() => {
        response.writeHead(inFlight > 1 || fails ? 500 : answer.status, answer.headers).end()
        inFlight -= 1
      }, 1)
    }
    request.on('end', () => void respond())
  })
  t.after(receiver.close)
  const time = { nowMs: Date.parse('2026-11-24T12:00:00Z') }
  const clock = { now: () => time.nowMs }
  await database.transaction((transaction) => sealFirstHead(transaction, sealer))
  const audit = createAudit({ database, clock })
  const chain = createAuditChain({ database, sealer, clock })
  const webhooks = createWebhooks({ database, clock, sealer })
  const outbound = createOutbound({
    allowPrivateAddresses,
    allowedNetworks: [],
    extraCa: receiver.ca,
    timeoutMs: 60_000,
  })
  const newDelivery = (aheadMs = 0) =>
    createDelivery({
      database,
      clock: { now: () => time.nowMs + aheadMs },
      sealer,
      outbound,
      publicOrigin,
      claimTimeMs: async () => time.nowMs,
    })
  const delivery = newDelivery()
  const deliver = () => delivery.deliver()
  const put = (settings: Partial<WebhookSettings> = {}, name = 'hook') =>
    database.transaction((transaction) =>
      webhooks.put(transaction, name, { url: `${receiver.origin}/in`, enabled: true, filter: {}, ...settings }),
    )
  const write = async (...actions: string[]) => {
    for (const action of actions) await audit.append({ ...event, action })
    await chain.extend()
  }
  const actions = () => received.map(({ body }) => String(JSON.parse(body).data.action))
  return {
    database,
    time,
    audit,
    chain,
    webhooks,
    receiver,
    answer,
    received,
    deliver,
    newDelivery,
    put,
    write,
    actions,
  }
}

/** Verifies the signature of a delivery like a receiver. [Standard Webhooks, Signature scheme] */
function isSigned({ headers, body }: Received, secret: string): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
  const signature = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
  return String(headers['webhook-signature']).split(' ').includes(signature)
}

// SQLite has one writer: events are committed in the order of their numbers.
for (const kind of testDatabaseKinds.filter((each) => each === 'postgres')) {
  test('a webhook gets an event whose number was assigned before the creation of the webhook, and which was committed after the creation', async (t) => {
    const { put, write, deliver, actions, audit, database } = await open(t, kind)
    const isWritten = Promise.withResolvers<void>()
    const mayCommit = Promise.withResolvers<void>()
    const slow = database.transaction(async (transaction) => {
      await audit.record(transaction, { ...event, action: 'slow' })
      isWritten.resolve()
      await mayCommit.promise
    })
    await isWritten.promise
    await audit.append({ ...event, action: 'before.it' })
    await put()
    mayCommit.resolve()
    await slow
    await write('after.it')
    await deliver()
    assert.deepEqual(actions().toSorted(), ['after.it', 'slow'])
  })
}

for (const kind of testDatabaseKinds) {
  describe(`the delivery of events to webhooks, on ${kind}`, () => {
    test('begins with the events after the creation of the webhook, even if earlier events are not in the chain yet', async (t) => {
      const { put, write, deliver, actions, audit, database } = await open(t, kind)
      await write('in.the.chain')
      await audit.append({ ...event, action: 'in.no.block.yet' })
      await put()
      await database.transaction((transaction) => audit.record(transaction, { ...event, action: 'after.it' }))
      await write('later')
      await deliver()
      assert.deepEqual(actions(), ['after.it', 'later'])
    })

    test('delivers later events in order, as signed CloudEvents', async (t) => {
      const { put, write, deliver, received, actions } = await open(t, kind)
      await write('before.it')
      const { secret = '' } = await put()
      assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
      await write('a.one', 'a.two', 'a.three')
      await write('b.one')
      await deliver()
      assert.deepEqual(actions(), ['a.one', 'a.two', 'a.three', 'b.one'])
      await deliver()
      assert.equal(received.length, 4, 'each once')
      const [first] = received
      assert.ok(first !== undefined && isSigned(first, secret) && !isSigned(first, `whsec_${'A'.repeat(43)}=`))
      assert.equal(first.headers['content-type'], 'application/cloudevents+json; charset=utf-8')
      const { data, ...envelope } = JSON.parse(first.body)
      assert.deepEqual(envelope, {
        specversion: '1.0',
        id: data.id,
        source: 'https://acrux.example/audit',
        type: `Acrux.Audit.${data.action}`,
        subject: 'contoso.example',
        time: '2026-11-24T12:00:00.000Z',
        datacontenttype: 'application/json',
      })
      assert.equal(data.correlationId, 'c-1')
    })

    test('retries failed deliveries with delays of up to ten minutes, and loses nothing at a restart', async (t) => {
      const { put, write, deliver, newDelivery, received, answer, time, webhooks, actions } = await open(t, kind)
      await put()
      answer.status = 500
      await write('a.one')
      const waits: number[] = []
      for (let attempt = 0; attempt < 14; attempt += 1) {
        await deliver()
        const hook = await webhooks.find('hook')
        assert.equal(hook?.failures, attempt + 1)
        assert.match(hook.lastError ?? '', /answered 500$/)
        const waitMs = hook.nextAttemptMs - time.nowMs
        waits.push(waitMs)
        const before = received.length
        await deliver()
        assert.equal(received.length, before, 'not before its time')
        time.nowMs += waitMs
      }
      assert.ok((waits[0] ?? 0) <= 1000 && (waits[5] ?? 0) > 10_000, waits.join(' '))
      assert.ok(
        waits.slice(-3).every((wait) => wait >= 300_000 && wait <= 600_000),
        waits.join(' '),
      )
      answer.status = 200
      received.length = 0
      await write('a.two')
      await newDelivery().deliver()
      assert.deepEqual(actions(), ['a.one', 'a.two'])
      const hook = await webhooks.find('hook')
      assert.deepEqual([hook?.failures, hook?.lastError, hook?.lastDeliveryMs], [0, undefined, time.nowMs])
    })

    test('continues with the event that failed, after the events that were delivered before it', async (t) => {
      const { put, write, deliver, answer, time, actions, webhooks } = await open(t, kind)
      await put()
      answer.failing = 'a.three'
      await write('a.one', 'a.two', 'a.three', 'a.four', 'a.five', 'a.six', 'a.seven')
      await deliver()
      assert.deepEqual(actions(), ['a.one', 'a.two', 'a.three'])
      assert.equal((await webhooks.find('hook'))?.failures, 1, 'the events before it start a new count')
      delete answer.failing
      time.nowMs += 1000
      await deliver()
      assert.deepEqual(actions().slice(3), ['a.three', 'a.four', 'a.five', 'a.six', 'a.seven'])
      assert.equal((await webhooks.find('hook'))?.failures, 0)
    })

    test('continues when a clock that was ahead is corrected', async (t) => {
      const { database, put, write, deliver, answer, time, received, actions } = await open(t, kind)
      const setClaim = (untilMs: number) =>
        database.transaction((transaction) =>
          transaction
            .tables<{ audit_webhook: { claimed_until_ms: number } }>()
            .updateTable('audit_webhook')
            .set({ claimed_until_ms: untilMs })
            .execute(),
        )
      await put()
      await write('a.one')
      answer.status = 500
      time.nowMs += dayMs
      await deliver()
      time.nowMs -= dayMs
      answer.status = 200
      await deliver()
      assert.deepEqual(actions(), ['a.one', 'a.one'], 'not a day later')
      // A server that stopped in a delivery.
      await setClaim(time.nowMs + dayMs)
      await write('a.two')
      await deliver()
      assert.equal(actions().at(-1), 'a.two')
      await setClaim(time.nowMs + 60_000)
      await write('a.three')
      await deliver()
      assert.equal(received.length, 3, 'a claim that is possible')
    })

    test('delivers each event from one of several servers', async (t) => {
      const { put, write, newDelivery, received } = await open(t, kind)
      await put()
      const servers = Array.from({ length: 4 }, () => newDelivery())
      for (let round = 0; round < 3; round += 1) {
        await write('a.one', 'a.two', 'a.three')
        await Promise.all(servers.map((server) => server.deliver()))
      }
      const ids = received.map(({ headers }) => headers['webhook-id'])
      assert.equal(new Set(ids).size, 9)
      assert.equal(ids.length, 9)
    })

    test('a server whose clock is ahead leaves the delivery to the server with the claim', async (t) => {
      const { put, write, deliver, newDelivery, answer, received, actions } = await open(t, kind)
      await put()
      await write('a.one', 'a.two')
      const { promise, resolve } = Promise.withResolvers<void>()
      answer.held = promise
      const first = deliver()
      await until('the first event is sent', () => received.length === 1)
      await newDelivery(2 * 60_000).deliver()
      resolve()
      await first
      assert.deepEqual(actions(), ['a.one', 'a.two'])
    })

    test('a server that has lost its claim does not reset the progress', async (t) => {
      const { put, write, deliver, newDelivery, answer, received, actions, time } = await open(t, kind)
      await put()
      await write('a.one', 'a.two')
      const { promise, resolve } = Promise.withResolvers<void>()
      answer.held = promise
      const suspended = newDelivery()
      const late = suspended.deliver()
      await until('the first event is sent', () => received.length === 1)
      time.nowMs += 61_000
      await deliver()
      suspended.stop()
      resolve()
      await late
      await deliver()
      assert.deepEqual(actions(), ['a.one', 'a.one', 'a.two'])
    })
  })
}

test('a webhook receives the events that match its filter, and receives no events while the webhook is disabled', async (t) => {
  const { put, write, deliver, actions, audit, chain, received } = await open(t, usualDatabaseKind)
  await put({ filter: { actions: ['token.*', 'user.create'], outcome: 'success' } })
  await audit.append({ ...event, outcome: 'refused' })
  await write('token.issue', 'tokens', 'user.create', 'user.created')
  await deliver()
  assert.deepEqual(actions().toSorted(), ['token.issue', 'user.create'])
  await put({ enabled: false })
  await write('token.issue')
  await deliver()
  assert.equal(received.length, 2)
  await put({ filter: { outcome: 'refused' } })
  await audit.append({ ...event, outcome: 'refused', action: 'x' })
  await chain.extend()
  await deliver()
  assert.deepEqual(actions().slice(2), ['x'])
})

test('a new secret signs immediately, and the previous secret also signs for a day', async (t) => {
  const { database, put, write, deliver, received, webhooks, time } = await open(t, usualDatabaseKind)
  const { secret: first = '' } = await put()
  const second = (await database.transaction((transaction) => webhooks.rotateSecret(transaction, 'hook'))) ?? ''
  assert.notEqual(first, second)
  await write('a.one')
  await deliver()
  time.nowMs += 25 * 60 * 60 * 1000
  await write('a.two')
  await deliver()
  const signedBy = received.map((delivery) => [isSigned(delivery, first), isSigned(delivery, second)])
  assert.deepEqual(signedBy, [
    [true, true],
    [false, true],
  ])
})

test('the secret of a webhook is sealed in the database', async (t) => {
  const { database, put } = await open(t, usualDatabaseKind)
  const { secret = '' } = await put()
  const rows = await database.tables<{ audit_webhook: object }>().selectFrom('audit_webhook').selectAll().execute()
  const text = JSON.stringify(rows, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  )
  assert.equal(text.includes(secret), false)
  assert.equal(text.includes(secret.slice(6)), false)
})

test('fault 39: events are not delivered to internal addresses, and redirects are not followed', async (t) => {
  const within = await open(t, usualDatabaseKind, false)
  for (const [index, host] of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254', 'localhost'].entries()) {
    await within.put({ url: `https://${host}:${within.receiver.port}/` }, `hook${index}`)
  }
  await within.write('a.one')
  await within.deliver()
  assert.equal(within.received.length, 0)
  for (const { lastError } of await within.webhooks.list()) {
    assert.match(lastError ?? '', /has no address that the server may connect to$/)
  }
  const { put, write, deliver, answer, received, receiver, webhooks } = await open(t, usualDatabaseKind)
  await put()
  answer.status = 307
  answer.headers = { location: `${receiver.origin}/elsewhere` }
  await write('a.one')
  await deliver()
  assert.equal(received.length, 1, 'it is asked once')
  assert.match((await webhooks.find('hook'))?.lastError ?? '', /answered 307$/)
})

test('events that were removed from the log before their delivery are skipped', async (t) => {
  const { database, put, write, deliver, actions, answer, time } = await open(t, usualDatabaseKind)
  await put()
  answer.status = 503
  await write('a.one')
  await deliver()
  await write('a.two')
  await database.transaction(async (transaction) => {
    const tables = transaction.tables<{ audit_block: { number: number }; audit_event: { seq: number } }>()
    await tables.deleteFrom('audit_block').where('number', '=', 1).execute()
    await tables.deleteFrom('audit_event').where('seq', '=', 1).execute()
  })
  answer.status = 200
  time.nowMs += 1000
  await deliver()
  assert.equal(actions().at(-1), 'a.two')
})
