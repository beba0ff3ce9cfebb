import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Caller } from './caller.ts'
import { contentOf, digestBy, mediaTypes, randomContent, type Algorithm, type Content } from './content.ts'
import { beginUpload, chunkCall, expect, expectError, expectStored, header, location } from './exchange.ts'

const algorithms: readonly Algorithm[] = ['sha256', 'sha512']

/** Pushes a blob in one of the possible ways, and returns the last response. */
type Push = (caller: Caller, repository: string, content: Content) => ReturnType<Caller['send']>

/** Pushes in chunks of 1,024 bytes, the last of them by the PUT that ends the upload if that is requested. */
async function pushChunks(caller: Caller, repository: string, content: Content, lastByPut: boolean) {
  const { bytes, digest } = content
  let latest = await beginUpload(caller, repository)
  for (let from = 0; from < bytes.length; from += 1024) {
    const to = Math.min(from + 1024, bytes.length) - 1
    const chunk = bytes.subarray(from, to + 1)
    if (lastByPut && to === bytes.length - 1) {
      return caller.send(chunkCall('PUT', location(latest, { digest }), chunk, { from, to }))
    }
    latest = expect(await caller.send(chunkCall('PATCH', location(latest), chunk, { from, to })), 202)
    assert.equal(header(latest, 'range'), `0-${to}`)
  }
  return caller.send(chunkCall('PUT', location(latest, { digest }), Buffer.alloc(0)))
}

const ways: readonly { way: string; push: Push }[] = [
  {
    way: 'one POST',
    push: (caller, repository, { bytes, digest }) =>
      caller.send({
        method: 'POST',
        path: `/v2/${repository}/blobs/uploads/?digest=${encodeURIComponent(digest)}`,
        headers: { 'content-type': mediaTypes.octets },
        body: bytes,
      }),
  },
  {
    way: 'POST and PUT',
    push: async (caller, repository, { bytes, digest }) =>
      caller.send(chunkCall('PUT', location(await beginUpload(caller, repository), { digest }), bytes)),
  },
  {
    way: 'POST and PUT in chunks of HTTP',
    push: async (caller, repository, { bytes, digest }) => {
      const path = location(await beginUpload(caller, repository), { digest })
      return caller.send({ ...chunkCall('PUT', path, bytes), chunked: true })
    },
  },
  {
    way: 'one PATCH without a length or a range',
    push: async (caller, repository, { bytes, digest }) => {
      const path = location(await beginUpload(caller, repository))
      const patched = expect(await caller.send({ ...chunkCall('PATCH', path, bytes), chunked: true }), 202)
      if (bytes.length > 0) assert.equal(header(patched, 'range'), `0-${bytes.length - 1}`)
      return caller.send(chunkCall('PUT', location(patched, { digest }), Buffer.alloc(0)))
    },
  },
  {
    way: 'chunks by PATCH',
    push: (caller, repository, content) => pushChunks(caller, repository, content, false),
  },
  {
    way: 'chunks, the last by PUT',
    push: (caller, repository, content) => pushChunks(caller, repository, content, true),
  },
]

function testWays(caller: Caller): void {
  const repository = caller.repository('uploads')
  for (const algorithm of algorithms) {
    for (const { way, push } of ways) {
      test(`a ${algorithm} blob is pushed by ${way} and can be had at once [Pushing blobs]`, async () => {
        const content = randomContent(3067, algorithm)
        await expectStored(caller, repository, content, await push(caller, repository, content))
      })

      test(`a ${algorithm} blob of no bytes is pushed by ${way}`, async () => {
        const content = contentOf('', algorithm)
        await expectStored(caller, repository, content, await push(caller, repository, content))
      })

      test(`a ${algorithm} blob with another digest than was said, pushed by ${way}, is rejected and not kept`, async () => {
        const bytes = randomContent(3067).bytes
        const digest = digestBy(algorithm, Buffer.concat([bytes, Buffer.from('oh no')]))
        expectError(await push(caller, repository, { bytes, digest }), 400, 'DIGEST_INVALID')
        for (const never of [digest, digestBy(algorithm, bytes)]) {
          expect(await caller.send({ method: 'HEAD', path: `/v2/${repository}/blobs/${never}` }), 404)
        }
      })
    }
  }
}

