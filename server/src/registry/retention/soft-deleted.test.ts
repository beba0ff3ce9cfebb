import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { ociImageIndexType } from '@acrux/shared/standards/oci/media-type.ts'
import { seenFirst, digestOf, openTestRegistry, type TestRegistry } from '../../../testing/registry/test-registry.ts'

for (const kind of testDatabaseKinds) describe(`soft deletion on ${kind}`, () => testSoftDeletion(kind))

const dayMs = 24 * 60 * 60 * 1000

function testSoftDeletion(kind: DatabaseKind): void {
  let test: TestRegistry

  before(async () => {
    test = await openTestRegistry(kind, { softDelete: 'enabled' })
  })
  after(() => test.dispose())

  type Row = Readonly<Record<string, unknown>>
  const list = async (path: string, key: string) => {
    const answer = await test.send('GET', `/acr/v1/_deleted/${path}`)
    assert.equal(answer.status, 200, answer.text)
    return answer.json[key] as Row[]
  }
  const deletedTags = async (name: string) =>
    (await list(`${name}/_tags`, 'tags')).map(({ tag, digest }) => ({ tag, digest }))
  const deletedDigests = async (name: string) =>
    (await list(`${name}/_manifests`, 'manifests')).map(({ digest }) => digest)
  const restore = (name: string, digest: string, tag: string | null, force = false) => {
    const body = JSON.stringify({ tag })
    return test.send('POST', `/acr/v1/_deleted/${name}/_manifests/${digest}?force=${force ? 'True' : 'False'}`, {
      body,
    })
  }
  const status = async (path: string, method = 'GET') => (await test.send(method, path)).status
  const carryOut = (retentionDays: number) =>
    test.registry.applyPolicies({
      ...test.hosted,
      policies: {
        retentionPolicy: { status: 'disabled', days: 0, enabledAtMs: 0 },
        softDeletePolicy: { status: 'enabled', retentionDays },
      },
    })

  it('an image that is deleted by digest is listed with its tags, and is restored completely', async () => {
    const digest = await test.pushImage('s/app', 'v1', 'only layer of s/app')
    await test.send('PUT', `/v2/s/app/manifests/${digest}?tag=v2`, {
      headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
      body: (await test.send('GET', '/v2/s/app/manifests/v1')).text,
    })
    test.clock.nowMs = Date.UTC(2020, 0, 2, 3, 4, 5)
    assert.equal(await status(`/v2/s/app/manifests/${digest}`, 'DELETE'), 202)
    assert.equal(await status('/v2/s/app/manifests/v1'), 404)
    assert.equal(await status(`/v2/s/app/manifests/${digest}`), 404)
    assert.deepEqual((await test.send('GET', '/v2/s/app/tags/list')).json['tags'], [])

    const [tag] = await list('s%2Fapp/_tags', 'tags')
    const time = '2020-01-01T00:00:00Z'
    const deletedAt = '2020-01-02T03:04:05Z'
    assert.deepEqual(tag, { tag: 'v1', digest, createdTime: time, lastUpdateTime: time, deletedAt })
    assert.deepEqual(await deletedTags('s/app'), [
      { tag: 'v1', digest },
      { tag: 'v2', digest },
    ])
    const [manifest] = await list('s/app/_manifests', 'manifests')
    assert.partialDeepStrictEqual(manifest, { digest, deletedAt, architecture: 'amd64', createdTime: time })
    assert.deepEqual(await list('_catalog', 'repositories'), ['s/app'])

    test.clock.nowMs += 3 * dayMs
    await test.registry.collectGarbage()
    const restored = await restore('s/app', digest, 'v1')
    assert.equal(restored.status, 200, restored.text)
    assert.partialDeepStrictEqual(restored.json, { imageName: 's/app', manifest: { digest, tags: ['v1'] } })
    assert.equal(await status('/v2/s/app/manifests/v1'), 200)
    assert.equal(await status(`/v2/s/app/blobs/${digestOf('only layer of s/app')}`), 200)
    assert.equal(await status('/v2/s/app/manifests/v2'), 404)
    assert.deepEqual(await deletedTags('s/app'), [{ tag: 'v2', digest }], 'the tag that was not restored can be yet')
    assert.deepEqual(await deletedDigests('s/app'), [])
    assert.equal((await restore('s/app', digest, 'v2')).status, 200)
    assert.deepEqual(await list('_catalog', 'repositories'), [])
    const { manifestCount, tagCount } = (await test.send('GET', '/acr/v1/s%2Fapp')).json
    assert.deepEqual([manifestCount, tagCount], [1, 2])
    await test.registry.collectGarbage()
    assert.equal(await status(`/v2/s/app/blobs/${digestOf('only layer of s/app')}`), 200)
  })

  it('a deleted tag can be restored, and the last of its name is listed last', async () => {
    const first = await test.pushImage('s/tags', 'latest', 'first')
    await test.send('DELETE', '/acr/v1/s%2Ftags/_tags/latest')
    test.clock.nowMs += 1000
    const second = await test.pushImage('s/tags', 'latest', 'second')
    await test.send('DELETE', '/v2/s/tags/manifests/latest')
    assert.deepEqual(await deletedTags('s/tags'), [
      { tag: 'latest', digest: first },
      { tag: 'latest', digest: second },
    ])
    const page = await test.send('GET', '/acr/v1/_deleted/s%2Ftags/_tags?n=1')
    assert.deepEqual(
      (page.json['tags'] as Row[]).map(({ digest }) => digest),
      [first],
    )
    const next = /^<([^>]+)>/.exec(String(page.headers.link))?.[1] ?? ''
    const rest = await test.send('GET', next)
    assert.deepEqual(
      (rest.json['tags'] as Row[]).map(({ digest }) => digest),
      [second],
    )
    assert.equal(rest.headers.link, undefined)
    assert.equal((await restore('s/tags', second, 'latest')).status, 200)
    assert.equal((await test.send('HEAD', '/v2/s/tags/manifests/latest')).headers['docker-content-digest'], second)
  })

  it('a tag that points to another manifest is moved only with force', async () => {
    const old = await test.pushImage('s/force', 'v1', 'old')
    await test.send('DELETE', `/v2/s/force/manifests/${old}`)
    const young = await test.pushImage('s/force', 'v1', 'young')
    const rejected = await restore('s/force', old, 'v1')
    assert.equal(rejected.status, 409)
    assert.equal((rejected.json['errors'] as Row[])[0]?.['code'], 'CONFLICT')
    assert.deepEqual(await deletedDigests('s/force'), [old])
    assert.equal((await restore('s/force', old, 'v1', true)).status, 200)
    assert.equal((await test.send('HEAD', '/v2/s/force/manifests/v1')).headers['docker-content-digest'], old)
    assert.equal(await status(`/v2/s/force/manifests/${young}`), 200)
  })

  it('a deleted repository is restored image by image, including content that was deleted from it before', async () => {
    const before = await test.pushImage('s/whole', 'v0', 'zero')
    await test.send('DELETE', `/v2/s/whole/manifests/${before}`)
    await test.pushImage('s/whole', 'v0', 'zero')
    const one = await test.pushImage('s/whole', 'v1', 'one')
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: ociImageIndexType,
      manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: one, size: 300 }],
    })
    assert.equal((await test.putManifest('s/whole', 'multi', index, ociImageIndexType)).status, 201)
    test.clock.nowMs += 1000
    assert.equal(await status('/acr/v1/s%2Fwhole', 'DELETE'), 202)
    assert.equal(await status('/acr/v1/s%2Fwhole'), 404)
    assert.deepEqual((await test.send('GET', '/v2/_catalog')).json['repositories'], ['s/app', 's/force', 's/tags'])
    assert.deepEqual(new Set(await deletedDigests('s/whole')), new Set([before, one, digestOf(index)]))
    test.gate.deletionsSeen = seenFirst
    assert.equal((await restore('s/whole', one, 'v1')).status, 401, 'a credential of before ends with the repository')
    test.gate.deletionsSeen = Infinity
    test.clock.nowMs += 3 * dayMs
    await test.registry.collectGarbage()
    for (const [digest, tag] of [
      [one, 'v1'],
      [digestOf(index), 'multi'],
      [before, null],
    ] as const) {
      const restored = await restore('s/whole', digest, tag)
      assert.equal(restored.status, 200, restored.text)
    }
    assert.equal(await status(`/v2/s/whole/blobs/${digestOf('zero')}`), 200)
    assert.equal((await test.send('GET', '/v2/s/whole/manifests/multi')).text, index)
    assert.deepEqual((await test.send('GET', '/v2/s/whole/tags/list')).json['tags'], ['multi', 'v1'])
  })

  it('fault 33: a lock prevents deletion, and restoring over the locked tag', async () => {
    const lock = (path: string, writeEnabled: boolean) =>
      test.send('PATCH', `/acr/v1/${path}`, { body: JSON.stringify({ writeEnabled }) })
    const old = await test.pushImage('s/locked', 'v1', 'old one')
    await lock('s%2Flocked/_tags/v1', false)
    for (const path of [`/v2/s/locked/manifests/${old}`, '/acr/v1/s%2Flocked/_tags/v1', '/acr/v1/s%2Flocked']) {
      assert.equal(await status(path, 'DELETE'), 405, path)
    }
    await lock('s%2Flocked/_tags/v1', true)
    await test.send('DELETE', `/v2/s/locked/manifests/${old}`)
    await test.pushImage('s/locked', 'v1', 'new one')
    await lock('s%2Flocked/_tags/v1', false)
    assert.equal((await restore('s/locked', old, 'v1', true)).status, 405, 'the tag is locked')
    assert.equal((await restore('s/locked', old, 'v2')).status, 200)
    await test.send('DELETE', `/v2/s/locked/manifests/${old}`)
    await lock('s%2Flocked', false)
    assert.equal((await restore('s/locked', old, 'v2')).status, 405, 'the repository is locked')
  })

  it('content that never existed, or is of another repository, is not restored, and an invalid body is rejected', async () => {
    const digest = await test.pushImage('s/other', 'v1', 'of another')
    await test.send('DELETE', `/v2/s/other/manifests/${digest}`)
    assert.equal((await restore('s/nobody', digest, 'v1')).status, 404)
    assert.equal(await status('/acr/v1/s%2Fnobody'), 404)
    assert.equal((await restore('s/other', digestOf('nothing'), 'v1')).status, 404)
    const path = `/acr/v1/_deleted/s%2Fother/_manifests/${digest}`
    for (const [body, expected] of [
      ['[]', 400],
      ['{"tag":7}', 400],
      ['{"tag":"not a tag"}', 400],
      ['{'.repeat(5000), 413],
    ] as const) {
      assert.equal((await test.send('POST', path, { body })).status, expected, body.slice(0, 20))
    }
    assert.deepEqual(await list('_catalog', 'repositories').then((names) => names.includes('s/other' as never)), true)
    const { json } = await test.send('GET', '/acr/v1/_deleted/_catalog', { host: 'second.example' })
    assert.deepEqual(json['repositories'], [], 'another registry')
  })

  it('deleted content is not reachable by the name of the repository that keeps it', async () => {
    for (const name of ['_deleted/s/other', '_deleted%2Fs%2Fother']) {
      for (const path of [`/v2/${name}/tags/list`, `/v2/${name}/manifests/v1`, `/acr/v1/${name}`]) {
        assert.ok((await test.send('GET', path)).status >= 400, path)
      }
    }
  })

  it('deleted content is purged with its bytes after the days of the current policy', async () => {
    const digest = await test.pushImage('s/purged', 'v1', 'purged layer')
    const kept = await test.pushImage('s/purged', 'v2', 'kept layer')
    await test.send('DELETE', `/v2/s/purged/manifests/${digest}`)
    const size = (await test.registry.usage(test.hosted.rid)).sizeBytes
    test.clock.nowMs += 5 * dayMs
    await carryOut(7)
    assert.deepEqual(await deletedDigests('s/purged'), [digest])
    await carryOut(4)
    assert.deepEqual(await deletedDigests('s/purged'), [])
    assert.deepEqual(await deletedTags('s/purged'), [])
    assert.equal((await restore('s/purged', digest, 'v1')).status, 404)
    await test.registry.collectGarbage()
    assert.ok((await test.registry.usage(test.hosted.rid)).sizeBytes < size)
    assert.equal(await status(`/v2/s/purged/manifests/${kept}`), 200)
    assert.equal(await status(`/v2/s/purged/blobs/${digestOf('purged layer')}`), 404)
  })

  it('a blob of deleted content cannot be mounted, even by a caller that may pull everything', async () => {
    const layer = 'a layer that only s/secret had'
    const digest = await test.pushImage('s/secret', 'v1', layer)
    assert.equal(await status('/acr/v1/s%2Fsecret', 'DELETE'), 202)
    test.gate.deletionsSeen = Infinity
    assert.deepEqual(await deletedDigests('s%2Fsecret'), [digest])
    const asked: string[] = []
    test.gate.mayPull = async (repository) => asked.push(repository) > 0
    const mount = async () => (await test.send('POST', `/v2/s/taker/blobs/uploads/?mount=${digestOf(layer)}`)).status
    assert.equal(await mount(), 202)
    assert.deepEqual(asked, [], 'a condition is evaluated on names of repositories alone')
    assert.equal((await restore('s/secret', digest, 'v1')).status, 200)
    assert.equal(await mount(), 201)
    assert.deepEqual(asked, ['s/secret'])
  })

  it('with both policies, a manifest that retention deletes is kept, and can be restored', async () => {
    const enabledAtMs = test.clock.nowMs
    const digest = await test.pushImage('s/retained', 'v1', 'only layer of s/retained')
    assert.equal(await status('/acr/v1/s%2Fretained/_tags/v1', 'DELETE'), 202)
    test.clock.nowMs += 3 * dayMs
    const carriedOut = await test.registry.applyPolicies({
      ...test.hosted,
      policies: {
        retentionPolicy: { status: 'enabled', days: 1, enabledAtMs },
        softDeletePolicy: { status: 'enabled', retentionDays: 7 },
      },
    })
    assert.deepEqual(carriedOut, { untagged: 1, purged: 0 })
    assert.equal(await status(`/v2/s/retained/manifests/${digest}`), 404)
    assert.deepEqual(await deletedDigests('s%2Fretained'), [digest])
    assert.equal((await restore('s%2Fretained', digest, 'v1')).status, 200)
    assert.equal(await status('/v2/s/retained/manifests/v1'), 200)
  })
}
