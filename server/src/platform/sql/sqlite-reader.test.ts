import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import { SharedRevisions } from '../memory/shared-revisions.ts'
import { MainThreadOnlyError } from '../process/main-thread-only.ts'
import { openSqliteDatabase } from './sqlite-database.ts'
import { openSqliteReader } from './sqlite-reader.ts'

type Tables = { thing: { name: string } }

test('a reader returns each commit and its authority revision as soon as the transaction returns, and cannot change data', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-reader-'))
  t.after(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'test.db')
  const revisions = new SharedRevisions()
  const database = await openSqliteDatabase(file, revisions)
  await database.transaction(async (transaction) => {
    await sql`create table thing (name text)`.execute(transaction.tables<Tables>())
  })
  const reader = openSqliteReader(file, new SharedRevisions(revisions.memory))
  const count = reader.prepare<Tables, Record<string, never>, { count: number }>([], (tables) =>
    tables.selectFrom('thing').select((select) => select.fn.countAll<number>().as('count')),
  )
  for (let expected = 1; expected <= 50; expected += 1) {
    const before = await reader.authorityRevision()
    await database.transaction(async (transaction) => {
      transaction.changesAuthority()
      await transaction.tables<Tables>().insertInto('thing').values({ name: 'x' }).execute()
    })
    assert.equal(await reader.authorityRevision(), before + 1)
    assert.deepEqual({ ...(await count.first({})) }, { count: expected })
  }
  await assert.rejects(
    reader.transaction(() => Promise.resolve()),
    MainThreadOnlyError,
  )
  await assert.rejects(reader.prepareInsert('thing', ['name'])([{ name: 'y' }]), MainThreadOnlyError)
  await assert.rejects(reader.tables<Tables>().insertInto('thing').values({ name: 'y' }).execute(), /readonly/)
  await reader.close()
  await database.close()
})
