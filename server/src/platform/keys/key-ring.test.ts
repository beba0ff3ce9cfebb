import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { openSealer } from './sealing.ts'
import type { Database, DatabaseKind } from '../sql/database.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { createKeyRing } from './key-ring.ts'
import { signingKeyMigrations } from './migrations.ts'

async function openRings(t: TestContext, kind: DatabaseKind) {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-keys-'))
  const { database, dispose } = await openTestDatabase(kind, signingKeyMigrations)
  t.after(async () => {
    await dispose()
    await rm(directory, { recursive: true })
  })
  const time = { nowMs: 1_000_000 }
  const sealer = await openSealer(path.join(directory, 'master.key'))
  const open = (of: Database = database) =>
    createKeyRing({
      database: of,
      clock: { now: () => time.nowMs },
      sealer,
      purpose: 'test',
      algorithm: 'ES256',
      rotationMilliseconds: 100_000,
      signatureMilliseconds: 10_000,
    })
  return { open, time, database }
}

/** The same database, with some replaced methods. */
function changed(database: Database, methods: Partial<Database>): Database {
  return new Proxy(database, {
    get: (target, name) => {
      const member: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

type Tables = { signing_key: { sealed_private_jwk: Uint8Array } }

for (const kind of testDatabaseKinds) {
  describe(`a ring of keys, on ${kind}`, () => {
    test('a ring signs with one key until its rotation is due, and the old key verifies until all its signatures have expired', async (t) => {
      const { open, time } = await openRings(t, kind)
      const ring = open()
      const first = await ring.current()
      assert.match(first.kid, /^(?:[A-Z2-7]{4}:){11}[A-Z2-7]{4}$/)
      assert.equal((await ring.current()).kid, first.kid)
      time.nowMs += 100_000
      const second = await ring.current()
      assert.notEqual(second.kid, first.kid)
      time.nowMs += 60_000 + 9_999
      assert.notEqual(await ring.verifier(first.kid), undefined)
      time.nowMs += 1
      assert.equal(await ring.verifier(first.kid), undefined)
      assert.deepEqual(
        (await ring.publicKeys()).map(({ kid }) => kid),
        [second.kid],
      )
    })

    test('a key is replaced if its creation time is in the future because the clock was set back', async (t) => {
      const { open, time } = await openRings(t, kind)
      time.nowMs += 400 * 24 * 60 * 60 * 1000
      const first = await open().current()
      time.nowMs -= 400 * 24 * 60 * 60 * 1000
      const ring = open()
      const second = await ring.current()
      assert.notEqual(second.kid, first.kid)
      assert.notEqual(await ring.verifier(first.kid), undefined, 'the first key still verifies')
      assert.equal((await ring.current()).kid, second.kid, 'once')
    })

    test('two processes share a ring, and each process verifies the signatures of the other process', async (t) => {
      const { open } = await openRings(t, kind)
      const [one, other] = [open(), open()]
      const [a, b] = await Promise.all([one.current(), other.current()])
      assert.equal(a.kid, b.kid)
      await one.rotate()
      const { kid } = await one.current()
      assert.notEqual(kid, a.kid)
      assert.notEqual(await other.verifier(kid), undefined)
    })

    test('a key signs only when all other processes verify its signatures, so that no signature is rejected', async (t) => {
      const { open } = await openRings(t, kind)
      const [one, other, third] = [open(), open(), open()]
      for (let round = 0; round < 5; round += 1) {
        const over = new AbortController()
        const rotated = one.rotate().finally(() => over.abort())
        while (!over.signal.aborted) {
          // The other process does not have this id, and has just read the keys to find another id.
          assert.equal(await other.verifier('AAAA'), undefined)
          const { kid } = await third.current()
          assert.notEqual(await other.verifier(kid), undefined)
          await nextTurn()
        }
        await rotated
        const { kid } = await one.current()
        assert.notEqual(await other.verifier(kid), undefined)
      }
    })

    test('no process signs with a new key until no process uses the previous authority revision', async (t) => {
      const { open, database } = await openRings(t, kind)
      const fresh = open()
      await fresh.current()
      /** The authority revision that the late process reads. */
      let lateRevision: number | undefined = await database.authorityRevision()
      const late = open(
        changed(database, { authorityRevision: async () => lateRevision ?? database.authorityRevision() }),
      )
      assert.equal(await late.verifier('AAAA'), undefined, 'it has just read the keys')
      const { promise: committed, resolve: commit } = Promise.withResolvers<void>()
      const { promise: isLeaseOver, resolve: endLease } = Promise.withResolvers<void>()
      /** Returns when every process has the new authority revision, like a transaction on PostgreSQL. */
      const transaction: typeof database.transaction = async (work) => {
        const result = await database.transaction(work)
        commit()
        if (lateRevision !== undefined) await isLeaseOver
        lateRevision = undefined
        return result
      }
      const rotated = open(changed(database, { transaction })).rotate()
      await committed
      const { kid: before } = await open().current()
      assert.notEqual(await late.verifier(before), undefined)
      endLease()
      await rotated
      const { kid: after } = await open().current()
      assert.notEqual(after, before)
      assert.notEqual(await late.verifier(after), undefined)
    })

    test('the published keys contain no private part, and the stored private part is sealed', async (t) => {
      const { open, database } = await openRings(t, kind)
      await open().current()
      for (const jwk of await open().publicKeys()) assert.equal('d' in jwk, false)
      const row = await database
        .tables<Tables>()
        .selectFrom('signing_key')
        .select('sealed_private_jwk')
        .executeTakeFirstOrThrow()
      assert.equal(Buffer.from(row.sealed_private_jwk).includes('"d"'), false)
    })

    test('a process signs at once with a key that another process created, and signatures of the old key within a minute stay valid', async (t) => {
      const { open, time } = await openRings(t, kind)
      const [one, other] = [open(), open()]
      const { kid: old } = await other.current()
      await one.rotate()
      const { kid } = await other.current()
      assert.notEqual(kid, old)
      assert.equal(kid, (await one.current()).kid)
      time.nowMs += 60_000 + 9_998
      assert.notEqual(
        await one.verifier(old),
        undefined,
        'the last thing that a process that read the keys can have signed',
      )
      time.nowMs += 2
      assert.equal(await one.verifier(old), undefined)
    })

    test('after the keys are withdrawn, no process verifies the old signatures, and the next signature uses a new key', async (t) => {
      const { open, time, database } = await openRings(t, kind)
      const [one, other] = [open(), open()]
      const first = await one.current()
      await one.rotate()
      const { kid: second } = await one.current()
      assert.notEqual(await other.verifier(first.kid), undefined)
      assert.notEqual(await other.verifier(second), undefined)
      await database.transaction((transaction) => one.withdraw(transaction))
      for (const ring of [one, other]) {
        assert.equal(await ring.verifier(first.kid), undefined)
        assert.equal(await ring.verifier(second), undefined)
      }
      const [a, b] = await Promise.all([one.current(), other.current()])
      assert.equal(a.kid, b.kid)
      assert.ok(a.kid !== first.kid && a.kid !== second)
      // If both processes created a key, one process may have read the key of the other process before the key was
      // removed.
      time.nowMs += 1000
      assert.deepEqual(
        (await other.publicKeys()).map(({ kid }) => kid),
        [a.kid],
      )
    })

    test('unauthenticated requests for keys or with unknown key ids cause at most one read of the keys per second', async (t) => {
      const { open, time, database } = await openRings(t, kind)
      const ring = open()
      const { kid } = await ring.current()
      await database.transaction((transaction) => transaction.tables<Tables>().deleteFrom('signing_key').execute())
      const kids = async () => (await ring.publicKeys()).map((key) => key.kid)
      for (let times = 0; times < 3; times += 1) {
        assert.deepEqual(await kids(), [kid])
        assert.equal(await ring.verifier('AAAA'), undefined)
      }
      time.nowMs += 1000
      assert.deepEqual(await kids(), [])
    })

    test('concurrent requests for a signing key get the same key, while the key is created and while it is replaced', async (t) => {
      const { open, time } = await openRings(t, kind)
      const rings = [open(), open()]
      const kidsNow = async () => {
        const keys = await Promise.all(
          rings.flatMap((ring) => [Promise.resolve(ring.current()), ring.publicKeys().then(() => ring.current())]),
        )
        return [...new Set(keys.map(({ kid }) => kid))]
      }
      const first = await kidsNow()
      assert.equal(first.length, 1)
      time.nowMs += 100_000
      const second = await kidsNow()
      assert.equal(second.length, 1)
      assert.notDeepEqual(second, first)
      await Promise.all([...rings.map((ring) => ring.rotate()), ...rings.map((ring) => ring.publicKeys())])
      time.nowMs += 60_000
      assert.equal((await kidsNow()).length, 1)
    })
  })
}
