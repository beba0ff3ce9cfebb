import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AuthorizedWork, runAuthorized } from '../../platform/process/authorized-work.ts'
import { DiskFullError } from '../../platform/process/outage.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { openTestRegistry } from '../../../testing/registry/test-registry.ts'

const nothing = () => Promise.resolve()

for (const kind of testDatabaseKinds) {
  describe(`an open upload on ${kind}`, () => {
    const begin = async () => {
      const test = await openTestRegistry(kind)
      const begun = await test.send('POST', '/v2/team/app/blobs/uploads/')
      await test.send('PATCH', String(begun.headers['location']), { body: Buffer.from('half') })
      const { rid } = test.hosted
      const listed = async () => (await test.registry.uploads.list(rid)).map(({ stagedBytes }) => stagedBytes)
      return { ...test, rid, listed, id: String(begun.headers['docker-upload-uuid']) }
    }

    it('ends in the transaction that records its end, so that a repetition after a failure finds it', async () => {
      const { registry, rid, id, listed, dispose } = await begin()
      const { uploads } = registry
      try {
        const failure = new Error('the event cannot be written')
        await assert.rejects(
          uploads.end(rid, id, () => Promise.reject(failure)),
          failure,
        )
        assert.deepEqual(await listed(), [4])
        assert.equal(await uploads.end(rid, id, nothing), 'ended')
        assert.deepEqual(await listed(), [])
        assert.equal(await uploads.end(rid, id, nothing), 'unknown')
      } finally {
        await dispose()
      }
    })

    it('is not ended by a caller whose permission was revoked', async () => {
      const { registry, database, rid, id, listed, dispose } = await begin()
      try {
        const revision = await database.authorityRevision()
        const denial = new Error('denied')
        const work = new AuthorizedWork({ authority: database, revision, decide: () => Promise.reject(denial) })
        await database.transaction(async (transaction) => transaction.changesAuthority())
        await assert.rejects(
          runAuthorized(work, () => registry.uploads.end(rid, id, nothing)),
          denial,
        )
        assert.deepEqual(await listed(), [4])
      } finally {
        await dispose()
      }
    })

    it('ends on a full disk if its bytes make the room for the record', async () => {
      const { registry, blobs, rid, id, listed, dispose } = await begin()
      try {
        const record = async () => {
          if ((await blobs.stagedSizeBytes(id)) !== undefined) throw new DiskFullError()
        }
        assert.equal(await registry.uploads.end(rid, id, record), 'ended')
        assert.deepEqual(await listed(), [])
      } finally {
        await dispose()
      }
    })
  })
}
