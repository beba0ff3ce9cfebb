import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Caller } from './caller.ts'
import { contentOf, mediaTypes, randomContent } from './content.ts'
import { beginUpload, chunkCall, expect, expectError, expectStored, header, location, pushBlob } from './exchange.ts'

function testWhole(caller: Caller): void {
  const repository = caller.repository('blobs')
  const blob = (digest: string): string => `/v2/${repository}/blobs/${digest}`

  for (const algorithm of ['sha256', 'sha512'] as const) {
    test(`a ${algorithm} blob is answered with its length and the digest that was asked for [Pulling blobs]`, async () => {
      for (const content of [randomContent(2048, algorithm), contentOf('', algorithm), contentOf('{}', algorithm)]) {
        await pushBlob(caller, repository, content)
        for (const method of ['GET', 'HEAD']) {
          const response = expect(await caller.send({ method, path: blob(content.digest) }), 200)
          assert.equal(header(response, 'content-length'), String(content.bytes.length))
          assert.equal(header(response, 'docker-content-digest'), content.digest)
          assert.equal(response.headers['content-encoding'], undefined)
          assert.ok(response.body.equals(method === 'GET' ? content.bytes : Buffer.alloc(0)))
        }
      }
    })
  }

  test('a blob is found by a digest whose colon is escaped', async () => {
    const content = randomContent(5)
    await pushBlob(caller, repository, content)
    expect(await caller.send({ path: blob(encodeURIComponent(content.digest)) }), 200)
  })

  test('a blob that is not there is unknown, whether or not its repository is', async () => {
    const { digest } = randomContent(5)
    for (const path of [blob(digest), `/v2/${caller.repository('never')}/blobs/${digest}`]) {
      expectError(await caller.send({ path }), 404, 'BLOB_UNKNOWN', 'NAME_UNKNOWN')
      const head = expect(await caller.send({ method: 'HEAD', path }), 404)
      assert.equal(head.body.length, 0)
    }
  })

  test('a blob of one repository is none of another', async () => {
    const content = randomContent(5)
    await pushBlob(caller, repository, content)
    expect(
      await caller.send({ method: 'HEAD', path: `/v2/${caller.repository('other')}/blobs/${content.digest}` }),
      404,
    )
  })
}

function testRanges(caller: Caller): void {
  const repository = caller.repository('ranges')
  const { bytes, digest } = randomContent(2048)
  const path = `/v2/${repository}/blobs/${digest}`
  before(() => pushBlob(caller, repository, { bytes, digest }))

  const partial = [
    { range: 'bytes=500-1499', from: 500, to: 1499 },
    { range: 'bytes=500-', from: 500, to: 2047 },
    { range: 'bytes=-500', from: 1548, to: 2047 },
    { range: 'bytes=2000-5000', from: 2000, to: 2047 },
    { range: 'bytes=0-0', from: 0, to: 0 },
  ]
  for (const { range, from, to } of partial) {
    test(`a blob's ${range} is answered with that part alone [RFC 9110 §14]`, async () => {
      const response = expect(await caller.send({ path, headers: { range } }), 206)
      assert.equal(header(response, 'content-range'), `bytes ${from}-${to}/2048`)
      assert.equal(header(response, 'content-length'), String(to - from + 1))
      assert.ok(response.body.equals(bytes.subarray(from, to + 1)))
    })
  }

  for (const range of ['bytes=5000-10000', 'bytes=2048-']) {
    test(`a blob has no ${range}`, async () => {
      expect(await caller.send({ path, headers: { range } }), 416)
    })
  }

  for (const range of ['bytes=500-0', 'bytes=', 'bytes=x-y', 'lines=1-2']) {
    test(`what is no range, ${range}, is rejected or answered with the whole blob`, async () => {
      const response = expect(await caller.send({ path, headers: { range } }), 200, 416)
      if (response.status === 200) assert.ok(response.body.equals(bytes))
    })
  }
}

