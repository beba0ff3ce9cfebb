import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { Tag } from '@acrux/shared/standards/oci/reference.ts'
import { registryMigrations } from '../migrations.ts'
import { digestOf } from '../../../testing/registry/test-registry.ts'
import { moveTags, readTagNames } from './tag-store.ts'

for (const kind of testDatabaseKinds) {
  describe(`the tags of manifests on ${kind}`, () => {
    it('are the first thousand of each manifest, however many others have', async (t) => {
      const { database, dispose } = await openTestDatabase(kind, registryMigrations)
      t.after(dispose)
      const digests = Array.from({ length: 9 }, (_, index) => digestOf(`manifest ${index}`)).toSorted()
      const tagCounts = [3, 2500, 0, 999, 1000, 1001, 1999, 2000, 1]
      const tagsOf = digests.map((_, index) =>
        Array.from({ length: tagCounts[index] ?? 0 }, (__, tag) => `m${index}-${String(tag).padStart(4, '0')}` as Tag),
      )
      await database.transaction(async (transaction) => {
        for (const [index, digest] of digests.entries()) {
          await moveTags(transaction, 'repository', { tags: tagsOf[index] ?? [], digest, nowMs: 0, by: undefined })
          await moveTags(transaction, 'another', { tags: [`other${index}` as Tag], digest, nowMs: 0, by: undefined })
        }
      })
      const read = await readTagNames(database, 'repository', digests.toReversed())
      for (const [index, digest] of digests.entries()) {
        assert.deepEqual(read.get(digest) ?? [], tagsOf[index]?.slice(0, 1000), `manifest ${index}`)
      }
    })
  })
}
