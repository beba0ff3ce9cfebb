import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  assertServed,
  beginUpload,
  blobDigest,
  countFiles,
  countRows,
  putBlob,
  useBlobServer,
} from '../../../testing/registry/test-blobs.ts'

for (const kind of testDatabaseKinds) describe(`uploads on ${kind}`, () => testUploads(kind))

function testUploads(kind: DatabaseKind): void {
  const used = useBlobServer(kind)

  it('an upload starts with a relative URL, an id and no bytes', async () => {
    const { server, repository } = used
    const answer = await server.send('POST', `/v2/${repository}/blobs/uploads/`)
    assert.equal(answer.status, 202)
    const { location, range, 'docker-upload-uuid': id, 'content-length': length } = answer.headers
    assert.match(
      String(location),
      /^\/v2\/team\/app-\d+\/blobs\/uploads\/[0-9a-f-]{36}\?_nouploadcache=false&_state=\w+$/,
    )
    assert.ok(String(location).includes(String(id)))
    assert.equal(range, '0-0')
    assert.equal(length, '0')
  })

  it('a blob in one POST exists at once, at the returned URL', async () => {
    const { server, repository } = used
    const content = randomBytes(700_000)
    const digest = blobDigest(content)
    const answer = await server.send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: content })
    assert.equal(answer.status, 201)
    assert.equal(answer.headers.location, `/v2/${repository}/blobs/${digest}`)
    assert.equal(answer.headers['docker-content-digest'], digest)
    await assertServed(used, content)
  })

  it('a blob in a POST and a PUT is stored', async () => {
    const { server, repository } = used
    const content = randomBytes(1000)
    const answer = await putBlob(used, await beginUpload(server, repository), blobDigest(content), { body: content })
    assert.equal(answer.status, 201)
    assert.equal(answer.headers.location, `/v2/${repository}/blobs/${blobDigest(content)}`)
    await assertServed(used, content)
  })

  it('a stream without a length or range, finished by an empty PUT, is stored', async () => {
    const { server, repository } = used
    const content = randomBytes(900_000)
    const location = await beginUpload(server, repository)
    const patched = await server.send('PATCH', location, { body: Readable.from([content]) })
    assert.equal(patched.status, 202)
    assert.equal(patched.headers.range, '0-899999')
    const answer = await putBlob(used, location, blobDigest(content), {
      headers: { 'content-type': 'application/octet-stream' },
    })
    assert.equal(answer.status, 201)
    await assertServed(used, content)
  })

  it('chunks are appended by their range, the last one with the PUT', async () => {
    const { server, repository } = used
    const content = randomBytes(3067)
    const location = await beginUpload(server, repository)
    for (const [start, end] of [
      [0, 1023],
      [1024, 2047],
    ] as const) {
      const headers = { 'content-range': `${start}-${end}` }
      const answer = await server.send('PATCH', location, { headers, body: content.subarray(start, end + 1) })
      assert.equal(answer.status, 202)
      assert.equal(answer.headers.range, `0-${end}`)
      assert.ok(answer.headers.location)
    }
    const last = { headers: { 'content-range': 'bytes 2048-3066/3067' }, body: content.subarray(2048) }
    assert.equal((await putBlob(used, location, blobDigest(content), last)).status, 201)
    await assertServed(used, content)
  })

  it('a chunk with a wrong range is rejected with the current size, and the upload can continue', async () => {
    const { server, repository } = used
    const content = randomBytes(30)
    const location = await beginUpload(server, repository)
    const chunk = (start: number, end: number, method = 'PATCH', query = '') =>
      server.send(method, location + query, {
        headers: { 'content-range': `${start}-${end}` },
        body: content.subarray(start, end + 1),
      })
    assert.equal((await chunk(10, 19)).status, 416)
    assert.equal((await chunk(0, 9)).status, 202)
    for (const rejected of [
      await chunk(0, 9),
      await chunk(20, 29),
      await chunk(20, 29, 'PUT', `&digest=${blobDigest(content)}`),
    ]) {
      assert.equal(rejected.status, 416)
      assert.equal(rejected.headers.range, '0-9')
      assert.equal(rejected.headers.location, location)
      assert.ok(rejected.headers['docker-upload-uuid'])
    }
    assert.equal((await server.send('GET', location)).headers.range, '0-9')
    assert.equal((await chunk(10, 19)).status, 202)
    assert.equal((await chunk(20, 29, 'PUT', `&digest=${blobDigest(content)}`)).status, 201)
    await assertServed(used, content)
  })

  it('a malformed range is rejected, and nothing is stored', async () => {
    const { server, repository } = used
    const location = await beginUpload(server, repository)
    for (const place of ['', '5-3', '-1-4', '0-', 'x', '0-4-', 'bytes=0-4', '0-4/3', `0-${'9'.repeat(30)}`]) {
      const answer = await server.send('PATCH', location, { headers: { 'content-range': place }, body: 'hello' })
      assert.equal(answer.status, 416, place)
    }
    assert.equal((await server.send('GET', location)).headers.range, '0-0')
  })

  it('a chunk whose length differs from its range is rejected, and none of it is kept', async () => {
    const { server, repository } = used
    const location = await beginUpload(server, repository)
    await server.send('PATCH', location, { body: 'hello' })
    const headers = { 'content-range': '5-9' }
    const cases: readonly [body: string | Readable, why: string][] = [
      [' you', 'shorter, and says so'],
      [' to you', 'longer, and says so'],
      [Readable.from([' ', 'you']), 'shorter'],
      [Readable.from([' to', ' you all']), 'longer'],
    ]
    for (const [body, why] of cases) {
      const answer = await server.send('PATCH', location, { headers, body })
      assert.deepEqual([answer.status, answer.code], [400, 'SIZE_INVALID'], why)
      assert.equal((await server.send('GET', location)).headers.range, '0-4', why)
    }
    assert.equal((await server.send('PATCH', location, { headers, body: ', you' })).status, 202)
    assert.equal((await putBlob(used, location, blobDigest('hello, you'))).status, 201)
  })

  it('the status of an upload has its size, and its older URLs stay valid', async () => {
    const { server, repository } = used
    const location = await beginUpload(server, repository)
    await server.send('PATCH', location, { body: 'twenty-two bytes in all' })
    const answer = await server.send('GET', `${location}&digest=sha256:left-over`)
    assert.equal(answer.status, 204)
    assert.equal(answer.headers.range, '0-22')
    assert.equal(answer.headers.location, location)
  })

  it('a cancelled upload is deleted with its bytes', async () => {
    const { server, repository, blobs } = used
    const location = await beginUpload(server, repository)
    const before = (await countFiles(blobs)).staged
    await server.send('PATCH', location, { body: 'x' })
    assert.equal((await server.send('DELETE', location)).status, 204)
    assert.equal((await countFiles(blobs)).staged, before)
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = await server.send(method, location)
      assert.deepEqual([answer.status, answer.code], [404, 'BLOB_UPLOAD_UNKNOWN'], method)
    }
    assert.equal((await putBlob(used, location, blobDigest('x'))).status, 404)
  })

  for (const algorithm of ['sha256', 'sha512'] as const) {
    it(`an empty blob is stored, by ${algorithm}, in every way to push a blob`, async () => {
      const { server, repository } = used
      const digest = blobDigest('', algorithm)
      const inOne = await server.send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: '' })
      assert.equal(inOne.status, 201)
      assert.equal((await putBlob(used, await beginUpload(server, repository), digest)).status, 201)
      const location = await beginUpload(server, repository)
      const patched = await server.send('PATCH', location, { body: Readable.from([]) })
      assert.deepEqual([patched.status, patched.headers.range], [202, '0-0'])
      assert.equal((await putBlob(used, location, digest)).status, 201)
      await assertServed(used, '', digest)
    })

    it(`a blob by ${algorithm} is stored whichever hash was computed during the upload`, async () => {
      const { server, repository } = used
      const content = randomBytes(2000)
      const digest = blobDigest(content, algorithm)
      for (const hint of ['', '?digest-algorithm=sha512', '?digest-algorithm=md5']) {
        const location = await beginUpload(server, repository)
        await server.send('PATCH', location + hint.replace('?', '&'), { body: content.subarray(0, 700) })
        assert.equal((await putBlob(used, location, digest, { body: content.subarray(700) })).status, 201, hint)
      }
      await assertServed(used, content, digest)
    })
  }

  it('the same bytes under two digests are two blobs', async () => {
    const { server, repository } = used
    const content = randomBytes(100)
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const digest = blobDigest(content, algorithm)
      const answer = await server.send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: content })
      assert.equal(answer.status, 201)
    }
    assert.equal((await server.send('DELETE', `/v2/${repository}/blobs/${blobDigest(content)}`)).status, 202)
    assert.equal((await server.send('HEAD', `/v2/${repository}/blobs/${blobDigest(content)}`)).status, 404)
    await assertServed(used, content, blobDigest(content, 'sha512'))
  })

  it('a wrong digest is rejected in every way to push a blob, and leaves nothing', async () => {
    const { server, repository, database, blobs } = used
    const wrong = blobDigest(randomBytes(8))
    const before = [await countRows(database), await countFiles(blobs)]
    const pushes: Record<string, () => Promise<{ status: number; code: string | undefined }>> = {
      'in one POST': () => server.send('POST', `/v2/${repository}/blobs/uploads/?digest=${wrong}`, { body: 'x' }),
      'POST and PUT': async () => putBlob(used, await beginUpload(server, repository), wrong, { body: 'x' }),
      'a stream': async () => {
        const location = await beginUpload(server, repository)
        await server.send('PATCH', location, { body: Readable.from(['x']) })
        return putBlob(used, location, wrong)
      },
      'a chunk in the PUT': async () => {
        const location = await beginUpload(server, repository)
        await server.send('PATCH', location, { headers: { 'content-range': '0-0' }, body: 'x' })
        return putBlob(used, location, wrong, { headers: { 'content-range': '1-1' }, body: 'y' })
      },
      'by the other algorithm': async () => {
        const location = await beginUpload(server, repository)
        await server.send('PATCH', location, { body: 'x' })
        return putBlob(used, location, blobDigest('y', 'sha512'))
      },
    }
    for (const [why, push] of Object.entries(pushes)) {
      const answer = await push()
      assert.deepEqual([answer.status, answer.code], [400, 'DIGEST_INVALID'], why)
    }
    assert.equal((await server.send('HEAD', `/v2/${repository}/blobs/${wrong}`)).status, 404)
    assert.deepEqual([await countRows(database), await countFiles(blobs)], before)
  })

  it('an invalid digest is rejected, and the upload can continue [serverless-registry #87]', async () => {
    const { server, repository } = used
    const right = blobDigest('x')
    const location = await beginUpload(server, repository)
    await server.send('PATCH', location, { body: 'x' })
    const queries = [
      '',
      '&digest=',
      '&digest',
      `&digest=${right}&digest=${right}`,
      `&digest=${right.toUpperCase()}`,
      `&digest=${right}%00`,
      `&digest=${right}0`,
      '&digest=sha256:',
      `&digest=md5:${'0'.repeat(32)}`,
      `&digest=sha512:${'0'.repeat(64)}`,
      '&digest=sha256:../../../../etc/passwd',
      '&digest=sha256%3A%2e%2e%2f%2e%2e',
      `&digest=${right.replace('sha256:', 'sha256/')}`,
    ]
    for (const query of queries) {
      const answer = await server.send('PUT', location + query)
      assert.deepEqual([answer.status, answer.code], [400, 'DIGEST_INVALID'], query)
      if (query === '') continue
      const inOne = await server.send('POST', `/v2/${repository}/blobs/uploads/?${query.slice(1)}`, { body: 'x' })
      assert.deepEqual([inOne.status, inOne.code], [400, 'DIGEST_INVALID'], query)
    }
    assert.equal((await server.send('PUT', `${location}&digest=${encodeURIComponent(right)}`)).status, 201)
  })
}
