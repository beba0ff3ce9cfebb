import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { BlobStore } from '../../storage/index.ts'
import type { RegistryTables } from '../rows/rows.ts'
import {
  beginUpload,
  blobDigest,
  changing,
  countFiles,
  countRows,
  pushBlob,
  pushManifest,
  type UsedServer,
  useBlobServer,
} from '../../../testing/registry/test-blobs.ts'

const hourMs = 3_600_000

for (const kind of testDatabaseKinds) {
  describe(`garbage collection on ${kind}`, () => {
    const used = useBlobServer(kind, { settings: { fileScanIntervalMs: 0 }, isFresh: true })
    testUnneeded(used)
    testDeletedOwners(used)
    testInterrupted(used)
  })
}

function testUnneeded(used: UsedServer): void {
  it('a blob that no manifest names is collected after its grace period', async () => {
    const { server, clock, blobs, database } = used
    await pushBlob(server, 'app', 'x')
    clock.nowMs += 24 * hourMs
    assert.deepEqual(await server.collectGarbage(), { blobs: 0, uploads: 0 })
    clock.nowMs += 1
    assert.deepEqual(await server.collectGarbage(), { blobs: 1, uploads: 0 })
    assert.deepEqual(await countRows(database), { blobs: 0, held: 0, uploads: 0 })
    assert.deepEqual(await countFiles(blobs), { blobs: 0, staged: 0 })
    assert.equal((await server.send('HEAD', `/v2/app/blobs/${blobDigest('x')}`)).status, 404)
  })

  it('a blob that a manifest names is kept until the manifest is deleted', async () => {
    const { server, clock } = used
    await pushBlob(server, 'app', 'layer')
    await pushBlob(server, 'other', 'layer')
    const { headers } = await pushManifest(server, 'app', 'latest', ['layer'])
    clock.nowMs += 100 * hourMs
    await server.collectGarbage()
    const path = `/v2/app/blobs/${blobDigest('layer')}`
    assert.equal((await server.send('GET', path)).status, 200)
    assert.equal((await server.send('GET', path.replace('app', 'other'))).status, 404)
    await server.send('DELETE', `/v2/app/manifests/${String(headers['docker-content-digest'])}`)
    assert.deepEqual(await server.collectGarbage(), { blobs: 1, uploads: 0 })
    assert.equal((await server.send('GET', path)).status, 404)
  })

  it('a HEAD that finds a blob keeps the blob until the client pushes a manifest', async () => {
    const { server, clock } = used
    await pushBlob(server, 'app', 'layer')
    clock.nowMs += 24 * hourMs
    assert.equal((await server.send('HEAD', `/v2/app/blobs/${blobDigest('layer')}`)).status, 200)
    clock.nowMs += 12 * hourMs
    assert.deepEqual(await server.collectGarbage(), { blobs: 0, uploads: 0 })
    assert.equal((await pushManifest(server, 'app', 'latest', ['layer'])).status, 201)
  })

  it('a mounted blob is kept, even if the source is deleted', async () => {
    const { server, clock } = used
    await pushBlob(server, 'source', 'layer')
    clock.nowMs += 20 * hourMs
    await server.send('POST', `/v2/app/blobs/uploads/?mount=${blobDigest('layer')}&from=source`)
    clock.nowMs += 20 * hourMs
    await server.collectGarbage()
    assert.equal((await server.send('HEAD', `/v2/source/blobs/${blobDigest('layer')}`)).status, 404)
    assert.equal((await pushManifest(server, 'app', 'latest', ['layer'])).status, 201)
  })

  it('pushing a blob again renews its grace period', async () => {
    const { server, clock } = used
    await pushBlob(server, 'app', 'x')
    clock.nowMs += 20 * hourMs
    await pushBlob(server, 'app', 'x')
    clock.nowMs += 20 * hourMs
    assert.deepEqual(await server.collectGarbage(), { blobs: 0, uploads: 0 })
  })

  it('an expired upload is deleted with its bytes', async () => {
    const { server, clock, blobs, database } = used
    const location = await beginUpload(server, 'app')
    await beginUpload(server, 'app')
    await server.send('PATCH', location, { body: 'x' })
    clock.nowMs += 24 * hourMs
    assert.deepEqual(await server.collectGarbage(), { blobs: 0, uploads: 2 })
    assert.deepEqual(await countFiles(blobs), { blobs: 0, staged: 0 })
    assert.equal((await countRows(database)).uploads, 0)
    assert.equal((await server.send('PATCH', location, { body: 'x' })).status, 404)
  })

  it('an upload that a server with a fast clock has started is deleted at most one day later than other uploads', async () => {
    const { server, clock, database } = used
    const startMs = clock.nowMs
    clock.nowMs += 500_000 * hourMs
    const location = await beginUpload(server, 'app')
    clock.nowMs = startMs
    assert.deepEqual(await server.collectGarbage(), { blobs: 0, uploads: 0 })
    assert.equal((await server.send('GET', location)).status, 204)
    // On PostgreSQL, the clock of the database is later than the clock of the test.
    const nowMs = Math.max(startMs, database.kind === 'postgres' ? Date.now() : 0)
    const { expires_at_ms } = await database
      .tables<RegistryTables>()
      .selectFrom('upload')
      .select('expires_at_ms')
      .executeTakeFirstOrThrow()
    assert.ok(expires_at_ms > nowMs + 24 * hourMs && expires_at_ms < nowMs + 50 * hourMs)
  })

  it('a collection deletes a large amount of garbage, and keeps needed content between the garbage', async () => {
    const { server, clock, database } = used
    const contents = Array.from({ length: 350 }, (_, index) => `blob ${index}`)
    for (let start = 0; start < contents.length; start += 20) {
      await Promise.all(contents.slice(start, start + 20).map((content) => pushBlob(server, 'app', content)))
    }
    const needed = contents.filter((_, index) => index % 7 === 0)
    await pushManifest(server, 'app', 'latest', needed)
    clock.nowMs += 25 * hourMs
    assert.deepEqual(await server.collectGarbage(), { blobs: 300, uploads: 0 })
    assert.deepEqual(await countRows(database), { blobs: 50, held: 50, uploads: 0 })
  })
}

