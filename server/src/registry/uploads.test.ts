import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { Readable } from 'node:stream'
import { after, before, beforeEach, describe, it } from 'node:test'
import { openTestDatabase, type TestDatabase, testDatabaseKinds } from '../platform/sql/test-database.ts'
import { until } from '../platform/test-patience.ts'
import type { BlobStore } from '../storage/index.ts'
import {
  beginUpload,
  blobDigest,
  type BlobTestServer,
  blobTestMigrations,
  countFiles,
  countRows,
  openBlobServer,
  openTestStore,
  pushBlob,
  testClock,
  type TestStore,
} from './test-blobs.ts'

for (const kind of testDatabaseKinds) describe(`uploads on ${kind}`, () => testUploads(kind))

function testUploads(kind: (typeof testDatabaseKinds)[number]): void {
  const settings = { maxBlobBytes: 5_000_000, maxUploadsPerRepository: 40, maxUploadsPerCaller: 60 }
  let opened: TestDatabase
  let store: TestStore
  let blobs: BlobStore
  let server: BlobTestServer
  let clock = testClock()
  let repository = ''
  let repositoryCount = 0

  before(async () => {
    opened = await openTestDatabase(kind, blobTestMigrations)
    clock = testClock()
    store = await openTestStore(clock)
    blobs = store.blobs
    server = await openBlobServer({ database: opened.database, blobs, clock, settings })
  })
  beforeEach(() => {
    repository = `team/app-${(repositoryCount += 1)}`
  })
  after(async () => {
    await server.close()
    await opened.dispose()
    await store.dispose()
  })

  const restart = async () => {
    await server.close()
    server = await openBlobServer({ database: opened.database, blobs, clock, settings })
  }
  /** Waits until a writer has the upload, and something that it sent is there. */
  const untilBegun = (location: string) => {
    const [, id = ''] = /uploads\/([0-9a-f-]+)/.exec(location) ?? []
    return until('something of the upload is there', async () => ((await blobs.stagedSizeBytes(id)) ?? 0) > 0)
  }
  const put = (location: string, digest: string, body?: Uint8Array | string, headers = {}) =>
    server.send('PUT', `${location}&digest=${digest}`, { ...(body !== undefined && { body }), headers })
  const assertServed = async (content: Uint8Array | string, digest = blobDigest(content)) => {
    const answer = await server.send('GET', `/v2/${repository}/blobs/${digest}`)
    assert.equal(answer.status, 200)
    assert.equal(Buffer.compare(answer.body, Buffer.from(content)), 0)
    assert.equal(answer.headers['docker-content-digest'], digest)
  }

  it('an upload begins with a relative URL, an id and nothing in it', async () => {
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

  it('a blob in one POST is there at once, under a URL that gives it', async () => {
    const content = randomBytes(700_000)
    const digest = blobDigest(content)
    const answer = await server.send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: content })
    assert.equal(answer.status, 201)
    assert.equal(answer.headers.location, `/v2/${repository}/blobs/${digest}`)
    assert.equal(answer.headers['docker-content-digest'], digest)
    await assertServed(content)
  })

  it('a blob in a POST and a PUT is there', async () => {
    const content = randomBytes(1000)
    const answer = await put(await beginUpload(server, repository), blobDigest(content), content)
    assert.equal(answer.status, 201)
    assert.equal(answer.headers.location, `/v2/${repository}/blobs/${blobDigest(content)}`)
    await assertServed(content)
  })

  it('a stream without length and place, finished by an empty PUT, is there', async () => {
    const content = randomBytes(900_000)
    const location = await beginUpload(server, repository)
    const patched = await server.send('PATCH', location, { body: Readable.from([content]) })
    assert.equal(patched.status, 202)
    assert.equal(patched.headers.range, '0-899999')
    const answer = await put(location, blobDigest(content), undefined, { 'content-type': 'application/octet-stream' })
    assert.equal(answer.status, 201)
    await assertServed(content)
  })

  it('chunks go in by their place, the last one with the PUT', async () => {
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
    const last = { 'content-range': 'bytes 2048-3066/3067' }
    assert.equal((await put(location, blobDigest(content), content.subarray(2048), last)).status, 201)
    await assertServed(content)
  })

  it('a chunk out of its place is refused with what is there, and the upload goes on', async () => {
    const content = randomBytes(30)
    const location = await beginUpload(server, repository)
    const chunk = (start: number, end: number, method = 'PATCH', query = '') =>
      server.send(method, location + query, {
        headers: { 'content-range': `${start}-${end}` },
        body: content.subarray(start, end + 1),
      })
    assert.equal((await chunk(10, 19)).status, 416)
    assert.equal((await chunk(0, 9)).status, 202)
    for (const refused of [
      await chunk(0, 9),
      await chunk(20, 29),
      await chunk(20, 29, 'PUT', `&digest=${blobDigest(content)}`),
    ]) {
      assert.equal(refused.status, 416)
      assert.equal(refused.headers.range, '0-9')
      assert.equal(refused.headers.location, location)
      assert.ok(refused.headers['docker-upload-uuid'])
    }
    assert.equal((await server.send('GET', location)).headers.range, '0-9')
    assert.equal((await chunk(10, 19)).status, 202)
    assert.equal((await chunk(20, 29, 'PUT', `&digest=${blobDigest(content)}`)).status, 201)
    await assertServed(content)
  })

  it('a malformed place is refused and nothing is stored', async () => {
    const location = await beginUpload(server, repository)
    for (const place of ['', '5-3', '-1-4', '0-', 'x', '0-4-', 'bytes=0-4', '0-4/3', `0-${'9'.repeat(30)}`]) {
      const answer = await server.send('PATCH', location, { headers: { 'content-range': place }, body: 'hello' })
      assert.equal(answer.status, 416, place)
    }
    assert.equal((await server.send('GET', location)).headers.range, '0-0')
  })

  it('a chunk that has not the length of its place is refused and nothing of it stays', async () => {
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
    assert.equal((await put(location, blobDigest('hello, you'))).status, 201)
  })

  it('the status of an upload tells what is there, and older URLs of it stay good', async () => {
    const location = await beginUpload(server, repository)
    await server.send('PATCH', location, { body: 'twenty-two bytes in all' })
    const answer = await server.send('GET', `${location}&digest=sha256:left-over`)
    assert.equal(answer.status, 204)
    assert.equal(answer.headers.range, '0-22')
    assert.equal(answer.headers.location, location)
  })

  it('a cancelled upload is gone, with its bytes', async () => {
    const location = await beginUpload(server, repository)
    const before = (await countFiles(blobs)).staged
    await server.send('PATCH', location, { body: 'x' })
    assert.equal((await server.send('DELETE', location)).status, 204)
    assert.equal((await countFiles(blobs)).staged, before)
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = await server.send(method, location)
      assert.deepEqual([answer.status, answer.code], [404, 'BLOB_UPLOAD_UNKNOWN'], method)
    }
    assert.equal((await put(location, blobDigest('x'))).status, 404)
  })

  for (const algorithm of ['sha256', 'sha512'] as const) {
    it(`an empty blob is a blob, by ${algorithm}, in every way to push one`, async () => {
      const digest = blobDigest('', algorithm)
      const inOne = await server.send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: '' })
      assert.equal(inOne.status, 201)
      assert.equal((await put(await beginUpload(server, repository), digest)).status, 201)
      const location = await beginUpload(server, repository)
      const patched = await server.send('PATCH', location, { body: Readable.from([]) })
      assert.deepEqual([patched.status, patched.headers.range], [202, '0-0'])
      assert.equal((await put(location, digest)).status, 201)
      await assertServed('', digest)
    })

    it(`a blob by ${algorithm} is there whatever was hashed on the way`, async () => {
      const content = randomBytes(2000)
      const digest = blobDigest(content, algorithm)
      for (const hint of ['', '?digest-algorithm=sha512', '?digest-algorithm=md5']) {
        const location = await beginUpload(server, repository)
        await server.send('PATCH', location + hint.replace('?', '&'), { body: content.subarray(0, 700) })
        assert.equal((await put(location, digest, content.subarray(700))).status, 201, hint)
      }
      await assertServed(content, digest)
    })
  }

  it('the same bytes under two digests are two blobs', async () => {
    const content = randomBytes(100)
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const digest = blobDigest(content, algorithm)
      const answer = await server.send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: content })
      assert.equal(answer.status, 201)
    }
    assert.equal((await server.send('DELETE', `/v2/${repository}/blobs/${blobDigest(content)}`)).status, 202)
    assert.equal((await server.send('HEAD', `/v2/${repository}/blobs/${blobDigest(content)}`)).status, 404)
    await assertServed(content, blobDigest(content, 'sha512'))
  })

  it('a digest of other bytes is refused in every way to push a blob, and leaves nothing', async () => {
    const wrong = blobDigest(randomBytes(8))
    const before = [await countRows(opened.database), await countFiles(blobs)]
    const pushes: Record<string, () => Promise<{ status: number; code: string | undefined }>> = {
      'in one POST': () => server.send('POST', `/v2/${repository}/blobs/uploads/?digest=${wrong}`, { body: 'x' }),
      'POST and PUT': async () => put(await beginUpload(server, repository), wrong, 'x'),
      'a stream': async () => {
        const location = await beginUpload(server, repository)
        await server.send('PATCH', location, { body: Readable.from(['x']) })
        return put(location, wrong)
      },
      'a chunk in the PUT': async () => {
        const location = await beginUpload(server, repository)
        await server.send('PATCH', location, { headers: { 'content-range': '0-0' }, body: 'x' })
        return put(location, wrong, 'y', { 'content-range': '1-1' })
      },
      'by the other algorithm': async () => {
        const location = await beginUpload(server, repository)
        await server.send('PATCH', location, { body: 'x' })
        return put(location, blobDigest('y', 'sha512'))
      },
    }
    for (const [why, push] of Object.entries(pushes)) {
      const answer = await push()
      assert.deepEqual([answer.status, answer.code], [400, 'DIGEST_INVALID'], why)
    }
    assert.equal((await server.send('HEAD', `/v2/${repository}/blobs/${wrong}`)).status, 404)
    assert.deepEqual([await countRows(opened.database), await countFiles(blobs)], before)
  })

  it('a digest that could be nothing’s is refused, and the upload goes on [serverless-registry #87]', async () => {
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

  it('an upload is its caller’s, in its repository and registry, until it ends: all else is answered alike', async () => {
    const location = await beginUpload(server, repository)
    const finished = await beginUpload(server, repository)
    await put(finished, blobDigest('x'), 'x')
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

  it('an upload goes on after a restart, though the hash of it is gone', async () => {
    const content = randomBytes(600_000)
    const location = await beginUpload(server, repository)
    await server.send('PATCH', location, { body: content.subarray(0, 400_000) })
    await restart()
    assert.equal((await server.send('GET', location)).headers.range, '0-399999')
    await server.send('PATCH', location, { body: content.subarray(400_000, 500_000) })
    assert.equal((await put(location, blobDigest(content), content.subarray(500_000))).status, 201)
    await assertServed(content)
  })

  it('a second writer is refused and the first goes on', async () => {
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
    assert.equal((await put(location, blobDigest(content))).status, 201)
  })

  it('a client that goes away leaves what it sent, and goes on from there', async () => {
    const content = randomBytes(900_000)
    const location = await beginUpload(server, repository)
    await abort(server.port, location, content.subarray(0, 600_000), 900_000, untilBegun)
    const sentBytes = await settledSize(server, location)
    assert.ok(sentBytes > 0 && sentBytes <= 600_000)
    const headers = { 'content-range': `${sentBytes}-899999` }
    assert.equal((await server.send('PATCH', location, { headers, body: content.subarray(sentBytes) })).status, 202)
    assert.equal((await put(location, blobDigest(content))).status, 201)
    await assertServed(content)
  })

  it('a blob larger than allowed is refused before or while it comes', async () => {
    const location = await beginUpload(server, repository)
    const tooMuch = Buffer.alloc(5_000_001)
    const said = await server.send('PATCH', location, { body: tooMuch })
    assert.deepEqual([said.status, said.code], [413, 'SIZE_INVALID'])
    const streamed = await server.send('PATCH', location, { body: Readable.from([tooMuch]) })
    assert.deepEqual([streamed.status, streamed.code], [413, 'SIZE_INVALID'])
    assert.equal((await server.send('GET', location)).headers.range, '0-0')
  })

  it('the unfinished uploads of a repository and of a caller are bounded', async () => {
    const locations = await Promise.all(
      Array.from({ length: 40 }, () => beginUpload(server, repository, { as: 'busy' })),
    )
    const full = await server.send('POST', `/v2/${repository}/blobs/uploads/`, { as: 'somebody' })
    assert.deepEqual([full.status, full.code, full.headers['retry-after']], [429, 'TOOMANYREQUESTS', '60'])
    const others = Array.from({ length: 20 }, () => beginUpload(server, `${repository}/b`, { as: 'busy' }))
    locations.push(...(await Promise.all(others)))
    assert.equal((await server.send('POST', `/v2/${repository}/c/blobs/uploads/`, { as: 'busy' })).status, 429)
    await beginUpload(server, `${repository}/c`, { as: 'somebody' })
    for (const location of locations) {
      assert.equal((await server.send('DELETE', location, { as: 'busy' })).status, 204)
    }
    await beginUpload(server, repository, { as: 'busy' })
  })

  it('a locked repository takes no blob', async () => {
    await pushBlob(server, repository, 'x')
    const location = await beginUpload(server, repository)
    await opened.database.transaction(async (transaction) => {
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
      await put(location, blobDigest('y'), 'y'),
      await server.send('DELETE', `/v2/${repository}/blobs/${blobDigest('x')}`),
    ]) {
      assert.deepEqual([answer.status, answer.code], [405, 'REGISTRY_DISALLOWED_OPERATION'])
    }
  })

  it('an upload that nothing is sent to expires; one that is written to lives on', async () => {
    const idle = await beginUpload(server, repository)
    const alive = await beginUpload(server, repository)
    for (let day = 0; day < 3; day += 1) {
      clock.nowMs += 13 * 3_600_000
      assert.equal((await server.send('PATCH', alive, { body: 'x' })).status, 202)
      await server.collectGarbage()
    }
    assert.equal((await server.send('GET', idle)).status, 404)
    assert.equal((await put(alive, blobDigest('xxx'))).status, 201)
  })

  it('an upload during which its time passes is not collected under the writer’s hands', async () => {
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
    assert.equal((await put(location, blobDigest(Buffer.alloc(600_000)))).status, 201)
  })

  it('many pushes of one blob at once leave one file and no upload', async () => {
    const content = randomBytes(50_000)
    const before = [await countRows(opened.database), await countFiles(blobs)] as const
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => pushBlob(server, `${repository}/${index}`, content, { as: `c${index}` })),
    )
    const after = [await countRows(opened.database), await countFiles(blobs)] as const
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
  body: Uint8Array,
  claimedBytes: number,
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
