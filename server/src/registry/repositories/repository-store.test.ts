import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { auditMigrations } from '../../audit/index.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { openTestDatabase, type TestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { pruneTombstones } from '../garbage/tombstone-store.ts'
import { registryMigrations } from '../migrations.ts'
import { createDeletionCount } from './deletion-count-store.ts'
import {
  deleteRepository,
  findRepository,
  deleteRegistryContent,
  openRepository,
  prepareRepositoryReads,
  recordChange,
} from './repository-store.ts'

for (const kind of testDatabaseKinds) describe(`the repository store on ${kind}`, () => testStore(kind))

function testStore(kind: DatabaseKind): void {
  let opened: TestDatabase

  before(async () => {
    opened = await openTestDatabase(kind, [...auditMigrations, ...registryMigrations])
  })
  after(() => opened.dispose())

  const open = (rid: string, name: string, nowMs: number) =>
    opened.database.transaction((transaction) => openRepository(transaction, rid, name, nowMs))

  it('creates a repository once, unpublished and without locks, for concurrent calls', async () => {
    const rows = await Promise.all(Array.from({ length: 6 }, (_, index) => open('r1', 'a', 100 + index)))
    assert.equal(new Set(rows.map(({ id }) => id)).size, 1)
    const [row] = rows
    assert.equal(row?.published_at_ms, null)
    assert.equal(row?.predecessor_deletion, null)
    assert.notEqual((await open('r2', 'a', 100)).id, row?.id)
  })

  it('publishes a repository with its first manifest, and keeps that time', async () => {
    const { id } = await open('r1', 'published', 1)
    for (const nowMs of [10, 20]) {
      await opened.database.transaction((transaction) =>
        recordChange(transaction, id, { manifests: 1, tags: 2, nowMs }),
      )
    }
    const { byName, listedAfter } = prepareRepositoryReads(opened.database)
    const row = await byName.first({ rid: 'r1', name: 'published' })
    assert.equal(row?.published_at_ms, 10)
    assert.equal(row?.updated_at_ms, 20)
    assert.equal(row?.manifest_count, 2)
    assert.equal(row?.tag_count, 4)
    const listed = await listedAfter.all({ rid: 'r1', after: '', limit: 10 })
    assert.deepEqual(
      listed.map(({ name }) => name),
      ['published'],
    )
  })

  it('records the deletion of its predecessor with each new repository, even if the clock is set back', async () => {
    const deletions = createDeletionCount(opened.database)
    for (const nowMs of [2000, 1000]) {
      const row = await open('r1', 'reborn', nowMs)
      const revision = await opened.database.authorityRevision()
      const before = await deletions()
      await opened.database.transaction((transaction) =>
        deleteRepository(transaction, row, { nowMs, isRestorable: false }),
      )
      assert.ok((await opened.database.authorityRevision()) > revision, 'credentials of before end with it')
      assert.equal(await deletions(), before + 1)
      assert.equal((await open('r1', 'reborn', nowMs)).predecessor_deletion, before + 1)
    }
    assert.equal((await open('r2', 'reborn', 3000)).predecessor_deletion, null)
  })

  it('creates nothing in a deleted registry', async () => {
    await opened.database.transaction((transaction) => deleteRegistryContent(transaction, 'r3', 1))
    await opened.database.transaction((transaction) => deleteRegistryContent(transaction, 'r3', 2))
    await assert.rejects(open('r3', 'late', 3), { code: 'NAME_UNKNOWN' })
  })

  it('deletes old empty repositories and tombstones', async () => {
    await open('r4', 'abandoned', 100)
    await open('r4', 'young', 5000)
    const { id } = await open('r4', 'published', 100)
    await opened.database.transaction((transaction) =>
      recordChange(transaction, id, { manifests: 1, tags: 0, nowMs: 1 }),
    )
    const held = await open('r4', 'held', 100)
    const deleted = await open('r4', 'deleted', 100)
    await opened.database.transaction(async (transaction) => {
      await deleteRepository(transaction, deleted, { nowMs: 100, isRestorable: false })
      await transaction
        .tables<{ repository_blob: Record<string, string | number> }>()
        .insertInto('repository_blob')
        .values({ repository_id: held.id, digest: 'x', linked_at_ms: 1, grace_until_ms: 1 })
        .execute()
    })
    await pruneTombstones(opened.database, 1000)
    const names = ['abandoned', 'young', 'published', 'held']
    const found = await opened.database.transaction(async (transaction) => {
      const rows = []
      for (const name of names) rows.push(await findRepository(transaction, 'r4', name))
      return rows
    })
    assert.deepEqual(
      found.map((row) => row !== undefined),
      [false, true, true, true],
    )
    assert.equal((await open('r4', 'deleted', 2000)).predecessor_deletion, null)
  })
}