function testDeletedOwners(used: UsedServer): void {
  it('uploads to a deleted repository end immediately, and the next collection deletes its blobs', async () => {
    const { server, blobs } = used
    await pushBlob(server, 'a/b', 'layer')
    await pushBlob(server, 'a/b/c', 'layer')
    await pushBlob(server, 'a/b', 'own')
    await pushManifest(server, 'a/b', 'latest', ['layer', 'own'])
    await pushManifest(server, 'a/b/c', 'latest', ['layer'])
    const location = await beginUpload(server, 'a/b')
    await server.send('PATCH', location, { body: 'x' })
    assert.equal((await server.send('DELETE', '/acr/v1/a%2Fb')).status, 202)
    server.gate.deletionsSeen = Infinity
    assert.equal((await server.send('GET', location)).status, 404)
    assert.deepEqual(await countFiles(blobs), { blobs: 2, staged: 0 })
    assert.deepEqual(await server.collectGarbage(), { blobs: 1, uploads: 0 })
    assert.deepEqual(await countFiles(blobs), { blobs: 1, staged: 0 })
    assert.equal((await server.send('GET', `/v2/a/b/c/blobs/${blobDigest('layer')}`)).status, 200)
  })

  it('the content of a deleted registry is deleted, and the content of another registry is kept', async () => {
    const { server, clock, blobs, database } = used
    for (const host of ['one.example', 'two.example']) {
      await pushBlob(server, 'app', `of ${host}`, { host })
      await pushBlob(server, 'app', 'shared', { host })
    }
    await pushManifest(server, 'app', 'latest', ['of one.example', 'shared'])
    await server.send('PATCH', await beginUpload(server, 'app'), { body: 'x' })
    await server.deleteRegistry('1'.repeat(32))
    assert.equal((await server.collectGarbage()).blobs, 1)
    const tables = database.tables<RegistryTables>()
    const left = await tables.selectFrom('repository').select('rid').execute()
    assert.deepEqual(
      left.map(({ rid }) => rid),
      ['2'.repeat(32)],
    )
    assert.equal((await server.send('POST', '/v2/app/blobs/uploads/')).status, 404)
    clock.nowMs += 23 * hourMs
    await server.collectGarbage()
    assert.equal((await tables.selectFrom('deleted_registry').selectAll().execute()).length, 1)
    const shared = await server.send('GET', `/v2/app/blobs/${blobDigest('shared')}`, { host: 'two.example' })
    assert.equal(shared.body.toString(), 'shared')
    clock.nowMs += 2 * hourMs
    await server.collectGarbage()
    assert.equal((await tables.selectFrom('deleted_registry').selectAll().execute()).length, 0)
    assert.equal((await countFiles(blobs)).staged, 0)
  })

  it('the rows of a deleted registry are deleted in batches', async () => {
    const { server, clock, database } = used
    const contents = Array.from({ length: 30 }, (_, index) => `blob ${index}`)
    for (const repository of ['a', 'b']) {
      await Promise.all(contents.map((content) => pushBlob(server, repository, content)))
      for (const content of contents) await pushManifest(server, repository, content.replace(' ', '-'), [content])
      await beginUpload(server, repository)
    }
    await database.transaction(async (transaction) => {
      const row = { rid: '1'.repeat(32), deleted_at_ms: clock.nowMs }
      await transaction.tables<RegistryTables>().insertInto('deleted_registry').values(row).execute()
    })
    assert.equal((await server.collectGarbage()).blobs, 30)
    for (const table of ['repository', 'manifest', 'manifest_reference', 'tag', 'repository_blob', 'upload'] as const) {
      const rows = await database.tables<RegistryTables>().selectFrom(table).selectAll().execute()
      assert.equal(rows.length, 0, table)
    }
  })
}

