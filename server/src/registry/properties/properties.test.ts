import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { ociImageIndexType, ociImageManifestType } from '@acrux/shared/standards/oci/media-type.ts'
import {
  actorNamed,
  seenFirst,
  descriptorOf,
  digestOf,
  imageManifest,
  openTestRegistry,
  type TestRegistry,
} from '../../../testing/registry/test-registry.ts'

const config = '{"architecture":"arm64","os":"linux"}'
const open = { deleteEnabled: true, writeEnabled: true, readEnabled: true, listEnabled: true }

for (const kind of testDatabaseKinds) describe(`properties on ${kind}`, () => testProperties(kind))

function testProperties(kind: DatabaseKind): void {
  let test: TestRegistry

  before(async () => {
    test = await openTestRegistry(kind)
  })
  after(() => test.dispose())

  const pushImage = async (repository: string, tag: string, layer = 'layer') => {
    await test.pushBlob(repository, config)
    await test.pushBlob(repository, layer)
    const text = JSON.stringify(imageManifest(config, [layer]))
    assert.equal((await test.putManifest(repository, tag, text)).status, 201)
    return { text, digest: digestOf(text), imageSize: text.length + config.length + layer.length }
  }

  it('a repository, its tags and its manifests are described as ACR describes them, by plain and by encoded path', async () => {
    test.clock.nowMs = Date.UTC(2020, 0, 1, 1, 2, 3, 450)
    const { digest, imageSize } = await pushImage('p/app', 'v1')
    const times = { createdTime: '2020-01-01T01:02:03.45Z', lastUpdateTime: '2020-01-01T01:02:03.45Z' }
    const head = { registry: 'first.example', imageName: 'p/app' }
    const pushedBy = actorNamed('caller')
    const tag = { name: 'v1', digest, ...times, pushedBy, signed: false, changeableAttributes: open }
    const manifest = {
      digest,
      imageSize,
      ...times,
      pushedBy,
      architecture: 'arm64',
      os: 'linux',
      mediaType: ociImageManifestType,
      configMediaType: 'application/vnd.oci.image.config.v1+json',
      tags: ['v1'],
      changeableAttributes: open,
    }
    const documents: [path: string, document: object][] = [
      ['', { ...head, ...times, manifestCount: 1, tagCount: 1, changeableAttributes: open }],
      ['/_tags', { ...head, tags: [tag] }],
      ['/_tags/v1', { ...head, tag }],
      ['/_manifests', { ...head, manifests: [manifest] }],
      [`/_manifests/${digest}`, { ...head, manifest }],
      [`/_manifests/${encodeURIComponent(digest)}`, { ...head, manifest }],
    ]
    for (const [path, document] of documents) {
      for (const name of ['p/app', 'p%2Fapp', 'p%2fapp']) {
        const answer = await test.send('GET', `/acr/v1/${name}${path}?api-version=2021-07-01`)
        assert.equal(answer.status, 200)
        assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
        assert.deepEqual(answer.json, document)
        assert.deepEqual(Object.keys(answer.json), Object.keys(document))
        assert.ok(answer.text.endsWith('}\n'))
      }
    }
  })

  it('an untagged manifest has no tags, and an index has references', async () => {
    const { text, digest } = await pushImage('p/index', 'v1')
    const child = { ...descriptorOf(text, ociImageManifestType), platform: { architecture: 'arm64', os: 'linux' } }
    const index = JSON.stringify({ schemaVersion: 2, manifests: [child] })
    await test.putManifest('p/index', digestOf(index), index, ociImageIndexType)
    const { json } = await test.send('GET', `/acr/v1/p%2Findex/_manifests/${digestOf(index)}`)
    const manifest = json.manifest as Record<string, unknown>
    assert.deepEqual(manifest.references, [{ digest, architecture: 'arm64', os: 'linux' }])
    assert.equal('tags' in manifest, false)
    assert.equal('architecture' in manifest, false)
    assert.equal('configMediaType' in manifest, false)
  })

  it('a list of tags or manifests contains the platforms with their sizes if it is asked for them', async () => {
    const { text, digest, imageSize: size } = await pushImage('p/expand', 'v1')
    const other = await pushImage('p/expand', 'v0', 'a longer layer')
    const platform = { architecture: 'arm64', os: 'linux' }
    const attestation = { architecture: 'unknown', os: 'unknown' }
    await test.pushBlob('p/expand', JSON.stringify(attestation))
    const attested = JSON.stringify(imageManifest(JSON.stringify(attestation), []))
    await test.putManifest('p/expand', digestOf(attested), attested)
    const children = [text, other.text, attested].map((child) => descriptorOf(child, ociImageManifestType))
    const index = JSON.stringify({ schemaVersion: 2, manifests: children })
    await test.putManifest('p/expand', 'v2', index, ociImageIndexType)
    const list = async (kind: 'tags' | 'manifests', query: string) => {
      const { json, headers } = await test.send('GET', `/acr/v1/p%2Fexpand/_${kind}?orderby=none${query}`)
      return { rows: json[kind] as Record<string, unknown>[], link: String(headers.link) }
    }
    const platforms = [
      { digest, size, ...platform },
      { digest: other.digest, size: other.imageSize, ...platform },
    ].toSorted((left, right) => (left.digest < right.digest ? -1 : 1))
    const tags = await list('tags', '&expand=manifest')
    const [, image, both] = tags.rows.map(({ manifest }) => manifest as Record<string, unknown>)
    const ofImage = {
      mediaType: ociImageManifestType,
      imageSize: size,
      size,
      platforms: [{ digest, size, ...platform }],
    }
    assert.deepEqual(image, ofImage)
    const { imageSize, ...index2 } = both ?? {}
    assert.deepEqual(index2, { mediaType: ociImageIndexType, size: other.imageSize, platforms })
    assert.ok(Number(imageSize) > size + other.imageSize)
    const manifests = await list('manifests', '&expand=manifest')
    const shown = new Map(manifests.rows.map((row) => [row['digest'], [row['size'], row['platforms']]]))
    assert.deepEqual(shown.get(digest), [size, ofImage.platforms])
    assert.deepEqual(shown.get(digestOf(index)), [other.imageSize, platforms])
    assert.deepEqual(shown.get(digestOf(attested))?.[1], [])
    const one = await test.send('GET', `/acr/v1/p%2Fexpand/_manifests/${digestOf(index)}?expand=manifest`)
    assert.partialDeepStrictEqual(one.json['manifest'], { size: other.imageSize, platforms })
    for (const kind of ['tags', 'manifests'] as const) {
      const plain = (await list(kind, '')).rows
      assert.ok(plain.every((row) => !('manifest' in row) && !('platforms' in row) && !('size' in row)))
      assert.match((await list(kind, '&expand=manifest&n=1')).link, /[?&]expand=manifest>/)
    }
  })

  it('the tags of one manifest are listed by its digest', async () => {
    const { digest } = await pushImage('p/filter', 'a')
    await pushImage('p/filter', 'b')
    await pushImage('p/filter', 'c', 'another layer')
    const names = async (query: string) => {
      const { json } = await test.send('GET', `/acr/v1/p%2Ffilter/_tags?${query}`)
      return (json.tags as { name: string }[] | null)?.map(({ name }) => name)
    }
    assert.deepEqual(await names(`digest=${encodeURIComponent(digest)}`), ['a', 'b'])
    assert.deepEqual(await names(`digest=${digest}&last=a&orderby=none`), ['b'])
    assert.deepEqual(await names('digest='), ['a', 'b', 'c'])
    assert.deepEqual(await names('digest=%00'), ['a', 'b', 'c'])
    assert.equal(await names('digest=nonsense'), undefined)
  })

  it('PATCH sets the locks that it names, and changes nothing else, such as times', async () => {
    const { digest } = await pushImage('p/patch', 'v1')
    const made = await test.send('GET', '/acr/v1/p%2Fpatch')
    test.clock.nowMs += 5000
    for (const [path, field] of [
      ['', undefined],
      ['/_tags/v1', 'tag'],
      [`/_manifests/${digest}`, 'manifest'],
    ] as const) {
      const url = `/acr/v1/p%2Fpatch${path}`
      const body =
        '{"writeEnabled":false,"listEnabled":null,"manifestCount":9,"quarantineState":"x","__proto__":{"a":1}}'
      const patched = await test.send('PATCH', url, { body, headers: { 'content-type': 'text/plain' } })
      assert.equal(patched.status, 200)
      assert.deepEqual(patched.json, (await test.send('GET', url)).json)
      const described = (field === undefined ? patched.json : patched.json[field]) as Record<string, unknown>
      assert.deepEqual(described.changeableAttributes, { ...open, writeEnabled: false })
      assert.equal(described.lastUpdateTime, made.json.lastUpdateTime)
      const back = await test.send('PATCH', url, { body: '{"writeEnabled":true}' })
      assert.equal(back.status, 200)
      assert.equal((await test.send('PATCH', url, { body: '{}' })).status, 200)
    }
    assert.deepEqual((await test.send('GET', '/acr/v1/p%2Fpatch')).json, made.json)
  })

  const badPatches: readonly [body: string, status: number][] = [
    ['', 400],
    ['[]', 400],
    ['null', 400],
    ['{"writeEnabled":"false"}', 400],
    ['{"readEnabled":0}', 400],
    [`{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`, 400],
    [' '.repeat(70_000), 413],
  ]
  for (const [body, status] of badPatches) {
    it(`PATCH with ${JSON.stringify(body.slice(0, 24))} is ${status} and changes nothing`, async () => {
      await pushImage('p/bad', 'v1')
      for (const path of ['', '/_tags/v1']) {
        assert.equal((await test.send('PATCH', `/acr/v1/p%2Fbad${path}`, { body })).status, status)
      }
      assert.deepEqual((await test.send('GET', '/acr/v1/p%2Fbad')).json.changeableAttributes, open)
    })
  }

  it('errors for missing content use ACR’s words', async () => {
    await pushImage('p/errors', 'v1')
    const digest = digestOf('none')
    const notFound = { code: 'NAME_UNKNOWN', message: 'repository "no/such" is not found', detail: null }
    const noTag = { code: 'TAG_UNKNOWN', message: 'the specified tag does not exist', detail: { Tag: 'none' } }
    const noManifest = { code: 'MANIFEST_UNKNOWN', message: `manifest ${digest} is not found`, detail: null }
    const body = '{}'
    for (const [method, path, error] of [
      ['GET', '/acr/v1/no%2Fsuch', notFound],
      ['PATCH', '/acr/v1/no%2Fsuch', notFound],
      ['GET', '/acr/v1/no%2Fsuch/_tags', notFound],
      ['GET', '/acr/v1/no/such/_manifests', notFound],
      ['GET', '/acr/v1/no/such/_tags/none', notFound],
      [
        'DELETE',
        '/acr/v1/no%2Fsuch',
        { code: 'NAME_UNKNOWN', message: 'repository name not known to registry', detail: { name: 'no/such' } },
      ],
      ['GET', '/acr/v1/p%2Ferrors/_tags/none', noTag],
      ['PATCH', '/acr/v1/p%2Ferrors/_tags/none', noTag],
      ['DELETE', '/acr/v1/p%2Ferrors/_tags/none', noTag],
      ['GET', `/acr/v1/p%2Ferrors/_manifests/${digest}`, noManifest],
      ['PATCH', `/acr/v1/p%2Ferrors/_manifests/${digest}`, noManifest],
    ] as const) {
      const answer = await test.send(method, path, method === 'PATCH' ? { body } : {})
      assert.equal(answer.status, 404, path)
      assert.deepEqual(answer.json.errors, [error], path)
    }
  })

  it('DELETE of a tag is 202 without a body, names the manifest in a header, and keeps it', async () => {
    const { digest } = await pushImage('p/untag', 'v1')
    const answer = await test.send('DELETE', '/acr/v1/p%2Funtag/_tags/v1')
    assert.equal(answer.status, 202)
    assert.equal(answer.headers['content-length'], '0')
    assert.equal(answer.headers['x-ms-int-docker-content-digest'], digest)
    assert.equal((await test.send('GET', `/v2/p/untag/manifests/${digest}`)).status, 200)
    assert.equal((await test.send('GET', '/acr/v1/p%2Funtag')).json.tagCount, 0)
  })

  it('DELETE of a repository names the deleted content, and all of it is removed at once', async () => {
    const { digest } = await pushImage('p/gone', 'v1')
    await pushImage('p/gone', 'v2')
    for (const reference of ['v1', digest]) await test.send('GET', `/v2/p/gone/manifests/${reference}`)
    const answer = await test.send('DELETE', '/acr/v1/p%2Fgone')
    assert.equal(answer.status, 202)
    assert.deepEqual(answer.json, { manifestsDeleted: [digest], tagsDeleted: ['v1', 'v2'] })
    for (const path of [
      '/v2/p/gone/manifests/v1',
      `/v2/p/gone/manifests/${digest}`,
      `/v2/p/gone/blobs/${digestOf('layer')}`,
      '/v2/p/gone/tags/list',
      '/acr/v1/p%2Fgone',
    ]) {
      assert.equal((await test.send('GET', path)).status, 404, path)
    }
    assert.ok(!((await test.send('GET', '/v2/_catalog')).json.repositories as string[]).includes('p/gone'))
    test.gate.deletionsSeen = Infinity
    const again = await test.putManifest('p/gone', 'v1', imageManifest(config, ['layer']))
    assert.equal(again.code, 'MANIFEST_BLOB_UNKNOWN')
  })

  it('a credential from before the deletion of a repository is rejected by its successor', async () => {
    const repository = 'p/reborn'
    await pushImage(repository, 'v1')
    await test.send('DELETE', '/acr/v1/p%2Freborn')
    const rejected = async () => {
      const answers = await Promise.all([
        test.send('GET', `/v2/${repository}/manifests/v1`),
        test.send('HEAD', `/v2/${repository}/manifests/v1`),
        test.send('GET', `/v2/${repository}/tags/list`),
        test.send('GET', `/v2/${repository}/referrers/${digestOf('x')}`),
        test.send('DELETE', `/v2/${repository}/manifests/v1`),
        test.send('GET', `/v2/${repository}/blobs/${digestOf('layer')}`),
        test.send('POST', `/v2/${repository}/blobs/uploads/`),
        test.putManifest(repository, 'v2', '{"a":1}', 'application/vnd.example+json'),
        test.send('GET', '/acr/v1/p%2Freborn'),
        test.send('PATCH', '/acr/v1/p%2Freborn', { body: '{"writeEnabled":false}' }),
        test.send('DELETE', '/acr/v1/p%2Freborn'),
        test.send('DELETE', '/acr/v1/p%2Freborn/_tags/v1'),
      ])
      return answers.map(({ status }) => status)
    }
    test.gate.deletionsSeen = Infinity
    await pushImage(repository, 'v1')
    assert.equal((await test.send('GET', `/v2/${repository}/manifests/v1`)).status, 200)
    test.gate.deletionsSeen = seenFirst
    assert.deepEqual(
      await rejected(),
      Array.from({ length: 12 }, () => 401),
    )
    const challenged = await test.send('GET', `/v2/${repository}/manifests/v1`)
    assert.match(String(challenged.headers['www-authenticate']), /^Bearer realm=/)
    test.gate.deletionsSeen = Infinity
    assert.equal((await test.send('GET', `/v2/${repository}/manifests/v1`)).status, 200)
  })

  it('an old credential cannot recreate a deleted repository', async () => {
    await pushImage('p/buried', 'v1')
    await test.send('DELETE', '/acr/v1/p%2Fburied')
    test.gate.deletionsSeen = seenFirst
    assert.equal((await test.send('POST', '/v2/p/buried/blobs/uploads/')).status, 401)
    assert.equal((await test.putManifest('p/buried', 'v1', '{}', 'application/vnd.example+json')).status, 401)
    test.gate.deletionsSeen = Infinity
  })

  it('the registry counts each blob once, and nothing after its deletion', async () => {
    const rid = test.hosted.rid
    const before = await test.registry.usage(rid)
    const layer = 'used by two'
    const { text } = await pushImage('p/usage-1', 'v1', layer)
    await pushImage('p/usage-2', 'v1', layer)
    const after = await test.registry.usage(rid)
    assert.equal(after.sizeBytes - before.sizeBytes, 2 * text.length + layer.length)
    await test.database.transaction((transaction) => test.registry.deleteContent(transaction, rid))
    const late = await test.putManifest('p/late', 'v1', '{}', 'application/vnd.example+json')
    assert.equal(late.code, 'NAME_UNKNOWN')
    await test.registry.collectGarbage()
    assert.equal((await test.registry.usage(rid)).sizeBytes, 0)
  })

  it('without soft delete, deleted content is not listed and cannot be restored', async () => {
    const { host } = { host: 'second.example' }
    assert.deepEqual((await test.send('GET', '/acr/v1/_deleted/_catalog', { host })).json, { repositories: [] })
    const tags = await test.send('GET', '/acr/v1/_deleted/a%2Fb/_tags', { host })
    assert.deepEqual(tags.json, { registry: host, imageName: 'a/b', tags: [] })
    const path = `/acr/v1/_deleted/a%2Fb/_manifests/${digestOf('x')}?force=true`
    assert.equal((await test.send('POST', path, { host, body: '{"tag":"a"}' })).code, 'MANIFEST_UNKNOWN')
  })
}
