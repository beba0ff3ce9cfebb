import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { usualDatabaseKind, usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { NewSecurityEvent } from './security-events.ts'
import { openTestCredentials } from '../../../testing/credentials/test-credentials.ts'

async function open(t: TestContext, kind: DatabaseKind = usualDatabaseKind) {
  const opened = await openTestCredentials(kind)
  t.after(opened.dispose)
  const { database, credentials, alice } = opened
  const record = (event: Omit<NewSecurityEvent, 'origin'> & { from?: string }) => {
    const { from = '198.51.100.7', ...rest } = event
    const origin = { remoteAddress: from, userAgent: 'a browser' }
    return database.transaction((transaction) =>
      credentials.securityEvents.record(transaction, alice.objectId, { ...rest, origin }),
    )
  }
  return { ...opened, record, list: () => credentials.securityEvents.list(alice.objectId) }
}

for (const kind of usualDatabaseKinds) {
  test(`security events are listed newest first, and repetitions within an hour are listed as one event (${kind})`, async (t) => {
    const { record, list, time } = await open(t, kind)
    const beganMs = time.nowMs
    await record({ kind: 'method-added', detail: 'totp' })
    for (let at = 0; at < 3; at += 1) {
      time.nowMs += 60_000
      await record({ kind: 'failed-sign-in', detail: 'wrong-password' })
    }
    await record({ kind: 'failed-sign-in', detail: 'wrong-password', from: '203.0.113.1' })
    const [, second, third] = await list()
    assert.equal((await list()).length, 3)
    assert.deepEqual(
      { kind: second?.kind, count: second?.count, from: second?.firstAtMs, to: second?.atMs },
      { kind: 'failed-sign-in', count: 3, from: beganMs + 60_000, to: beganMs + 180_000 },
    )
    assert.deepEqual([third?.kind, third?.detail, third?.userAgent], ['method-added', 'totp', 'a browser'])
    time.nowMs += 60 * 60_000
    await record({ kind: 'failed-sign-in', detail: 'wrong-password' })
    assert.equal((await list()).length, 4)
  })
}

test('many failed sign-ins use a limited amount of space and remove no other event', async (t) => {
  const { record, list, database, time } = await open(t)
  await record({ kind: 'method-added', detail: 'passkey' })
  for (let at = 0; at < 80; at += 1) {
    time.nowMs += 1
    await record({ kind: 'failed-sign-in', from: `203.0.113.${at}` })
  }
  const events = await list()
  assert.equal(events.length, 31)
  assert.equal(events.at(-1)?.kind, 'method-added')
  const rows = await database
    .tables<{ security_event: { id: string } }>()
    .selectFrom('security_event')
    .selectAll()
    .execute()
  assert.equal(rows.length, 31)
})

test('the security events of a user are deleted with the user', async (t) => {
  const { record, list, database, directory } = await open(t)
  await record({ kind: 'password-changed' })
  assert.equal((await list()).length, 1)
  const bob = {
    userPrincipalName: 'bob@contoso.example',
    displayName: 'Bob',
    password: 'x',
    directoryRole: 'owner',
  } as const
  const alice = await directory.findUserByName('alice@contoso.example')
  await database.transaction(async (transaction) => {
    await directory.createUser(transaction, bob)
    await directory.people.deleteUser(transaction, alice?.objectId ?? '')
  })
  assert.deepEqual(await list(), [])
})
