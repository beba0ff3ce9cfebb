import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, readlink } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { describe, it } from 'node:test'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { until } from '../../../testing/platform/test-patience.ts'
import type { BlobLocation, BlobStore } from '../../storage/index.ts'
import { blobDigest, changing, pushBlob, pushManifest, useBlobServer } from '../../../testing/registry/test-blobs.ts'
import type { RegistryTables } from '../rows/rows.ts'
import { seenFirst } from '../../../testing/registry/test-registry.ts'

for (const kind of testDatabaseKinds) {
  describe(`blobs on ${kind}`, () => {
    testReads(kind)
    testDeletes(kind)
    testGracePeriods(kind)
    testRevocations(kind)
  })
}

type Kind = (typeof testDatabaseKinds)[number]

function testReads(kind: Kind): void {
  const used = useBlobServer(kind)

  it('a GET returns the bytes, and a HEAD returns the same headers', async () => {
    const { server, repository } = used
    const content = randomBytes(300_001)
    const path = `/v2/${repository}/blobs/${await pushBlob(server, repository, content)}`
    const got = await server.send('GET', path)
    const head = await server.send('HEAD', path)
    assert.deepEqual([got.status, head.status], [200, 200])
    assert.equal(Buffer.compare(got.body, content), 0)
    for (const { headers } of [got, head]) {
      assert.equal(headers['content-length'], '300001')
      assert.equal(headers['content-type'], 'application/octet-stream')
      assert.equal(headers['docker-content-digest'], blobDigest(content))
      assert.equal(headers.etag, `"${blobDigest(content)}"`)
      assert.equal(headers['accept-ranges'], 'bytes')
    }
  })

  it('a range is returned as requested, up to the end of the blob [RFC 9110 §14]', async () => {
    const { server, repository } = used
    const content = randomBytes(2048)
    const path = `/v2/${repository}/blobs/${await pushBlob(server, repository, content)}`
    // prettier-ignore
    const cases: readonly { range: string; status: number; place: string | undefined; bytes: Uint8Array; why: string }[] = [
      { range: 'bytes=500-1499',   status: 206, place: 'bytes 500-1499/2048',  bytes: content.subarray(500, 1500), why: 'a part' },
      { range: 'bytes=500-',       status: 206, place: 'bytes 500-2047/2048',  bytes: content.subarray(500),       why: 'open' },
      { range: 'bytes=-500',       status: 206, place: 'bytes 1548-2047/2048', bytes: content.subarray(1548),      why: 'a suffix' },
      { range: 'bytes=2000-5000',  status: 206, place: 'bytes 2000-2047/2048', bytes: content.subarray(2000),      why: 'an end behind the end' },
      { range: 'bytes=0-0',        status: 206, place: 'bytes 0-0/2048',       bytes: content.subarray(0, 1),      why: 'one byte' },
      { range: 'bytes=0-1,5-6',    status: 200, place: undefined,              bytes: content,                     why: 'several are ignored' },
      { range: 'lines=1-2',        status: 200, place: undefined,              bytes: content,                     why: 'another unit' },
    ]
    for (const { range, status, place, bytes, why } of cases) {
      const answer = await server.send('GET', path, { headers: { range } })
      assert.deepEqual([answer.status, answer.headers['content-range']], [status, place], why)
      assert.equal(Buffer.compare(answer.body, bytes), 0, why)
      assert.equal(answer.headers['docker-content-digest'], blobDigest(content), why)
    }
    for (const range of ['bytes=5000-10000', 'bytes=2048-', 'bytes=500-0', 'bytes=-0']) {
      const answer = await server.send('GET', path, { headers: { range } })
      assert.deepEqual([answer.status, answer.headers['content-range']], [416, 'bytes */2048'], range)
    }
  })

  it('a range with If-Range applies only to the same content', async () => {
    const { server, repository } = used
    const digest = await pushBlob(server, repository, '0123456789')
    const path = `/v2/${repository}/blobs/${digest}`
    const part = await server.send('GET', path, { headers: { range: 'bytes=2-3', 'if-range': `"${digest}"` } })
    assert.deepEqual([part.status, part.body.toString()], [206, '23'])
    const whole = await server.send('GET', path, { headers: { range: 'bytes=2-3', 'if-range': '"other"' } })
    assert.deepEqual([whole.status, whole.body.toString()], [200, '0123456789'])
  })

  it('a client that sends the digest of content that it already has gets status 304', async () => {
    const { server, repository } = used
    const digest = await pushBlob(server, repository, 'held')
    for (const method of ['GET', 'HEAD']) {
      const answer = await server.send(method, `/v2/${repository}/blobs/${digest}`, {
        headers: { 'if-none-match': `"${digest}"` },
      })
      assert.deepEqual([answer.status, answer.body.length], [304, 0])
      assert.equal(answer.headers['docker-content-digest'], digest)
    }
  })

  it('a client can read a blob only in a repository that contains it [CVE-2024-39897]', async () => {
    const { server, repository } = used
    const digest = await pushBlob(server, `${repository}/secret`, 'secret')
    await pushBlob(server, repository, 'other')
    for (const [path, host] of [
      [`/v2/${repository}/blobs/${digest}`, 'one.example'],
      [`/v2/${repository}/none/blobs/${digest}`, 'one.example'],
      [`/v2/${repository}/secret/blobs/${digest}`, 'two.example'],
      [`/v2/${repository}/blobs/${blobDigest('never pushed')}`, 'one.example'],
    ] as const) {
      const answer = await server.send('GET', path, { host })
      assert.deepEqual([answer.status, answer.code], [404, 'BLOB_UNKNOWN'], path)
      assert.equal((await server.send('HEAD', path, { host })).status, 404, path)
    }
  })

  it('a credential from before the deletion of a repository reads no blob of a new repository with the same name', async () => {
    const { server, repository, clock } = used
    await pushBlob(server, repository, 'x')
    await pushManifest(server, repository, 'latest', ['x'])
    clock.nowMs += 1000
    assert.equal((await server.send('DELETE', `/acr/v1/${repository}`)).status, 202)
    server.gate.deletionsSeen = Infinity
    const digest = await pushBlob(server, repository, 'new')
    server.gate.deletionsSeen = seenFirst
    for (const wanted of [digest, blobDigest('not there')]) {
      assert.equal((await server.send('GET', `/v2/${repository}/blobs/${wanted}`)).status, 401)
    }
    const location = await server.send('POST', `/v2/${repository}/blobs/uploads/`)
    assert.equal(location.status, 401)
    server.gate.deletionsSeen = Infinity
    assert.equal((await server.send('GET', `/v2/${repository}/blobs/${digest}`)).status, 200)
  })

  it('if a client disconnects during a download, no file stays open', async () => {
    const { server, repository, blobs } = used
    const digest = await pushBlob(server, repository, randomBytes(20_000_000))
    const location = (await Array.fromAsync(blobs.list())).find((one) => one.startsWith(digest))
    assert.ok(location !== undefined)
    const held = await blobs.open(location)
    assert.equal(await openFilesOf(digest), 1)
    await held.close()
    for (let round = 0; round < 10; round += 1) await abortGet(server.port, `/v2/${repository}/blobs/${digest}`)
    await until('the files are closed', async () => (await openFilesOf(digest)) === 0)
  })
}

