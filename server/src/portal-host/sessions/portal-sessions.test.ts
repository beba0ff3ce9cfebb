import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { openSealer } from '../../platform/keys/sealing.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { portalMigrations } from '../migrations.ts'
import type { PortalSessionRow } from './portal-session-store.ts'
import { absoluteMs, createPortalSessions, idleMs, maxSessionsPerPerson } from './portal-sessions.ts'

async function open(t: TestContext, kind: DatabaseKind) {
  const { database, dispose } = await openTestDatabase(kind, portalMigrations)
  const folder = await mkdtemp(path.join(tmpdir(), 'acrux-portal-'))
  t.after(async () => {
    await dispose()
    await rm(folder, { recursive: true })
  })
  const sealer = await openSealer(path.join(folder, 'master.key'))
  const time = { nowMs: Date.parse('2026-11-24T12:00:00Z') }
  const ended: string[] = []
  const end = async (_transaction: unknown, signInId: string) => ended.push(signInId)
  const sessions = createPortalSessions({ database, clock: { now: () => time.nowMs }, sealer, signIns: { end } })
  let count = 0
  const start = (objectId = 'alice', oldCookie?: string) => {
    count += 1
    const session = { objectId, signInId: `sign-in ${count}`, refreshToken: `secret ${count}`, authenticatedAtMs: 1 }
    return database.transaction((transaction) => sessions.start(transaction, session, oldCookie))
  }
  const rows = () =>
    database.tables<{ portal_session: PortalSessionRow }>().selectFrom('portal_session').selectAll().execute()
  return { database, sessions, start, rows, ended, time }
}

for (const kind of testDatabaseKinds) {
  test(`the database contains neither the id of a session nor its token in plain text (${kind})`, async (t) => {
    const { sessions, start, rows } = await open(t, kind)
    const id = await start()
    const stored = JSON.stringify(await rows())
    for (const secret of [id, 'secret 1', Buffer.from('secret 1').toString('base64url')]) {
      assert.equal(stored.includes(secret), false)
    }
    assert.equal((await sessions.find(id))?.refreshToken, 'secret 1')
    for (const other of [undefined, '', `${id}x`, id.slice(1), 'x'.repeat(43)]) {
      assert.equal(await sessions.find(other), undefined)
    }
  })

  test(`a sealed token cannot be opened after it was moved to another session (${kind})`, async (t) => {
    const { database, sessions, start, rows } = await open(t, kind)
    const [one, other] = [await start('alice'), await start('bob')]
    const [first, second] = await rows()
    await database.transaction(async (transaction) => {
      await transaction
        .tables<{ portal_session: PortalSessionRow }>()
        .updateTable('portal_session')
        .set({ sealed_refresh_token: first?.sealed_refresh_token ?? '' })
        .where('id_hash', '=', second?.id_hash ?? '')
        .execute()
    })
    const found = [await sessions.find(one), await sessions.find(other)]
    assert.equal(found.filter((session) => session !== undefined).length, 1)
  })

  test(`expired sessions are deleted with their sign-ins (${kind})`, async (t) => {
    const { sessions, start, rows, ended, time } = await open(t, kind)
    const used = await start()
    await start()
    time.nowMs += idleMs - 1
    assert.notEqual(await sessions.find(used), undefined)
    time.nowMs += 1
    await sessions.endExpired()
    assert.deepEqual(ended, ['sign-in 2'])
    time.nowMs += absoluteMs
    await sessions.endExpired()
    assert.deepEqual(ended, ['sign-in 2', 'sign-in 1'])
    assert.deepEqual(await rows(), [])
  })

  test(`a new session replaces the earlier session of the browser, and the oldest session of the person (${kind})`, async (t) => {
    const { sessions, start, rows, ended, time } = await open(t, kind)
    const first = await start()
    await start('alice', first)
    assert.deepEqual(ended, ['sign-in 1'])
    assert.equal(await sessions.find(first), undefined)
    for (let count = 0; count < maxSessionsPerPerson; count += 1) {
      time.nowMs += 1
      await start()
    }
    assert.deepEqual(ended, ['sign-in 1', 'sign-in 2'])
    assert.equal((await rows()).length, maxSessionsPerPerson)
  })
}
