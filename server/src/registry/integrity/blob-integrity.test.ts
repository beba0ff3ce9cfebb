import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { type BlobStore, StorageUnavailableError } from '../../storage/index.ts'
import type { RegistryTables } from '../rows/rows.ts'
import {
  assertServed,
  blobDigest,
  changing,
  pushBlob,
  putBlob,
  beginUpload,
  useBlobServer,
} from '../../../testing/registry/test-blobs.ts'

for (const kind of testDatabaseKinds) {
  describe(`missing bytes on ${kind}`, () => {
    const used = useBlobServer(kind, { isFresh: true })
    const quarantined = async () =>
      (await used.database.tables<RegistryTables>().selectFrom('blob').selectAll().execute()).filter(
        (blob) => blob.quarantined_at_ms !== null,
      ).length

    const setQuarantine = (content: string, reason: string | null) =>
      used.database.transaction(async (transaction) => {
        const row = { quarantined_at_ms: 1, quarantine_reason: reason }
        const blob = transaction.tables<RegistryTables>().updateTable('blob').set(row)
        await blob.where('digest', '=', blobDigest(content)).execute()
      })

    it('a blob that the store fails to find only once is not reported as missing', async () => {
      const { blobs, repository } = used
      await pushBlob(used.server, repository, 'x')
      let missing = 0
      const find: BlobStore['find'] = async (location) => ((missing += 1) === 1 ? undefined : blobs.find(location))
      await used.restart(changing(blobs, { find }))
      const head = await used.server.send('HEAD', `/v2/${repository}/blobs/${blobDigest('x')}`)
      assert.deepEqual([head.status, missing > 1, await quarantined()], [200, true, 0])
    })

    it('no blob is reported as missing while the mark file of the store is missing', async () => {
      const { blobs, repository } = used
      await pushBlob(used.server, repository, 'x')
      const requireSelf = () => Promise.reject(new StorageUnavailableError('another store'))
      const open: BlobStore['open'] = async (location) => {
        await blobs.delete(location)
        return blobs.open(location)
      }
      await used.restart(changing(blobs, { find: () => Promise.resolve(undefined), requireSelf, open }))
      for (const method of ['HEAD', 'GET']) {
        const answer = await used.server.send(method, `/v2/${repository}/blobs/${blobDigest('x')}`)
        assert.equal(answer.status, 503, method)
      }
      const again = `/v2/${repository}/blobs/uploads/?digest=${blobDigest('x')}`
      assert.equal((await used.server.send('POST', again, { body: 'x' })).status, 503)
      assert.equal(await quarantined(), 0)
    })

    it('the quarantine of missing bytes ends when the bytes are found again', async () => {
      const { blobs, repository } = used
      await pushBlob(used.server, repository, 'x')
      await used.restart(changing(blobs, { find: () => Promise.resolve(undefined) }))
      const path = `/v2/${repository}/blobs/${blobDigest('x')}`
      for (const method of ['HEAD', 'GET']) assert.equal((await used.server.send(method, path)).status, 404)
      assert.equal(await quarantined(), 1)
      await used.restart()
      await assertServed(used, 'x')
      assert.equal(await quarantined(), 0)
    })

    it('a quarantine without a reason ends when the bytes are found to be intact', async () => {
      const { repository } = used
      await pushBlob(used.server, repository, 'x')
      await setQuarantine('x', null)
      await used.restart()
      assert.equal(await quarantined(), 1)
      await assertServed(used, 'x')
      assert.equal(await quarantined(), 0)
    })

    it('if missing bytes return corrupt, the server reads them once, and not for every request', async () => {
      for (const reason of ['missing', null]) {
        const { blobs, repository } = used
        const content = `returned corrupt after ${reason}`
        await pushBlob(used.server, repository, content)
        await setQuarantine(content, reason)
        let reads = 0
        const read: BlobStore['read'] = async () => {
          reads += 1
          return Readable.from([Buffer.alloc(content.length)])
        }
        await used.restart(changing(blobs, { read }))
        const path = `/v2/${repository}/blobs/${blobDigest(content)}`
        for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
          assert.equal((await used.server.send(method, path)).status, 404)
        }
        assert.equal(reads, 1)
        await used.restart()
        await pushBlob(used.server, repository, content)
        await assertServed(used, content)
      }
    })

    it('if the staged bytes of an upload are not found only once, the upload continues', async () => {
      const { blobs, repository } = used
      let calls = 0
      const stagedSizeBytes: BlobStore['stagedSizeBytes'] = async (uploadId) => {
        const found = await blobs.stagedSizeBytes(uploadId)
        return found !== undefined && (calls += 1) === 2 ? undefined : found
      }
      await used.restart(changing(blobs, { stagedSizeBytes }))
      const location = await beginUpload(used.server, repository)
      await used.server.send('PATCH', location, { body: 'first ' })
      await used.server.send('PATCH', location, { body: 'second' })
      assert.equal((await putBlob(used, location, blobDigest('first second'))).status, 201)
      assert.ok(calls > 1)
      await assertServed(used, 'first second')
    })

    it('a blob is not acknowledged if the number of bytes in the store differs', async () => {
      const { blobs, repository } = used
      const commit: BlobStore['commit'] = async (uploadId, digest) => {
        await blobs.discard(uploadId)
        return blobs.commit(uploadId, digest)
      }
      await used.restart(changing(blobs, { commit }))
      const location = await beginUpload(used.server, repository)
      assert.equal((await putBlob(used, location, blobDigest('x'), { body: 'x' })).status, 404)
      assert.equal((await used.server.send('HEAD', `/v2/${repository}/blobs/${blobDigest('x')}`)).status, 404)
      assert.deepEqual(await Array.fromAsync(blobs.list()), [])
    })

    it('garbage collection deletes nothing from a store that is not the store of this server', async () => {
      const { blobs } = used
      await blobs.commit('ended', blobDigest(''))
      const requireSelf = () => Promise.reject(new StorageUnavailableError('another store'))
      await used.restart(changing(blobs, { requireSelf }))
      await assert.rejects(used.server.collectGarbage(), StorageUnavailableError)
      assert.equal((await Array.fromAsync(blobs.list())).length, 1)
      await used.restart()
      assert.equal((await used.server.collectGarbage()).blobs, 1)
    })
  })
}
