import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { credentialMigrations } from '../migrations.ts'
import { oneTimeCodeStore } from './one-time-code-store.ts'

async function open(t: TestContext, kind: DatabaseKind) {
  const { database, dispose } = await openTestDatabase(kind, credentialMigrations)
  t.after(dispose)
  return { database, codes: oneTimeCodeStore(database) }
}

const code = (holder: string, hash: string, createdBy: string | null = null) => ({
  holder_id: holder,
  code_hash: hash,
  created_at_ms: 0,
  expires_at_ms: 100,
  created_by: createdBy,
})

for (const kind of testDatabaseKinds) {
  describe(`one-time codes on ${kind}`, () => {
    test('one-time codes are valid once, before they expire, and only for the purpose for which they were created', async (t) => {
      const { database, codes } = await open(t, kind)
      const [passes, links] = [codes.ofKind('access-pass'), codes.ofKind('one-time-link')]
      await database.transaction((tx) => passes.replace(tx, code('ada', 'first')))
      const use = (of: typeof passes, hash: string, nowMs: number) =>
        database.transaction((tx) => of.use(tx, hash, nowMs))
      assert.equal(await links.findByHash('first'), undefined)
      assert.equal(await use(links, 'first', 1), undefined, 'another kind')
      assert.equal(await use(passes, 'first', 100), undefined, 'an expired code')
      assert.equal(await use(passes, 'first', 99), 'ada')
      assert.equal(await use(passes, 'first', 99), undefined, 'a used code')
    })

    test('one-time codes are replaced by another code of the same kind and holder', async (t) => {
      const { database, codes } = await open(t, kind)
      const [passes, links] = [codes.ofKind('access-pass'), codes.ofKind('one-time-link')]
      await database.transaction(async (tx) => {
        await passes.replace(tx, code('ada', 'pass'))
        await links.replace(tx, code('ada', 'link'))
        await passes.replace(tx, code('bob', 'of bob'))
        await passes.replace(tx, code('ada', 'another'))
      })
      assert.equal(await passes.findByHash('pass'), undefined)
      assert.equal((await passes.find('ada'))?.code_hash, 'another')
      assert.equal((await links.find('ada'))?.code_hash, 'link')
      assert.equal(await database.transaction((tx) => passes.delete(tx, 'ada')), true)
      assert.equal(await database.transaction((tx) => passes.delete(tx, 'ada')), false)
      await database.transaction((tx) => codes.deleteOf(tx, 'ada'))
      assert.equal(await links.find('ada'), undefined)
      assert.equal((await passes.find('bob'))?.code_hash, 'of bob')
    })

    test('one-time codes become invalid when the principal who created them is disabled or deleted', async (t) => {
      const { database, codes } = await open(t, kind)
      await database.transaction(async (tx) => {
        await codes.ofKind('one-time-link').replace(tx, code('ada', 'a', 'owner'))
        await codes.ofKind('enrollment-code').replace(tx, code('machine', 'b', 'owner'))
        await codes.ofKind('access-pass').replace(tx, code('ada', 'c', 'other'))
        await codes.ofKind('access-pass').replace(tx, code('bob', 'd'))
      })
      const deleted = await database.transaction((tx) => codes.deleteCreatedBy(tx, 'owner'))
      assert.deepEqual(deleted.map((row) => `${row.kind} ${row.holder_id}`).toSorted(), [
        'enrollment-code machine',
        'one-time-link ada',
      ])
      assert.equal(await codes.ofKind('one-time-link').find('ada'), undefined)
      assert.equal(await codes.ofKind('enrollment-code').findByHash('b'), undefined)
      assert.equal((await codes.ofKind('access-pass').find('ada'))?.code_hash, 'c')
      assert.equal((await codes.ofKind('access-pass').find('bob'))?.code_hash, 'd')
    })
  })
}
