import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { openSealer } from '../sealing.ts'
import { migrate } from '../sql/migrations.ts'
import { openSqliteDatabase } from '../sql/sqlite-database.ts'
import { createKeyRing } from './key-ring.ts'
import { signingKeyMigrations } from './migrations.ts'

async function openRings(t: { after: (fn: () => Promise<void>) => void }) {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-keys-'))
  const database = await openSqliteDatabase(path.join(directory, 'acrux.db'))
  t.after(async () => {
    await database.close()
    await rm(directory, { recursive: true })
  })
  await migrate(database, signingKeyMigrations, 0)
  const time = { nowMs: 1_000_000 }
  const sealer = await openSealer(path.join(directory, 'master.key'))
  const open = () =>
    createKeyRing({
      database,
      clock: { now: () => time.nowMs },
      sealer,
      purpose: 'test',
      algorithm: 'ES256',
      rotationMilliseconds: 100_000,
      signatureMilliseconds: 10_000,
    })
  return { open, time, database }
}

test('a ring signs with one key until its time is over, and the old one verifies until all it signed has expired', async (t) => {
  const { open, time } = await openRings(t)
  const ring = open()
  const first = await ring.current()
  assert.match(first.kid, /^(?:[A-Z2-7]{4}:){11}[A-Z2-7]{4}$/)
  assert.equal((await ring.current()).kid, first.kid)
  time.nowMs += 100_000
  const second = await ring.current()
  assert.notEqual(second.kid, first.kid)
  time.nowMs += 9_999
  assert.notEqual(await ring.verifier(first.kid), undefined)
  time.nowMs += 1
  assert.equal(await ring.verifier(first.kid), undefined)
  assert.deepEqual(
    (await ring.publicKeys()).map(({ kid }) => kid),
    [second.kid],
  )
})

test('two processes share a ring: what one rotates the other verifies', async (t) => {
  const { open, time } = await openRings(t)
  const [one, other] = [open(), open()]
  const [a, b] = await Promise.all([one.current(), other.current()])
  assert.equal(a.kid, b.kid)
  await one.rotate()
  const { kid } = await one.current()
  assert.notEqual(kid, a.kid)
  time.nowMs += 1000
  assert.notEqual(await other.verifier(kid), undefined)
})

test('the published keys hold no private part, and the stored private part is sealed', async (t) => {
  const { open, database } = await openRings(t)
  await open().current()
  for (const jwk of await open().publicKeys()) assert.equal('d' in jwk, false)
  const row = await database
    .tables<{ signing_key: { sealed_private_jwk: Uint8Array } }>()
    .selectFrom('signing_key')
    .select('sealed_private_jwk')
    .executeTakeFirstOrThrow()
  assert.equal(Buffer.from(row.sealed_private_jwk).includes('"d"'), false)
})
