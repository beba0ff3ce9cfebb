import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds, usualDatabaseKind } from '../../../testing/platform/test-database.ts'
import {
  dockerManifestListType,
  dockerManifestType,
  ociImageIndexType,
  ociImageManifestType,
} from '@acrux/shared/standards/oci/media-type.ts'
import {
  descriptorOf,
  digestOf,
  imageManifest,
  openTestRegistry,
  type TestRegistry,
} from '../../../testing/registry/test-registry.ts'

const config = '{"architecture":"amd64","os":"linux"}'

for (const kind of testDatabaseKinds) describe(`manifests on ${kind}`, () => testManifests(kind))

function testManifests(kind: DatabaseKind): void {
  let test: TestRegistry
  let repository = ''
  let count = 0

  before(async () => {
    test = await openTestRegistry(kind)
  })
  beforeEach(async () => {
    repository = `team/app-${(count += 1)}`
    await test.pushBlob(repository, config)
    await test.pushBlob(repository, 'layer')
  })
  after(() => test.dispose())

  const url = (reference: string) => `/v2/${repository}/manifests/${reference}`
  const image = (more = {}) => JSON.stringify(imageManifest(config, ['layer'], more))

  it('a person whose permission is revoked while the event of a view is written does not get the manifest', async (t) => {
    await test.putManifest(repository, 'v1', image())
    const append = test.audit.append.bind(test.audit)
    const events = t.mock.method(test.audit, 'append', async (...given: Parameters<typeof append>) => {
      await append(...given)
      test.gate.denies = true
      await test.database.transaction(async (transaction) => transaction.changesAuthority())
    })
    test.gate.views = true
    t.after(() => Object.assign(test.gate, { denies: false, views: false }))
    for (const from of ['the database', 'the cache']) {
      test.gate.denies = false
      const answer = await test.send('GET', url('v1'))
      assert.deepEqual([answer.status, answer.code], [401, 'UNAUTHORIZED'], from)
    }
    assert.deepEqual(
      events.mock.calls.map(({ arguments: [{ action }] }) => action),
      ['manifest.view', 'manifest.view'],
    )
  })

  it('a manifest comes back byte for byte, by tag and by digest, under the type it was sent as', async () => {
    const text = JSON.stringify({ ...imageManifest(config, ['layer']), newUnspecifiedField: 1 }, null, 3)
    const put = await test.putManifest(repository, 'v1', text)
    assert.equal(put.status, 201)
    assert.equal(put.headers['docker-content-digest'], digestOf(text))
    assert.equal(put.headers.location, url(digestOf(text)))
    assert.equal(put.headers['content-length'], '0')
    for (const reference of ['v1', digestOf(text), 'v1', encodeURIComponent(digestOf(text))]) {
      for (const accept of [undefined, dockerManifestType, 'application/json;q=0.1', '*/*']) {
        const headers = accept === undefined ? {} : { accept }
        const got = await test.send('GET', url(reference), { headers })
        assert.equal(got.status, 200)
        assert.equal(got.text, text)
        assert.equal(got.headers['content-type'], ociImageManifestType)
        assert.equal(got.headers['docker-content-digest'], digestOf(text))
        const head = await test.send('HEAD', url(reference), { headers })
        assert.equal(head.status, 200)
        assert.equal(head.text, '')
        for (const name of ['content-type', 'content-length', 'docker-content-digest', 'etag']) {
          assert.equal(head.headers[name], got.headers[name], name)
        }
      }
    }
  })

  it('non-ASCII bytes are returned unchanged, from the cache and from the database', async () => {
    const text = image({ annotations: { title: 'Grüße 𝄞 ' } })
    assert.equal((await test.putManifest(repository, 'v1', text)).status, 201)
    for (let round = 0; round < 3; round += 1) assert.equal((await test.send('GET', url('v1'))).text, text)
  })

  it('a manifest of nearly 4 MiB is accepted and served, also in chunks without a length', async () => {
    const text = image({ annotations: { padding: 'x'.repeat(4 * 1024 * 1024 - 2000) } })
    const body = Readable.from([text.slice(0, 1_000_000), text.slice(1_000_000)])
    const put = await test.send('PUT', url('big'), { headers: { 'content-type': ociImageManifestType }, body })
    assert.equal(put.status, 201)
    const got = await test.send('GET', url('big'))
    assert.equal(got.text, text)
    assert.equal((await test.send('HEAD', url('big'))).headers['content-length'], String(text.length))
  })

  it('a manifest of more than 4 MiB is rejected with 413 while it streams', async () => {
    const piece = Buffer.alloc(1024 * 1024, 0x20)
    const whole = await test.putManifest(repository, 'big', ' '.repeat(4 * 1024 * 1024 + 1))
    assert.equal(whole.status, 413)
    assert.equal(whole.code, 'SIZE_INVALID')
    const streamed = await test.send('PUT', url('big'), {
      headers: { 'content-type': ociImageManifestType },
      body: Readable.from([piece, piece, piece, piece, piece, piece]),
    })
    assert.equal(streamed.status, 413)
  })

  it('the digest in the path must match the bytes, in either algorithm', async () => {
    const text = image()
    const wrong = await test.putManifest(repository, digestOf(text), `${text}  `)
    assert.equal(wrong.status, 400)
    assert.equal(wrong.code, 'DIGEST_INVALID')
    const sha512 = `sha512:${hash('sha512', text, 'hex')}`
    const put = await test.putManifest(repository, `${sha512}?tag=long`, text)
    assert.equal(put.status, 201)
    assert.equal(put.headers['docker-content-digest'], sha512)
    for (const reference of [sha512, 'long']) {
      const head = await test.send('HEAD', url(reference))
      assert.equal(head.headers['docker-content-digest'], sha512)
    }
    assert.equal((await test.send('GET', url(digestOf(text)))).status, 404)
  })

  const badReferences: readonly [reference: string, method: string, status: number, code: string, why: string][] = [
    ['sha256:baddigest', 'PUT', 400, 'DIGEST_INVALID', 'what is to be made must be well-formed'],
    ['sha256:baddigest', 'GET', 404, 'MANIFEST_UNKNOWN', 'what cannot be is not there'],
    ['sha384:00', 'PUT', 400, 'DIGEST_INVALID', 'an algorithm that is not computed'],
    [`sha256:${'A'.repeat(64)}`, 'PUT', 400, 'DIGEST_INVALID', 'another spelling would be another name'],
    [`sha512:${'a'.repeat(64)}`, 'PUT', 400, 'DIGEST_INVALID', 'the length of the other algorithm'],
    ['.INVALID_MANIFEST_NAME', 'GET', 404, 'MANIFEST_UNKNOWN', 'the conformance suite asks thrice'],
    ['.INVALID_MANIFEST_NAME', 'DELETE', 404, 'MANIFEST_UNKNOWN', 'likewise'],
    ['.INVALID_MANIFEST_NAME', 'PUT', 400, 'TAG_INVALID', 'no tag begins with a dot'],
    ['x'.repeat(129), 'PUT', 400, 'TAG_INVALID', 'a tag has 128 characters at most'],
  ]
  for (const [reference, method, status, code, why] of badReferences) {
    it(`${method} of the reference ${reference.slice(0, 40)} is ${status} ${code}: ${why}`, async () => {
      await test.putManifest(repository, 'v1', image())
      const headers = { 'content-type': ociImageManifestType }
      const answer = await test.send(method, url(reference), method === 'PUT' ? { headers, body: image() } : {})
      assert.equal(answer.status, status)
      assert.equal(answer.code, code)
    })
  }

  it('errors for missing content use ACR’s words', async () => {
    await test.putManifest(repository, 'v1', image())
    const byTag = await test.send('GET', url('none'))
    assert.deepEqual(byTag.json.errors, [
      { code: 'MANIFEST_UNKNOWN', message: 'manifest tagged by "none" is not found', detail: { Tag: 'none' } },
    ])
    const digest = digestOf('none')
    const byDigest = await test.send('GET', url(digest))
    assert.deepEqual(byDigest.json.errors, [
      { code: 'MANIFEST_UNKNOWN', message: `manifest ${digest} is not found`, detail: null },
    ])
    assert.equal((await test.send('GET', '/v2/no/such/manifests/v1')).code, 'NAME_UNKNOWN')
    assert.equal((await test.send('HEAD', url('none'))).status, 404)
  })

  it('If-None-Match with the digest, quoted, weak, bare or among others, is 304 and has no body', async () => {
    await test.putManifest(repository, 'v1', image())
    const digest = digestOf(image())
    for (const header of [`"${digest}"`, `W/"${digest}"`, digest, `"x", "${digest}"`, '*']) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await test.send(method, url('v1'), { headers: { 'if-none-match': header } })
        assert.equal(answer.status, 304, header)
        assert.equal(answer.headers['docker-content-digest'], digest)
        assert.equal(answer.text, '')
      }
    }
    assert.equal((await test.send('GET', url('v1'), { headers: { 'if-none-match': '"x"' } })).status, 200)
  })

  const malformed: readonly [what: string, type: string | undefined, body: string, why: string][] = [
    ['another mediaType within', dockerManifestType, image(), 'what is checked as one must not run as another'],
    ['layers and manifests', ociImageIndexType, image({ mediaType: ociImageIndexType, manifests: [] }), 'likewise'],
    ['layers and manifests', ociImageManifestType, image({ manifests: [] }), 'likewise'],
    ['no JSON', ociImageManifestType, '{', 'it has to be'],
    ['nesting', ociImageManifestType, '['.repeat(10_000), 'a parser would run out of stack'],
    [
      'a size of minus one',
      ociImageManifestType,
      image({ layers: [{ ...descriptorOf('layer', 'a/b'), size: -1 }] }),
      '',
    ],
    ['schema 1', 'application/vnd.docker.distribution.manifest.v1+prettyjws', '{"schemaVersion":1}', 'gone for good'],
    ['two types', `${ociImageManifestType}, text/plain`, image(), 'two readers would believe two'],
    ['an impossible subject', ociImageManifestType, image({ subject: { digest: 'sha256:0' } }), ''],
    ['no type anywhere', undefined, image({ mediaType: undefined }), 'nobody knows what it is'],
  ]
  for (const [what, type, body, why] of malformed) {
    it(`a manifest with ${what} is rejected as MANIFEST_INVALID${why === '' ? '' : `: ${why}`}`, async () => {
      const headers = type === undefined ? {} : { 'content-type': type }
      const answer = await test.send('PUT', url('bad'), { headers, body })
      assert.equal(answer.status, 400)
      assert.equal(answer.code, 'MANIFEST_INVALID')
      assert.equal((await test.send('GET', url('bad'))).status, 404)
    })
  }

  it('a Content-Type with parameters and capitals, or a mediaType without it, gives the type of a manifest', async () => {
    const put = await test.putManifest(repository, 'a', image(), 'Application/vnd.OCI.image.manifest.v1+JSON; x=y')
    assert.equal(put.status, 201)
    const without = await test.send('PUT', url('b'), { body: image() })
    assert.equal(without.status, 201)
    const noField = image({ mediaType: undefined })
    assert.equal((await test.putManifest(repository, 'c', noField)).status, 201)
    assert.equal((await test.send('GET', url('c'))).text, noField)
    const unknown = '{"anything":[1,2,3]}'
    assert.equal((await test.putManifest(repository, 'd', unknown, 'application/vnd.example+json')).status, 201)
    const got = await test.send('GET', url('d'))
    assert.equal(got.headers['content-type'], 'application/vnd.example+json')
    assert.equal(got.text, unknown)
  })

  it('bytes that are stored under one type are rejected under another', async () => {
    const text = image({ mediaType: undefined })
    assert.equal((await test.putManifest(repository, 'a', text)).status, 201)
    const other = await test.putManifest(repository, 'b', text, dockerManifestType)
    assert.equal(other.status, 400)
    assert.equal(other.code, 'MANIFEST_INVALID')
  })

  it('every layer and configuration must be in the repository, and the error names the missing ones', async () => {
    await test.pushBlob('another/repository', 'elsewhere')
    const answer = await test.putManifest(repository, 'v1', imageManifest(config, ['layer', 'elsewhere', 'nowhere']))
    assert.equal(answer.code, 'MANIFEST_BLOB_UNKNOWN')
    const [error] = answer.json.errors as { detail: { digest: string; digests: string[] } }[]
    assert.deepEqual(error?.detail.digests, [digestOf('elsewhere'), digestOf('nowhere')])
    assert.equal(error?.detail.digest, digestOf('elsewhere'))
    const unmade = await test.putManifest('never/made', 'v1', image())
    assert.equal(unmade.code, 'MANIFEST_BLOB_UNKNOWN')
    assert.equal((await test.send('GET', '/v2/never/made/tags/list')).code, 'NAME_UNKNOWN')
  })

  it('non-distributable layers may be missing, unless they are named as distributable too', async () => {
    const foreign = descriptorOf('foreign', 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip')
    const layers = [{ ...foreign, urls: ['https://example.com/layer'] }]
    assert.equal((await test.putManifest(repository, 'v1', image({ layers }))).status, 201)
    const twice = [...layers, descriptorOf('foreign', 'application/vnd.oci.image.layer.v1.tar')]
    assert.equal((await test.putManifest(repository, 'v1', image({ layers: twice }))).code, 'MANIFEST_BLOB_UNKNOWN')
  })

  it('an image without layers, a repeated descriptor, and data in descriptors are valid', async () => {
    assert.equal((await test.putManifest(repository, 'a', image({ layers: [] }))).status, 201)
    assert.equal((await test.putManifest(repository, 'b', imageManifest(config, [config, config]))).status, 201)
    const layers = [{ ...descriptorOf('layer', 'a/b'), data: 'bGF5ZXI=', extra: null, platform: null }]
    assert.equal((await test.putManifest(repository, 'c', image({ layers }))).status, 201)
  })

  it('an index may name missing manifests, and be empty or nested', async () => {
    await test.putManifest(repository, 'v1', image())
    const index = (manifests: unknown[], type = ociImageIndexType) => ({ schemaVersion: 2, mediaType: type, manifests })
    const child = { ...descriptorOf(image(), ociImageManifestType), platform: { architecture: 'amd64', os: 'linux' } }
    const absent = descriptorOf('absent', ociImageManifestType)
    assert.equal((await test.putManifest(repository, 'i', index([child, absent]), ociImageIndexType)).status, 201)
    assert.equal((await test.putManifest(repository, 'e', index([]), ociImageIndexType)).status, 201)
    const nested = JSON.stringify(index([child], dockerManifestListType))
    assert.equal((await test.putManifest(repository, 'l', nested, dockerManifestListType)).status, 201)
    const outer = index([descriptorOf(nested, dockerManifestListType)])
    assert.equal((await test.putManifest(repository, 'o', outer, ociImageIndexType)).status, 201)
  })

  it('a push by digest sets all tags that it names, or none', async () => {
    await test.putManifest(repository, 'first', image())
    const digest = digestOf(image())
    const put = await test.putManifest(repository, `${digest}?tag=a&tag=b&tag=a&tag=first`, image())
    assert.equal(put.status, 201)
    assert.equal(put.headers['oci-tag'], 'a, b, first')
    const rejected = await test.putManifest(repository, `${digest}?tag=c&tag=.no`, image())
    assert.equal(rejected.code, 'TAG_INVALID')
    const many = Array.from({ length: 101 }, (_, index) => `tag=t${index}`).join('&')
    assert.equal((await test.putManifest(repository, `${digest}?${many}`, image())).status, 414)
    const list = await test.send('GET', `/v2/${repository}/tags/list`)
    assert.deepEqual(list.json.tags, ['a', 'b', 'first'])
    const byTag = await test.putManifest(repository, 'd?tag=e', image())
    assert.equal(byTag.headers['oci-tag'], undefined)
    assert.equal((await test.send('HEAD', url('e'))).status, 404)
  })

  it('a tag is moved, and its old manifest remains', async () => {
    await test.putManifest(repository, 'v1', image())
    await test.send('GET', url('v1'))
    const next = image({ annotations: { a: 'b' } })
    await test.putManifest(repository, 'v1', next)
    assert.equal((await test.send('GET', url('v1'))).text, next)
    assert.equal((await test.send('HEAD', url('v1'))).headers['docker-content-digest'], digestOf(next))
    assert.equal((await test.send('GET', url(digestOf(image())))).text, image())
  })

  it('DELETE by tag deletes only the tag; by digest the manifest and all its tags, at once', async () => {
    await test.putManifest(repository, 'a', image())
    await test.putManifest(repository, 'b', image())
    const digest = digestOf(image())
    for (const reference of ['a', 'b', digest]) {
      await test.send('GET', url(reference))
      await test.send('HEAD', url(reference))
    }
    assert.equal((await test.send('DELETE', url('a'))).status, 202)
    assert.equal((await test.send('HEAD', url('a'))).status, 404)
    assert.equal((await test.send('HEAD', url(digest))).status, 200)
    assert.equal((await test.send('DELETE', url('a'))).status, 404)
    assert.equal((await test.send('DELETE', url(digest))).status, 202)
    for (const reference of ['b', digest]) {
      assert.equal((await test.send('GET', url(reference))).status, 404)
      assert.equal((await test.send('HEAD', url(reference))).status, 404)
    }
    assert.equal((await test.send('DELETE', url(digest))).code, 'MANIFEST_UNKNOWN')
    assert.deepEqual((await test.send('GET', `/v2/${repository}/tags/list`)).json, { name: repository, tags: [] })
    assert.equal((await test.putManifest(repository, 'a', image())).status, 201)
  })

  it('deleting an index keeps its children, and a child may be deleted before its index', async () => {
    await test.putManifest(repository, 'v1', image())
    const child = descriptorOf(image(), ociImageManifestType)
    const index = JSON.stringify({ schemaVersion: 2, mediaType: ociImageIndexType, manifests: [child] })
    await test.putManifest(repository, 'i', index, ociImageIndexType)
    assert.equal((await test.send('DELETE', url(child.digest))).status, 202)
    assert.equal((await test.send('GET', url('i'))).status, 200)
    await test.putManifest(repository, 'v1', image())
    assert.equal((await test.send('DELETE', url(digestOf(index)))).status, 202)
    assert.equal((await test.send('GET', url('v1'))).status, 200)
  })

  it('concurrent pushes are counted correctly, and each is complete', async () => {
    const texts = Array.from({ length: 12 }, (_, index) => image({ annotations: { index: String(index) } }))
    const answers = await Promise.all(texts.map((text, index) => test.putManifest(repository, `t${index}`, text)))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
    const properties = await test.send('GET', `/acr/v1/${repository}`)
    assert.equal(properties.json.manifestCount, texts.length)
    assert.equal(properties.json.tagCount, texts.length)
    for (const [index, text] of texts.entries()) assert.equal((await test.send('GET', url(`t${index}`))).text, text)
  })

  it('each change, and no denial, writes an event in its transaction', async () => {
    await test.putManifest(repository, 'v1', image())
    await test.putManifest(repository, 'v1', imageManifest(config, ['missing']))
    await test.send('DELETE', url(digestOf(image())))
    const target = `first.example/${repository}`
    const events = await test.database
      .tables<{ audit_event: { action: string; target: string; actor_id: string; detail: string } }>()
      .selectFrom('audit_event')
      .select(['action', 'target', 'actor_id'])
      .where('target', 'in', [`${target}:v1`, `${target}@${digestOf(image())}`])
      .orderBy('action')
      .execute()
    const told = events.map((event) => ({ ...event }))
    assert.deepEqual(told, [
      { action: 'manifest.delete', target: `${target}@${digestOf(image())}`, actor_id: 'caller' },
      { action: 'manifest.push', target: `${target}:v1`, actor_id: 'caller' },
    ])
  })
}

it('an image without one of its layers is accepted with acceptSparseImages, but not without its config or all layers', async () => {
  const test = await openTestRegistry(usualDatabaseKind, { acceptsSparseImages: true })
  try {
    await test.pushBlob('sparse', config)
    await test.pushBlob('sparse', 'present')
    const images = [['present', 'absent'], ['absent'], ['absent', 'gone']]
    const [some, ...none] = images.map((layers) => imageManifest(config, layers))
    assert.equal((await test.putManifest('sparse', 'v1', some ?? '')).status, 201)
    for (const image of none) {
      assert.equal((await test.putManifest('sparse', 'v1', image)).code, 'MANIFEST_BLOB_UNKNOWN')
    }
    assert.equal((await test.putManifest('sparse', 'v1', imageManifest('{}', []))).code, 'MANIFEST_BLOB_UNKNOWN')
  } finally {
    await test.dispose()
  }
})
