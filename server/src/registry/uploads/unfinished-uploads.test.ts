import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { until } from '../../../testing/platform/test-patience.ts'
import type { BlobStore } from '../../storage/index.ts'
import type { RegistryTables } from '../rows/rows.ts'
import {
  assertServed,
  beginUpload,
  blobDigest,
  changing,
  type BlobTestServer,
  countFiles,
  countRows,
  pushBlob,
  putBlob,
  useBlobServer,
} from '../../../testing/registry/test-blobs.ts'

for (const kind of testDatabaseKinds) describe(`unfinished uploads on ${kind}`, () => testUnfinished(kind))

function testUnfinished(kind: DatabaseKind): void {
  const used = useBlobServer(kind, {
    settings: { maxBlobBytes: 5_000_000, maxUploadsPerRepository: 40, maxUploadsPerCaller: 60 },
  })

  /** Waits until a writer has the upload, and something that it sent is there. */
  const untilBegun = (location: string) => {
    const [, id = ''] = /uploads\/([0-9a-f-]+)/.exec(location) ?? []
    return until('something of the upload is there', async () => ((await used.blobs.stagedSizeBytes(id)) ?? 0) > 0)
  }

  it('an upload belongs to its caller, repository and registry until it ends; all other requests get the same response', async () => {
    const { server, repository } = used
    const location = await beginUpload(server, repository)
    const finished = await beginUpload(server, repository)
    await putBlob(used, finished, blobDigest('x'), { body: 'x' })
    const elsewhere = await beginUpload(server, `${repository}/other`)
    const attempts: readonly [path: string, sent: object, why: string][] = [
      [location, { as: 'mallory' }, 'another caller'],
      [location, { host: 'two.example' }, 'another registry'],
      [location.replace(repository, `${repository}/other`), {}, 'another repository'],
      [elsewhere.replace(`${repository}/other`, repository), {}, 'another repository'],
      [finished, {}, 'finished'],
      [location.replace(/uploads\/[^?]+/, 'uploads/no-such'), {}, 'never begun'],
      [location.replace(/uploads\/[^?]+/, 'uploads/%27%20or%201=1'), {}, 'text'],
    ]
    const seen = new Set<string>()
    for (const [path, sent, why] of attempts) {
      for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
        const query = method === 'PUT' ? `&digest=${blobDigest('x')}` : ''
        const body = method === 'PATCH' || method === 'PUT' ? { body: 'x' } : {}
        const answer = await server.send(method, path + query, { ...sent, ...body })
        assert.equal(answer.status, 404, `${method} ${why}`)
        seen.add(answer.body.toString())
      }
    }
    assert.equal(seen.size, 1)
    assert.equal((await server.send('GET', location)).status, 204)
  })

  it('an upload continues after a restart, without its running hash', async () => {
    const { server, repository } = used
    const content = randomBytes(600_000)
    const location = await beginUpload(server, repository)
    await server.send('PATCH', location, { body: content.subarray(0, 400_000) })
    await used.restart()
    assert.equal((await used.server.send('GET', location)).headers.range, '0-399999')
    await used.server.send('PATCH', location, { body: content.subarray(400_000, 500_000) })
    assert.equal((await putBlob(used, location, blobDigest(content), { body: content.subarray(500_000) })).status, 201)
    await assertServed(used, content)
  })

  it('a second writer is denied, and the first continues', async () => {
    const { server, repository } = used
    const location = await beginUpload(server, repository)
    const source = new Readable({ read: () => undefined })
    const first = server.send('PATCH', location, { body: source })
    const content = randomBytes(300_000)
    source.push(content)
    await untilBegun(location)
    for (const [method, query] of [
      ['PATCH', ''],
      ['PUT', `&digest=${blobDigest('x')}`],
      ['DELETE', ''],
    ] as const) {
      const answer = await server.send(method, location + query, { body: 'x' })
      assert.deepEqual([answer.status, answer.code], [409, 'BLOB_UPLOAD_INVALID'], method)
    }
    source.push(null)
    assert.equal((await first).headers.range, '0-299999')
    assert.equal((await putBlob(used, location, blobDigest(content))).status, 201)
  })

  // With SQLite, one process only writes.
  if (kind === 'postgres')
    it('a request whose upload another process has claimed meanwhile is denied before its bytes are part of the upload', async () => {
      const { blobs, repository } = used
      let isClaimed = false
      const append: BlobStore['append'] = async (id, source, options) => {
        const sizeBytes = await blobs.append(id, source, options)
        const row = { writer: randomUUID(), is_writing: 0 }
        await used.database.transaction((transaction) =>
          transaction.tables<RegistryTables>().updateTable('upload').set(row).where('id', '=', id).execute(),
        )
        isClaimed = true
        await options.requireWriter?.()
        return sizeBytes
      }
      await used.restart(changing(blobs, { append }))
      const location = await beginUpload(used.server, repository)
      const answer = await used.server.send('PATCH', location, { body: 'x' })
      assert.deepEqual([answer.status, answer.code, isClaimed], [409, 'BLOB_UPLOAD_INVALID', true])
      await used.restart()
      assert.equal((await used.server.send('DELETE', location)).status, 204)
    })

  it('a client whose upload ends while it sends a blob in one request is told to send the blob again', async () => {
    const { blobs, repository } = used
    let ends = true
    const append: BlobStore['append'] = async (id, source, options) => {
      const sizeBytes = await blobs.append(id, source, options)
      if (ends) {
        await used.database.transaction((transaction) =>
          transaction.tables<RegistryTables>().deleteFrom('upload').where('id', '=', id).execute(),
        )
      }
      ends = false
      return sizeBytes
    }
    await used.restart(changing(blobs, { append }))
    const content = randomBytes(1000)
    const send = () =>
      used.server.send('POST', `/v2/${repository}/blobs/uploads/?digest=${blobDigest(content)}`, { body: content })
    const answer = await send()
    assert.deepEqual([answer.status, answer.code, answer.headers['retry-after']], [503, 'UNAVAILABLE', '1'])
    assert.equal((await send()).status, 201)
    await used.restart()
    await assertServed(used, content)
  })

  it('a client that disconnects can continue from the bytes that it sent', async () => {
    const { server, repository } = used
    const content = randomBytes(900_000)
    const location = await beginUpload(server, repository)
    await abort(server.port, location, { body: content.subarray(0, 600_000), claimedBytes: 900_000 }, untilBegun)
    const sentBytes = await settledSize(server, location)
    assert.ok(sentBytes > 0 && sentBytes <= 600_000)
    const headers = { 'content-range': `${sentBytes}-899999` }
    assert.equal((await server.send('PATCH', location, { headers, body: content.subarray(sentBytes) })).status, 202)
    assert.equal((await putBlob(used, location, blobDigest(content))).status, 201)
    await assertServed(used, content)
  })

  it('a blob that is too large is rejected before or while it is sent', async () => {
    const { server, repository } = used
    const location = await beginUpload(server, repository)
    const tooMuch = Buffer.alloc(5_000_001)
    const said = await server.send('PATCH', location, { body: tooMuch })
    assert.deepEqual([said.status, said.code], [413, 'SIZE_INVALID'])
    const streamed = await server.send('PATCH', location, { body: Readable.from([tooMuch]) })
    assert.deepEqual([streamed.status, streamed.code], [413, 'SIZE_INVALID'])
    assert.equal((await server.send('GET', location)).headers.range, '0-0')
  })

  it('the unfinished uploads of a repository and of a caller are limited', async () => {
    const { server, repository } = used
    const locations = await Promise.all(
      Array.from({ length: 40 }, () => beginUpload(server, repository, { as: 'busy' })),
    )
    const full = await server.send('POST', `/v2/${repository}/blobs/uploads/`, { as: 'somebody' })
    assert.deepEqual([full.status, full.code, full.headers['retry-after']], [429, 'TOOMANYREQUESTS', '60'])
    const others = Array.from({ length: 20 }, () => beginUpload(server, `${repository}/b`, { as: 'busy' }))
    locations.push(...(await Promise.all(others)))
    await beginUpload(server, `${repository}/c`, { as: 'somebody' })
    for (const location of locations) {
      assert.equal((await server.send('DELETE', location, { as: 'busy' })).status, 204)
    }
    await beginUpload(server, repository, { as: 'busy' })
  })

  it('a caller at its limit loses its longest idle upload, and none that is being written to', async () => {
    const { server, repository, clock } = used
    const begin = (place: string) => beginUpload(server, `${repository}/${place}`, { as: 'ci' })
    const isOpen = async (location: string) => (await server.send('GET', location, { as: 'ci' })).status === 204
    const written = await begin('written')
    const source = new Readable({ read: () => undefined })
    const writing = server.send('PATCH', written, { as: 'ci', body: source })
    source.push(randomBytes(300_000))
    await untilBegun(written)
    const touched = await begin('touched')
    const oldest = await begin('oldest')
    const others = await Promise.all(Array.from({ length: 57 }, (_, index) => begin(`n${index % 2}`)))
    clock.nowMs += 1000
    assert.equal((await server.send('PATCH', touched, { as: 'ci', body: 'x' })).status, 202)
    const foreign = await beginUpload(server, `${repository}/foreign`, { as: 'somebody' })
    const newest = await begin('newest')
    assert.equal(await isOpen(oldest), false)
    for (const location of [touched, newest, ...others]) assert.ok(await isOpen(location), location)
    assert.equal((await server.send('GET', foreign, { as: 'somebody' })).status, 204)
    source.push(null)
    assert.equal((await writing).status, 202)
    assert.equal((await putBlob(used, newest, blobDigest('x'), { body: 'x', as: 'ci' })).status, 201)
  })

  it('a caller whose uploads are all being written to is denied another', async (t) => {
    const { server, repository } = used
    const sources: Readable[] = []
    t.after(() => sources.forEach((source) => source.push(null)))
    const writes: Promise<unknown>[] = []
    for (let count = 0; count < 60; count += 1) {
      const location = await beginUpload(server, `${repository}/w${count % 2}`, { as: 'writer' })
      const source = new Readable({ read: () => undefined })
      sources.push(source)
      writes.push(server.send('PATCH', location, { as: 'writer', body: source }))
      source.push(randomBytes(300_000))
      await untilBegun(location)
    }
    const rejected = await server.send('POST', `/v2/${repository}/more/blobs/uploads/`, { as: 'writer' })
    assert.deepEqual([rejected.status, rejected.code], [429, 'TOOMANYREQUESTS'])
    for (const source of sources.splice(0)) source.push(null)
    await Promise.all(writes)
  })

  it('a locked repository accepts no blob', async () => {
    const { server, repository, database } = used
    await pushBlob(server, repository, 'x')
    const location = await beginUpload(server, repository)
    await database.transaction(async (transaction) => {
      await transaction
        .tables<{ repository: { name: string; write_enabled: number } }>()
        .updateTable('repository')
        .set({ write_enabled: 0 })
        .where('name', '=', repository)
        .execute()
    })
    for (const answer of [
      await server.send('POST', `/v2/${repository}/blobs/uploads/`),
      await server.send('POST', `/v2/${repository}/blobs/uploads/?mount=${blobDigest('x')}`),
      await putBlob(used, location, blobDigest('y'), { body: 'y' }),
      await server.send('DELETE', `/v2/${repository}/blobs/${blobDigest('x')}`),
    ]) {
      assert.deepEqual([answer.status, answer.code], [405, 'REGISTRY_DISALLOWED_OPERATION'])
    }
  })

  it('an idle upload expires; one that is being written to does not', async () => {
    const { server, repository, clock } = used
    const idle = await beginUpload(server, repository)
    const alive = await beginUpload(server, repository)
    for (let round = 0; round < 3; round += 1) {
      clock.nowMs += 45 * 60_000
      assert.equal((await server.send('PATCH', alive, { body: 'x' })).status, 202)
      await server.collectGarbage()
    }
    assert.equal((await server.send('GET', idle)).status, 404)
    assert.equal((await putBlob(used, alive, blobDigest('xxx'))).status, 201)
  })

  it('an upload that expires while it is being written to is not collected', async () => {
    const { server, repository, clock } = used
    const location = await beginUpload(server, repository)
    const source = new Readable({ read: () => undefined })
    const patch = server.send('PATCH', location, { body: source })
    source.push(Buffer.alloc(300_000))
    await untilBegun(location)
    clock.nowMs += 30 * 3_600_000
    await server.collectGarbage()
    source.push(Buffer.alloc(300_000))
    source.push(null)
    assert.equal((await patch).headers.range, '0-599999')
    assert.equal((await putBlob(used, location, blobDigest(Buffer.alloc(600_000)))).status, 201)
  })

  it('concurrent pushes of one blob leave one file and no upload', async () => {
    const { server, repository, database, blobs } = used
    const content = randomBytes(50_000)
    const before = [await countRows(database), await countFiles(blobs)] as const
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => pushBlob(server, `${repository}/${index}`, content, { as: `c${index}` })),
    )
    const after = [await countRows(database), await countFiles(blobs)] as const
    assert.deepEqual(
      [after[0].blobs - before[0].blobs, after[0].held - before[0].held, after[0].uploads - before[0].uploads],
      [1, 8, 0],
    )
    assert.deepEqual([after[1].blobs - before[1].blobs, after[1].staged - before[1].staged], [1, 0])
  })
}

/** Sends the beginning of a body and cuts the connection once something of it is there. */
async function abort(
  port: number,
  path: string,
  { body, claimedBytes }: { readonly body: Uint8Array; readonly claimedBytes: number },
  untilBegun: (path: string) => Promise<void>,
): Promise<void> {
  const headers = { host: 'one.example', authorization: 'alice', 'content-length': claimedBytes }
  const request = httpRequest({ host: '127.0.0.1', port, method: 'PATCH', path, headers, agent: false })
  request.on('error', () => undefined)
  await new Promise((resolve) => request.write(body, resolve))
  await untilBegun(path)
  request.destroy()
}

/** How much of an upload is there once its writer is seen to be gone. */
async function settledSize(server: BlobTestServer, location: string): Promise<number> {
  let answer = await server.send('PATCH', location, { body: '' })
  await until('the upload is not in use any more', async () => {
    if (answer.status !== 202) answer = await server.send('PATCH', location, { body: '' })
    return answer.status === 202
  })
  return Number(String(answer.headers.range).slice(2)) + 1
}
