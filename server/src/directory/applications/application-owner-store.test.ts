import assert from 'node:assert/strict'
import { test } from 'node:test'
import { migrate } from '../../platform/sql/migrations.ts'
import { openTestDatabase, testDatabaseKinds } from '../../platform/sql/test-database.ts'
import { applicationOwnerStore } from './application-owner-store.ts'
import { directoryMigrations } from '../migrations.ts'

type Before = {
  application: Record<'object_id' | 'app_id' | 'display_name' | 'display_name_key', string> & {
    owner_id: string | null
    created_at_ms: number
  }
}

for (const kind of testDatabaseKinds) {
  test(`who made an application before there were owners is its owner (${kind})`, async (t) => {
    const at = directoryMigrations.findIndex(({ id }) => id === 'directory-0010-application-owners')
    const { database, dispose } = await openTestDatabase(kind, directoryMigrations.slice(0, at))
    t.after(dispose)
    const names = (id: string) => ({
      object_id: id,
      app_id: id,
      display_name: id,
      display_name_key: id,
      created_at_ms: 0,
    })
    await database.transaction((tx) =>
      tx
        .tables<Before>()
        .insertInto('application')
        .values([
          { ...names('made'), owner_id: 'maker' },
          { ...names('first'), owner_id: null },
        ])
        .execute(),
    )
    await migrate(database, directoryMigrations, 0)
    const store = applicationOwnerStore(database)
    assert.deepEqual(await store.applicationOwnerIds(undefined, 'made'), ['maker'])
    assert.deepEqual(await store.applicationOwnerIds(undefined, 'first'), [])
    const row = { application_id: 'made', owner_id: 'maker' }
    assert.equal(await database.transaction((tx) => store.insertApplicationOwner(tx, row)), false)
  })
}