function testMounts(caller: Caller): void {
  const [source, target] = [caller.repository('mount-source'), caller.repository('mount-target')]
  const mount = (digest: string, from?: string) => {
    const query = new URLSearchParams({ mount: digest, ...(from !== undefined && { from }) })
    return caller.send({ method: 'POST', path: `/v2/${target}/blobs/uploads/?${query.toString()}` })
  }

  for (const algorithm of ['sha256', 'sha512'] as const) {
    test(`a ${algorithm} blob is mounted from a repository that has it [Mounting a blob from another repository]`, async () => {
      const content = randomContent(512, algorithm)
      await pushBlob(caller, source, content)
      const mounted = await mount(content.digest, source)
      if (mounted.status === 201) await expectStored(caller, target, content, mounted)
      else {
        const put = chunkCall('PUT', location(expect(mounted, 202), { digest: content.digest }), content.bytes)
        await expectStored(caller, target, content, await caller.send(put))
      }
    })
  }

  test('a mount that cannot be done becomes an upload like any other', async () => {
    const held = randomContent(512)
    await pushBlob(caller, source, held)
    const never = randomContent(512)
    const rejected = [
      { digest: never.digest, from: source, why: 'the source lacks the blob' },
      { digest: never.digest, from: caller.repository('mount-never'), why: 'there is no such source' },
      { digest: never.digest, from: undefined, why: 'no source is named, and no repository holds it' },
      { digest: held.digest, from: 'NOT/a/Name', why: 'the source has an impossible name' },
    ]
    for (const { digest, from, why } of rejected) {
      const begun = await mount(digest, from)
      assert.equal(begun.status, 202, why)
      assert.ok(location(begun).startsWith(`/v2/${target}/blobs/uploads/`), why)
      expect(await caller.send({ method: 'HEAD', path: `/v2/${target}/blobs/${digest}` }), 404)
    }
    const begun = await mount(never.digest, source)
    const put = chunkCall('PUT', location(begun, { digest: never.digest }), never.bytes)
    await expectStored(caller, target, never, await caller.send(put))
  })

  test('a mount that names no source is done or becomes an upload', async () => {
    const content = randomContent(512)
    await pushBlob(caller, source, content)
    const mounted = expect(await mount(content.digest), 201, 202)
    if (mounted.status === 201) await expectStored(caller, target, content, mounted)
    else {
      const put = chunkCall('PUT', location(mounted, { digest: content.digest }), content.bytes)
      await expectStored(caller, target, content, await caller.send(put))
    }
  })
}

function testDeletes(caller: Caller): void {
  const repository = caller.repository('blob-deletes')

  test('a blob that is deleted is gone at once, and comes back when it is pushed again [Deleting Blobs]', async () => {
    for (const content of [randomContent(100), randomContent(100, 'sha512'), contentOf('{}'), contentOf('')]) {
      const path = `/v2/${repository}/blobs/${content.digest}`
      for (let round = 0; round < 2; round += 1) {
        await pushBlob(caller, repository, content)
        expect(await caller.send({ method: 'DELETE', path }), 202)
        expect(await caller.send({ method: 'HEAD', path }), 404)
        expectError(await caller.send({ path }), 404, 'BLOB_UNKNOWN')
        expectError(await caller.send({ method: 'DELETE', path }), 404, 'BLOB_UNKNOWN')
      }
    }
  })

  test('a blob that is deleted in one repository stays in the others', async () => {
    const content = randomContent(100)
    const other = caller.repository('blob-deletes-other')
    await pushBlob(caller, repository, content)
    await pushBlob(caller, other, content)
    expect(await caller.send({ method: 'DELETE', path: `/v2/${repository}/blobs/${content.digest}` }), 202)
    const kept = expect(await caller.send({ path: `/v2/${other}/blobs/${content.digest}` }), 200)
    assert.ok(kept.body.equals(content.bytes))
  })

  test('an upload that failed leaves no blob to delete', async () => {
    const content = randomContent(100)
    const begun = await beginUpload(caller, repository)
    const headers = { 'content-type': mediaTypes.octets }
    const path = location(begun, { digest: content.digest })
    expect(await caller.send({ method: 'PUT', path, headers, body: Buffer.from('other') }), 400)
    expect(await caller.send({ method: 'DELETE', path: `/v2/${repository}/blobs/${content.digest}` }), 404)
  })
}

/** The tests of [OCI distribution-spec, Pulling blobs, Mounting, Deleting Blobs] for one caller. */
export function testBlobReads(caller: Caller): void {
  testWhole(caller)
  testRanges(caller)
  testMounts(caller)
  testDeletes(caller)
}
