import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { ociEmptyJsonType, ociImageIndexType, ociImageManifestType } from '@acrux/shared/standards/oci/media-type.ts'
import {
  descriptorOf,
  digestOf,
  imageManifest,
  openTestRegistry,
  type TestRegistry,
} from '../../../testing/registry/test-registry.ts'

for (const kind of testDatabaseKinds) describe(`referrers on ${kind}`, () => testReferrers(kind))

type Descriptor = { readonly digest: string; readonly artifactType?: string; readonly annotations?: object }

function testReferrers(kind: DatabaseKind): void {
  let test: TestRegistry

  before(async () => {
    test = await openTestRegistry(kind)
  })
  after(() => test.dispose())

  const subjectOf = (text: string) => ({ subject: descriptorOf(text, ociImageManifestType) })
  const list = async (repository: string, subject: string, query = '') => {
    const answer = await test.send('GET', `/v2/${repository}/referrers/${digestOf(subject)}${query}`)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['content-type'], ociImageIndexType)
    assert.equal(answer.json.schemaVersion, 2)
    assert.equal(answer.json.mediaType, ociImageIndexType)
    return { ...answer, manifests: answer.json.manifests as Descriptor[] }
  }
  const push = async (repository: string, manifest: object) => {
    await test.pushBlob(repository, '{}')
    const text = JSON.stringify(manifest)
    const type = 'manifests' in manifest ? ociImageIndexType : ociImageManifestType
    const put = await test.putManifest(repository, digestOf(text), text, type)
    assert.equal(put.status, 201)
    return { put, digest: digestOf(text), size: Buffer.byteLength(text) }
  }
  const artifact = (subject: string, more: Record<string, unknown> = {}) => ({
    ...imageManifest('{}', []),
    config: descriptorOf('{}', ociEmptyJsonType),
    ...subjectOf(subject),
    ...more,
  })

  it('for a missing subject in a missing repository, the response has status 200 and an empty index', async () => {
    const answer = await list('never/made', 'subject')
    assert.deepEqual(answer.manifests, [])
    assert.equal(answer.headers['oci-filters-applied'], undefined)
    assert.equal(
      (await list('never/made', 'subject', '?artifactType=a/b')).headers['oci-filters-applied'],
      'artifactType',
    )
    assert.equal((await test.send('GET', '/v2/never/made/referrers/sha256:no')).code, 'DIGEST_INVALID')
  })

  it('a referrer is listed once, with its exact type and annotations, even if its subject does not exist yet', async () => {
    const annotations = { 'org.example.key': 'Wert "ü" \\ 𝄞', '': '' }
    const manifest = artifact('s1', { artifactType: 'application/vnd.example', annotations })
    for (let round = 0; round < 2; round += 1) {
      const { put, digest, size } = await push('r/one', manifest)
      assert.equal(put.headers['oci-subject'], digestOf('s1'))
      assert.deepEqual((await list('r/one', 's1')).manifests, [
        { mediaType: ociImageManifestType, digest, size, artifactType: 'application/vnd.example', annotations },
      ])
    }
    assert.deepEqual((await list('r/two', 's1')).manifests, [])
  })

  it('the server lists a large valid referrer and rejects a large invalid referrer, as it does with small referrers', async () => {
    const annotations = { padding: 'ü'.repeat(100_000) }
    const { put, digest, size } = await push('r/large', artifact('s9', { annotations }))
    assert.equal(put.status, 201)
    const [listed] = (await list('r/large', 's9')).manifests
    assert.deepEqual([listed?.digest, listed?.annotations], [digest, annotations])
    assert.ok(size > 200_000)
    const wrong = { ...annotations, number: 1 }
    const [large, small] = [wrong, { number: 1 }].map((one) => JSON.stringify(artifact('s9', { annotations: one })))
    const rejected = await test.putManifest('r/large', 'large', large ?? '')
    assert.equal(rejected.status, 400)
    assert.equal(rejected.text, (await test.putManifest('r/large', 'small', small ?? '')).text)
  })

  it('the artifact type defaults to the media type of the configuration, and is omitted for an index', async () => {
    const { digest: image } = await push('r/types', artifact('s2'))
    const { digest: index } = await push('r/types', {
      schemaVersion: 2,
      mediaType: ociImageIndexType,
      manifests: [],
      ...subjectOf('s2'),
    })
    const types = Object.fromEntries(
      (await list('r/types', 's2')).manifests.map((one) => [one.digest, one.artifactType]),
    )
    assert.deepEqual(types, { [image]: ociEmptyJsonType, [index]: undefined })
  })

  it('the filter returns only matching referrers, and the response states that the filter was applied', async () => {
    for (const [index, artifactType] of ['a/b', 'a/b', 'c/d+e', 'c/d'].entries()) {
      await push('r/filter', artifact('s3', { artifactType, annotations: { index: String(index) } }))
    }
    const count = async (query: string) => {
      const answer = await list('r/filter', 's3', query)
      assert.equal(answer.headers['oci-filters-applied'], query === '' ? undefined : 'artifactType')
      return answer.manifests.length
    }
    assert.equal(await count(''), 4)
    assert.equal(await count('?artifactType=a%2Fb'), 2)
    assert.equal(await count('?artifactType=c/d%2Be'), 1)
    assert.equal(await count('?artifactType=none'), 0)
    assert.equal(await count('?artifactType=a%00'), 0)
  })

  it('a deleted referrer is removed immediately, and the referrers of a deleted subject are kept', async () => {
    const subject = JSON.stringify(imageManifest('{}', []))
    await push('r/gone', JSON.parse(subject) as object)
    const { digest } = await push('r/gone', artifact(subject))
    const { digest: other } = await push('r/gone', artifact(subject, { artifactType: 'x/y' }))
    assert.equal((await test.send('DELETE', `/v2/r/gone/manifests/${digestOf(subject)}`)).status, 202)
    assert.equal((await list('r/gone', subject)).manifests.length, 2)
    await test.send('DELETE', `/v2/r/gone/manifests/${digest}`)
    assert.deepEqual(
      (await list('r/gone', subject)).manifests.map((one) => one.digest),
      [other],
    )
  })

  it('pages of n referrers contain every referrer once', async () => {
    const expected = new Set<string>()
    for (let index = 0; index < 7; index += 1) {
      expected.add(
        (await push('r/pages', artifact('s4', { artifactType: 'p/q', annotations: { i: `${index}` } }))).digest,
      )
    }
    const seen: string[] = []
    let next: string | undefined = `/v2/r/pages/referrers/${digestOf('s4')}?n=3&artifactType=p/q`
    while (next !== undefined) {
      const { json, headers } = await test.send('GET', next)
      seen.push(...(json.manifests as Descriptor[]).map(({ digest }) => digest))
      next = /^<([^>]+)>; rel="next"$/.exec(String(headers.link ?? ''))?.[1]
      if (next !== undefined) assert.match(next, /\?last=sha256%3A[0-9a-f]{64}&n=3&orderby=&artifactType=p%2Fq$/)
    }
    assert.equal(seen.length, 7)
    assert.deepEqual(new Set(seen), expected)
  })

  it('no page is larger than the maximum size of a manifest, unless the page has a single descriptor', async () => {
    const padding = 'x'.repeat(1_500_000)
    for (let index = 0; index < 5; index += 1) {
      await push('r/large', artifact('s5', { annotations: { index: String(index), padding } }))
    }
    const sizes: number[] = []
    let next: string | undefined = `/v2/r/large/referrers/${digestOf('s5')}`
    while (next !== undefined) {
      const { json, body, headers } = await test.send('GET', next)
      assert.ok(body.length <= 4 * 1024 * 1024)
      sizes.push((json.manifests as Descriptor[]).length)
      next = /^<([^>]+)>; rel="next"$/.exec(String(headers.link ?? ''))?.[1]
    }
    assert.deepEqual(sizes, [2, 2, 1])
  })

  it('referrers that are locked against listing or reading are not listed', async () => {
    const { digest } = await push('r/locked', artifact('s6'))
    const url = `/acr/v1/r%2Flocked/_manifests/${digest}`
    for (const lock of ['listEnabled', 'readEnabled']) {
      await test.send('PATCH', url, { body: JSON.stringify({ [lock]: false }) })
      assert.deepEqual((await list('r/locked', 's6')).manifests, [])
      await test.send('PATCH', url, { body: JSON.stringify({ [lock]: true }) })
      assert.equal((await list('r/locked', 's6')).manifests.length, 1)
    }
  })
}