function testInterrupted(used: UsedServer): void {
  it('a file without a row is deleted unless its upload is open, regardless of the time', async () => {
    const { server, clock, blobs } = used
    await pushBlob(server, 'app', 'x')
    await pushManifest(server, 'app', 'latest', ['x'])
    const location = await beginUpload(server, 'app')
    for (const [uploadId, hours] of [
      ['ended', 0],
      [/uploads\/([\da-f-]+)/.exec(location)?.[1] ?? '', 50],
      ['of-the-future', 100],
    ] as const) {
      clock.nowMs += hours * hourMs
      await blobs.append(uploadId, Readable.from([Buffer.from('x')]), { offset: 0 })
      await blobs.commit(uploadId, blobDigest('x'))
      clock.nowMs -= hours * hourMs
    }
    assert.deepEqual(await server.collectGarbage(), { blobs: 2, uploads: 0 })
    clock.nowMs += hourMs / 2
    assert.deepEqual(await server.collectGarbage(), { blobs: 0, uploads: 0 })
    clock.nowMs += 25 * hourMs
    assert.deepEqual(await server.collectGarbage(), { blobs: 1, uploads: 1 })
    assert.equal((await server.send('GET', `/v2/app/blobs/${blobDigest('x')}`)).body.toString(), 'x')
  })

  it('staged bytes without an upload are deleted by the next collection', async () => {
    const { server, blobs } = used
    await blobs.append(randomUUID(), Readable.from([Buffer.from('x')]), { offset: 0 })
    assert.deepEqual(await server.collectGarbage(), { blobs: 0, uploads: 1 })
  })

  it('a crash after the bytes and before the rows are written leaves an upload that starts over, and no blob', async () => {
    const { blobs, restart } = used
    await restart(breaking(blobs, 'commit'))
    const location = await beginUpload(used.server, 'app')
    await used.server.send('PATCH', location, { body: 'hello' })
    const broken = await used.server.send('PUT', `${location}&digest=${blobDigest('hello')}`)
    assert.equal(broken.status, 500)
    await restart()
    const { server } = used
    assert.equal((await server.send('HEAD', `/v2/app/blobs/${blobDigest('hello')}`)).status, 404)
    assert.equal((await server.send('GET', location)).headers.range, '0-0')
    const finished = await server.send('PUT', `${location}&digest=${blobDigest('hello')}`, { body: 'hello' })
    assert.equal(finished.status, 201)
    await pushManifest(server, 'app', 'latest', ['hello'])
    assert.equal((await countFiles(blobs)).blobs, 2)
    await server.collectGarbage()
    assert.equal((await countFiles(blobs)).blobs, 1)
    assert.equal((await server.send('GET', `/v2/app/blobs/${blobDigest('hello')}`)).body.toString(), 'hello')
  })

  it('a crash after the rows and before the bytes are deleted leaves a file, which a later collection deletes', async () => {
    const { blobs, restart } = used
    await restart(breaking(blobs, 'delete'))
    const digest = await pushBlob(used.server, 'app', 'x')
    assert.equal((await used.server.send('DELETE', `/v2/app/blobs/${digest}`)).status, 500)
    await restart()
    assert.equal((await used.server.send('HEAD', `/v2/app/blobs/${digest}`)).status, 404)
    assert.equal((await countFiles(blobs)).blobs, 1)
    await used.server.collectGarbage()
    assert.equal((await countFiles(blobs)).blobs, 0)
  })

  it('a collection does not delete a file that a server of an earlier version commits, although the file has no upload mark', async () => {
    const { server, blobs, database } = used
    const location = await beginUpload(server, 'app')
    const id = /uploads\/([\da-f-]+)/.exec(location)?.[1] ?? ''
    await blobs.append('unmarked', Readable.from([Buffer.from('x')]), { offset: 0 })
    await blobs.commit('unmarked', blobDigest('x'))
    const setWriting = (isWriting: number) =>
      database.transaction(async (transaction) => {
        const claim = { writer: 'of an earlier version', is_writing: isWriting, marking_writer: 'another' }
        await transaction.tables<RegistryTables>().updateTable('upload').set(claim).where('id', '=', id).execute()
      })
    await setWriting(1)
    assert.deepEqual(await server.collectGarbage(), { blobs: 0, uploads: 0 })
    await setWriting(0)
    assert.deepEqual(await server.collectGarbage(), { blobs: 1, uploads: 0 })
  })

  it('a commit that was suspended for days together with its machine keeps its bytes', async () => {
    const { blobs, clock, restart } = used
    const gate = Promise.withResolvers<void>()
    const committed = Promise.withResolvers<void>()
    await restart(
      changing(blobs, {
        commit: async (uploadId, digest) => {
          const location = await blobs.commit(uploadId, digest)
          committed.resolve()
          await gate.promise
          return location
        },
      }),
    )
    const push = pushBlob(used.server, 'app', 'x')
    await committed.promise
    clock.nowMs += 100 * hourMs
    const collection = used.server.collectGarbage()
    setTimeout(gate.resolve, 50)
    await push
    await collection
    assert.equal((await pushManifest(used.server, 'app', 'latest', ['x'])).status, 201)
    assert.equal((await used.server.send('GET', `/v2/app/blobs/${blobDigest('x')}`)).body.toString(), 'x')
  })
}

/** The same store in a process that crashes. The process ends right after the first call of `step`, or before a deletion. */
function breaking(blobs: BlobStore, step: 'commit' | 'delete'): BlobStore {
  const end = () => Promise.reject(new Error('the process has ended'))
  if (step === 'delete') return changing(blobs, { delete: end })
  return changing(blobs, {
    commit: async (uploadId, digest) => {
      await blobs.commit(uploadId, digest)
      return end()
    },
  })
}