function testDeletes(kind: Kind): void {
  const used = useBlobServer(kind)

  it('a deleted blob is removed from one repository immediately, and can be pushed again [CVE-2026-35172]', async () => {
    const { server, repository } = used
    const digest = await pushBlob(server, repository, 'x')
    await pushBlob(server, `${repository}/other`, 'x')
    const path = `/v2/${repository}/blobs/${digest}`
    assert.equal((await server.send('GET', path)).status, 200)
    assert.equal((await server.send('DELETE', path)).status, 202)
    assert.equal((await server.send('GET', path)).status, 404)
    assert.deepEqual([(await server.send('DELETE', path)).status, (await server.send('HEAD', path)).status], [404, 404])
    assert.equal((await server.send('GET', `/v2/${repository}/other/blobs/${digest}`)).status, 200)
    await pushBlob(server, repository, 'x')
    assert.equal((await server.send('GET', path)).body.toString(), 'x')
  })

  it('the bytes are deleted when the last repository deletes the blob', async () => {
    const { server, repository, blobs } = used
    const content = randomBytes(20)
    const digest = await pushBlob(server, repository, content)
    await pushBlob(server, `${repository}/other`, content)
    const isThere = async () => (await Array.fromAsync(blobs.list())).some((location) => location.startsWith(digest))
    await server.send('DELETE', `/v2/${repository}/blobs/${digest}`)
    assert.equal(await isThere(), true)
    await server.send('DELETE', `/v2/${repository}/other/blobs/${digest}`)
    assert.equal(await isThere(), false)
  })

  it('a blob that a manifest of the repository names is not deleted', async () => {
    const { server, repository } = used
    const digest = await pushBlob(server, repository, 'layer')
    const { headers, status } = await pushManifest(server, repository, 'latest', ['layer'])
    assert.equal(status, 201)
    const path = `/v2/${repository}/blobs/${digest}`
    const rejected = await server.send('DELETE', path)
    assert.deepEqual([rejected.status, rejected.code], [405, 'UNSUPPORTED'])
    assert.equal((await server.send('GET', path)).status, 200)
    await server.send('DELETE', `/v2/${repository}/manifests/${String(headers['docker-content-digest'])}`)
    assert.equal((await server.send('DELETE', path)).status, 202)
  })

  it('the audit log contains a completed deletion', async () => {
    const { server, repository } = used
    const digest = await pushBlob(server, repository, 'x')
    await server.send('DELETE', `/v2/${repository}/blobs/${digest}`)
    const rows = await server.database
      .tables<{ audit_event: { action: string; target: string } }>()
      .selectFrom('audit_event')
      .select('target')
      .where('action', '=', 'blob.delete')
      .execute()
    assert.ok(rows.some(({ target }) => target === `one.example/${repository}@${digest}`))
  })
}