function testChunks(caller: Caller): void {
  const repository = caller.repository('chunks')
  const { bytes, digest } = randomContent(42)
  const first = { body: bytes.subarray(0, 22), range: { from: 0, to: 21 } }
  const second = { body: bytes.subarray(22), range: { from: 22, to: 41 } }

  test('an upload says how far it has come, and a chunk out of its order is rejected [Pushing a blob in chunks]', async () => {
    const begun = await beginUpload(caller, repository)
    const untouched = expect(await caller.send({ path: location(begun) }), 204)
    assert.match(header(untouched, 'range'), /^0-(0|-1)$/)
    const early = await caller.send(chunkCall('PATCH', location(begun), second.body, second.range))
    expectError(early, 416)

    const patched = expect(await caller.send(chunkCall('PATCH', location(begun), first.body, first.range)), 202)
    assert.equal(header(patched, 'range'), '0-21')
    const again = await caller.send(chunkCall('PATCH', location(begun), first.body, first.range))
    expectError(again, 416)
    const stale = expect(await caller.send({ path: location(begun) }), 204)
    assert.equal(header(stale, 'range'), '0-21')

    const rest = expect(await caller.send(chunkCall('PATCH', location(stale), second.body, second.range)), 202)
    assert.equal(header(rest, 'range'), '0-41')
    const put = await caller.send(chunkCall('PUT', location(rest, { digest }), Buffer.alloc(0)))
    await expectStored(caller, repository, { bytes, digest }, put)
  })

  test('a last chunk out of order is denied, and the upload continues', async () => {
    const begun = await beginUpload(caller, repository)
    const patched = expect(await caller.send(chunkCall('PATCH', location(begun), first.body, first.range)), 202)
    const last = location(patched, { digest })
    expectError(await caller.send(chunkCall('PUT', last, first.body, first.range)), 416)
    const after = expect(await caller.send({ path: last }), 204)
    assert.equal(header(after, 'range'), '0-21')
    const put = await caller.send(chunkCall('PUT', location(after, { digest }), second.body, second.range))
    await expectStored(caller, repository, { bytes, digest }, put)
  })

  test('a chunk whose range is no range, or not that of its body, leaves nothing behind', async () => {
    const begun = await beginUpload(caller, repository)
    for (const range of ['-', '0', '0-', '-21', 'bytes */42', '0-21x', '21-0', '0-20', '0-22', '0-1e9']) {
      const headers = { 'content-type': mediaTypes.octets, 'content-range': range }
      const wrong = await caller.send({ method: 'PATCH', path: location(begun), headers, body: first.body })
      expectError(wrong, [400, 416])
    }
    const patched = expect(await caller.send(chunkCall('PATCH', location(begun), first.body, first.range)), 202)
    assert.equal(header(patched, 'range'), '0-21')
  })
}

function testSessions(caller: Caller): void {
  const repository = caller.repository('sessions')
  const { bytes, digest } = randomContent(64)

  test('an upload that is cancelled is gone', async () => {
    const path = location(await beginUpload(caller, repository))
    expect(await caller.send({ method: 'DELETE', path }), 204)
    expectError(await caller.send({ path }), 404, 'BLOB_UPLOAD_UNKNOWN')
    expectError(await caller.send(chunkCall('PATCH', path, bytes)), 404, 'BLOB_UPLOAD_UNKNOWN')
    expectError(await caller.send({ method: 'DELETE', path }), 404, 'BLOB_UPLOAD_UNKNOWN')
  })

  test('an upload that is finished is gone, and is none of another repository', async () => {
    const begun = location(await beginUpload(caller, repository))
    const elsewhere = begun.replace(repository, caller.repository('elsewhere'))
    expectError(await caller.send({ path: elsewhere }), 404, 'BLOB_UPLOAD_UNKNOWN', 'NAME_UNKNOWN')
    expectError(await caller.send(chunkCall('PATCH', elsewhere, bytes)), 404, 'BLOB_UPLOAD_UNKNOWN', 'NAME_UNKNOWN')
    const join = begun.includes('?') ? '&' : '?'
    expect(await caller.send(chunkCall('PUT', `${begun}${join}digest=${digest}`, bytes)), 201)
    expectError(await caller.send({ path: begun }), 404, 'BLOB_UPLOAD_UNKNOWN')
    expectError(await caller.send(chunkCall('PUT', `${begun}${join}digest=${digest}`, bytes)), 404)
  })

  test('an upload ends with one good digest or not at all', async () => {
    const hexadecimal = digest.slice('sha256:'.length)
    const bad = ['', 'sha256', 'sha256:', `sha256:${hexadecimal}0`, `SHA256:${hexadecimal}`, `sha512:${hexadecimal}`]
    bad.push(`sha256:${hexadecimal.toUpperCase()}`, `md5:${hexadecimal}`, 'sha256:../../etc/passwd', `${digest}\0`)
    for (const wrong of [undefined, ...bad]) {
      const path = location(await beginUpload(caller, repository), wrong === undefined ? {} : { digest: wrong })
      expectError(await caller.send(chunkCall('PUT', path, bytes)), 400)
    }
  })

  test('a blob that was pushed before is pushed again without complaint', async () => {
    const content = randomContent(10)
    for (const { push } of ways) {
      await expectStored(caller, repository, content, await push(caller, repository, content))
    }
  })
}

/** The tests of [OCI distribution-spec, Pushing blobs] for one caller. */
export function testBlobUploads(caller: Caller): void {
  testWays(caller)
  testChunks(caller)
  testSessions(caller)
}
