import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Transaction } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { locationDigest, uploadMark } from '../../storage/index.ts'
import { holdsBlob, holdsIntactBlob, recordBlob } from '../blobs/blob-store.ts'
import type { RegistryTables } from '../rows/rows.ts'
import { openTestRegistry, type TestRegistry } from '../../../testing/registry/test-registry.ts'
import { removeManifest, UnsweptError } from './deleted-content-store.ts'

for (const kind of testDatabaseKinds) {
  describe(`rows of soft-deleted and repaired content on ${kind}`, () => {
    let test: TestRegistry
    before(async () => {
      test = await openTestRegistry(kind, { softDelete: 'enabled' })
    })
    after(() => test.dispose())

    const tables = () => test.database.tables<RegistryTables>()
    const idOf = async (name: string) =>
      (await tables().selectFrom('repository').select('id').where('name', '=', name).executeTakeFirstOrThrow()).id
    const setQuarantine = (digest: string, atMs: number | null) =>
      test.database.transaction(async (transaction) => {
        const change = { quarantined_at_ms: atMs }
        await transaction
          .tables<RegistryTables>()
          .updateTable('blob')
          .set(change)
          .where('digest', '=', digest)
          .execute()
      })

    it('a soft deletion waits until the rows of an earlier soft deletion have moved', async () => {
      const digest = await test.pushImage('kept/app', 'v1', 'layer of kept/app')
      await test.pushImage('kept/other', 'v1', 'layer of kept/other')
      const [from, keeper] = [await idOf('kept/app'), await idOf('kept/other')]
      const by = { by_kind: null, by_id: null, by_name: null }
      const left = { repository_id: keeper, digest, kept_in: null, deleted_at_ms: 0, ...by }
      const change = { cause: 'delete', nowMs: 1, by: undefined } as const
      const remove = (transaction: Transaction) => removeManifest(transaction, from, digest, { keptIn: keeper, change })
      const collide = async (transaction: Transaction) => {
        await transaction.tables<RegistryTables>().insertInto('deleted_manifest').values(left).execute()
        await remove(transaction)
      }
      await assert.rejects(test.database.transaction(collide), UnsweptError)
      assert.ok((await test.database.transaction(remove)) > 0)
    })

    it('the time since which a restored manifest is untagged begins with the restoration', async () => {
      const digest = await test.pushImage('kept/again', 'v1', 'layer of kept/again')
      assert.equal((await test.send('DELETE', `/v2/kept/again/manifests/${digest}`)).status, 202)
      test.clock.nowMs += 24 * 60 * 60 * 1000
      const path = `/acr/v1/_deleted/kept%2Fagain/_manifests/${digest}`
      const restored = await test.send('POST', path, { body: JSON.stringify({ tag: null }) })
      assert.equal(restored.status, 200, restored.text)
      const rows = tables().selectFrom('manifest').select('untagged_at_ms').where('digest', '=', digest)
      assert.equal((await rows.executeTakeFirstOrThrow()).untagged_at_ms, test.clock.nowMs)
    })

    it('holdsBlob finds a blob in quarantine, and holdsIntactBlob does not', async () => {
      const digest = await test.pushBlob('kept/blobs', 'corrupt')
      const id = await idOf('kept/blobs')
      const held = () =>
        test.database.transaction(async (transaction) => [
          await holdsBlob(transaction, id, digest),
          await holdsIntactBlob(transaction, id, digest),
        ])
      assert.deepEqual(await held(), [true, true])
      await setQuarantine(digest, 1)
      assert.deepEqual(await held(), [true, false])
      await setQuarantine(digest, null)
    })

    it('a repair changes the content revision, so that no other server looks for the old bytes', async (t) => {
      const digest = await test.pushBlob('kept/blobs', 'repaired')
      await setQuarantine(digest, 1)
      await test.blobs.discard('repair')
      const location = await test.blobs.commit('repair', digest)
      let changes = 0
      const recorded = await test.database.transaction((transaction) => {
        const { mock } = t.mock.method(transaction, 'changesContent')
        return recordBlob(transaction, { digest, location, sizeBytes: 0, lost: undefined }, 2).finally(() => {
          changes = mock.callCount()
          mock.restore()
        })
      })
      assert.equal(changes, 1)
      assert.equal(recorded.location, location)
      assert.equal(recorded.replaced && locationDigest(recorded.replaced), digest)
      assert.ok(location.includes(uploadMark('repair')))
    })
  })
}