function testGracePeriods(kind: Kind): void {
  const used = useBlobServer(kind)
  const graceUntilOf = async (digest: string) => {
    const row = await used.server.database
      .tables<RegistryTables>()
      .selectFrom('repository_blob')
      .select('grace_until_ms')
      .where('digest', '=', digest)
      .executeTakeFirst()
    return row?.grace_until_ms
  }
  const hourMs = 3_600_000

  it('a HEAD that finds a blob renews its grace period if more than half of the period has passed [distribution #4569]', async () => {
    const { server, repository, clock } = used
    const digest = await pushBlob(server, repository, randomBytes(9))
    const begunAtMs = clock.nowMs
    const head = () => server.send('HEAD', `/v2/${repository}/blobs/${digest}`)
    clock.nowMs += 11 * hourMs
    await head()
    assert.equal(await graceUntilOf(digest), begunAtMs + 24 * hourMs)
    clock.nowMs += 2 * hourMs
    await head()
    assert.equal(await graceUntilOf(digest), clock.nowMs + 24 * hourMs)
  })

  it('a HEAD does not find a blob whose bytes are lost, and the next push repairs the blob', async () => {
    const { server, repository, blobs } = used
    const content = randomBytes(30)
    const digest = await pushBlob(server, repository, content)
    await pushBlob(server, `${repository}/other`, content)
    for await (const location of blobs.list()) if (location.startsWith(digest)) await blobs.delete(location)
    assert.equal((await server.send('GET', `/v2/${repository}/blobs/${digest}`)).status, 500)
    for (const method of ['HEAD', 'GET']) {
      assert.equal((await server.send(method, `/v2/${repository}/blobs/${digest}`)).status, 404)
    }
    await pushBlob(server, repository, content)
    for (const name of [repository, `${repository}/other`]) {
      const answer = await server.send('GET', `/v2/${name}/blobs/${digest}`)
      assert.equal(answer.status, 200)
      assert.equal(Buffer.compare(answer.body, content), 0)
    }
  })
}

function testRevocations(kind: Kind): void {
  const used = useBlobServer(kind, { settings: { redirectsReads: true }, isFresh: true })

  it('a caller whose permission is revoked during the verification of the bytes gets no URL and no bytes, and renews no grace period', async () => {
    const { repository, clock, database, blobs } = used
    const digest = await pushBlob(used.server, repository, randomBytes(9))
    const gracePeriods = () =>
      database.tables<RegistryTables>().selectFrom('repository_blob').select('grace_until_ms').execute()
    const before = await gracePeriods()
    let isRevoking = false
    const revoke = async () => {
      if (!isRevoking) return
      used.server.gate.isRevoked = true
      await database.transaction(async (transaction) => transaction.changesAuthority())
    }
    const revoking = {
      signedUrl: async () => 'https://store.example/blob?signature=x',
      find: async (location: BlobLocation) => {
        await revoke()
        return blobs.find(location)
      },
      open: async (...given: Parameters<BlobStore['open']>) => {
        await revoke()
        return blobs.open(...given)
      },
    }
    await used.restart(changing(blobs, revoking))
    const path = `/v2/${repository}/blobs/${digest}`
    const whole = { headers: { 'x-acrux-redirect': 'no' } }
    clock.nowMs += 20 * 3_600_000
    assert.equal((await used.server.send('GET', path)).headers.location, 'https://store.example/blob?signature=x')
    assert.equal((await used.server.send('GET', path, whole)).status, 200)
    isRevoking = true
    for (const [method, sent] of [
      ['GET', {}],
      ['GET', whole],
      ['HEAD', {}],
    ] as const) {
      used.server.gate.isRevoked = false
      const answer = await used.server.send(method, path, sent)
      assert.deepEqual([answer.status, answer.headers.location], [401, undefined], method)
    }
    assert.deepEqual(await gracePeriods(), before)
    assert.equal(await openFilesOf(digest), 0)
  })
}

/** The number of open files of a blob in this process. The tests of other files use the same process. */
async function openFilesOf(digest: string): Promise<number> {
  const descriptors = await readdir('/proc/self/fd')
  const links = await Promise.all(descriptors.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')))
  return links.filter((link) => link.includes(digest.replace('sha256:', ''))).length
}

/** Reads the beginning of a response and closes the connection. */
function abortGet(port: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'one.example', authorization: 'alice' }
    const request = httpRequest({ host: '127.0.0.1', port, path, headers, agent: false })
    request.on('error', reject)
    request.on('response', (response) => {
      response.on('error', () => undefined)
      response.once('data', () => {
        request.destroy()
        resolve()
      })
    })
    request.end()
  })
}
