import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { ociImageIndexType } from '@acrux/shared/standards/oci/media-type.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  actorNamed,
  descriptorOf,
  digestOf,
  imageManifest,
  openTestRegistry,
  type TestRegistry,
} from '../../../testing/registry/test-registry.ts'

type Image = {
  readonly digest: string
  readonly type: string
  readonly tags: readonly { readonly name: string; readonly locked: boolean }[]
  readonly tagCount: number
  readonly platforms: readonly { readonly os: string; readonly architecture: string; readonly size: number }[]
  readonly size: number
  readonly attached: unknown
  readonly pushedBy?: unknown
}

for (const kind of testDatabaseKinds) describe(`the list of images on ${kind}`, () => testImages(kind))

function testImages(kind: DatabaseKind): void {
  let test: TestRegistry

  before(async () => {
    test = await openTestRegistry(kind)
  })
  after(() => test.dispose())

  const page = async (repository: string, query = '') => {
    const answer = await test.send('GET', `/acr/v1/${encodeURIComponent(repository)}/_images${query}`)
    return { ...answer, images: (answer.json.images ?? []) as readonly Image[] }
  }
  /** All pages, as a client reads them by their links. */
  const all = async (repository: string, query: string): Promise<readonly Image[]> => {
    const images: Image[] = []
    let target: string | undefined = `/acr/v1/${encodeURIComponent(repository)}/_images${query}`
    while (target !== undefined) {
      const answer = await test.send('GET', target)
      assert.equal(answer.status, 200, answer.text)
      images.push(...(answer.json.images as readonly Image[]))
      target = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link ?? ''))?.[1]
    }
    return images
  }
  const names = (images: readonly Image[]) => images.map(({ tags, digest }) => tags[0]?.name ?? digest)
  const push = async (repository: string, tag: string, layer: string) => {
    test.clock.nowMs += 1000
    return test.pushImage(repository, tag, layer)
  }
  const pushText = async (repository: string, reference: string, document: object, type?: string) => {
    const text = JSON.stringify(document)
    const put = await test.putManifest(repository, reference === '' ? digestOf(text) : reference, text, type)
    assert.equal(put.status, 201, put.text)
    return { text, digest: digestOf(text) }
  }
  const platformImage = async (repository: string, architecture: string, layer: string) => {
    const config = JSON.stringify({ architecture, os: architecture === 'unknown' ? 'unknown' : 'linux' })
    await test.pushBlob(repository, config)
    await test.pushBlob(repository, layer)
    return pushText(repository, '', imageManifest(config, [layer]))
  }

  it('an image has its newest tags, its platform, its size and who pushed it', async () => {
    const digest = await push('i/app', 'v1', 'layer')
    await push('i/app', 'latest', 'layer')
    await test.send('PATCH', '/acr/v1/i%2Fapp/_tags/v1', { body: '{"deleteEnabled":false}' })
    const { json, images } = await page('i/app')
    assert.deepEqual([json.registry, json.imageName, json.count], ['first.example', 'i/app', 1])
    const [image] = images
    assert.partialDeepStrictEqual(image, {
      digest,
      type: 'image',
      tags: [
        { name: 'latest', locked: false },
        { name: 'v1', locked: true },
      ],
      tagCount: 2,
      pushedBy: actorNamed('caller'),
      attached: { signatures: 0, sboms: 0, provenance: 0, reports: 0 },
    })
    assert.partialDeepStrictEqual(image?.platforms, [{ os: 'linux', architecture: 'amd64', digest, size: image?.size }])
  })

  it('the children of an index are platforms and no images, unless they have a tag', async () => {
    const arm = await platformImage('i/multi', 'arm64', 'a large layer of the platform arm64')
    const amd = await platformImage('i/multi', 'amd64', 'layer')
    const attestation = await platformImage('i/multi', 'unknown', 'statement')
    const children = [arm, amd, attestation]
    const manifests = children.map(({ text }) => descriptorOf(text, 'application/vnd.oci.image.manifest.v1+json'))
    const document = { schemaVersion: 2, mediaType: ociImageIndexType, manifests }
    const index = await pushText('i/multi', 'v1', document, ociImageIndexType)
    const { images, json } = await page('i/multi')
    assert.deepEqual([names(images), json.count], [['v1'], 1])
    const [image] = images
    assert.equal(image?.digest, index.digest)
    assert.equal(image?.type, 'index')
    assert.deepEqual(image?.platforms.map(({ architecture }) => architecture).toSorted(), ['amd64', 'arm64'])
    assert.equal(image?.size, Math.max(...(image?.platforms ?? []).map(({ size }) => size)), 'the largest platform')
    assert.partialDeepStrictEqual(image?.attached, { provenance: 1 })
    await pushText('i/multi', 'v1-amd64', JSON.parse(amd.text) as object)
    assert.deepEqual(names(await all('i/multi', '?orderby=name')), ['v1', 'v1-amd64'])
  })

  it('artifacts that are attached by a subject or by a tag of cosign are counted and are no images', async () => {
    const digest = await push('i/signed', 'v1', 'layer')
    const plain = await push('i/signed', 'v2', 'another')
    const config = '{"architecture":"amd64","os":"linux"}'
    const { json } = await test.send('GET', `/acr/v1/i%2Fsigned/_manifests/${digest}`)
    const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 400 }
    assert.ok(json.manifest)
    for (const artifactType of [
      'application/vnd.cncf.notary.signature',
      'application/spdx+json',
      'application/sarif+json',
    ]) {
      await pushText('i/signed', '', imageManifest(config, ['layer'], { subject, artifactType }))
    }
    await pushText(
      'i/signed',
      `sha256-${digest.slice(7)}.sig`,
      imageManifest(config, ['layer'], { annotations: { a: 'b' } }),
    )
    const images = await all('i/signed', '?orderby=name')
    assert.deepEqual(names(images), ['v1', 'v2'])
    assert.deepEqual(images[0]?.attached, { signatures: 2, sboms: 1, provenance: 0, reports: 1 })
    assert.deepEqual(
      (await all('i/signed', '?unsigned=true')).map((image) => image.digest),
      [plain],
    )
  })

  it('each order goes through all pages, in both directions', async () => {
    const layers = ['xxxxx', 'x', 'xxxx', 'xx', 'xxx']
    const tags = ['b', 'e', 'a', 'd', 'c']
    const digests: string[] = []
    for (const [index, layer] of layers.entries()) digests.push(await push('i/order', tags[index] ?? '', layer))
    await test.send('DELETE', '/acr/v1/i%2Forder/_tags/d')
    for (const tag of ['c', 'a']) {
      test.clock.nowMs += 1000
      assert.equal((await test.send('GET', `/v2/i/order/manifests/${tag}`)).status, 200)
    }
    await test.registry.flushLastPulls()
    const untagged = digests[3] ?? ''
    const rest = ['b', 'e'].map((tag) => [digests[tags.indexOf(tag)] ?? '', tag] as const)
    const never = [...rest, [untagged, untagged] as const]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, name]) => name)
    const orders = {
      pushed: ['c', untagged, 'a', 'e', 'b'],
      name: ['a', 'b', 'c', 'e', untagged],
      size: ['b', 'a', 'c', untagged, 'e'],
      pulled: ['a', 'c', ...never],
    }
    for (const [order, expected] of Object.entries(orders)) {
      for (const n of [1, 2, 5, 100]) {
        assert.deepEqual(names(await all('i/order', `?orderby=${order}&n=${n}`)), expected, `${order} by ${n}`)
      }
    }
    const reversed = {
      'pushed asc': orders.pushed.toReversed(),
      'name desc': ['e', 'c', 'b', 'a', untagged],
      'size asc': orders.size.toReversed(),
      'pulled asc': [...never, 'c', 'a'],
    }
    for (const [order, expected] of Object.entries(reversed)) {
      const query = `?orderby=${encodeURIComponent(order)}&n=2`
      assert.deepEqual(names(await all('i/order', query)), expected, order)
    }
  })

  it('a filter finds parts of tags in any case, beginnings of digests, and who pushed', async () => {
    const first = await push('i/filter', 'Release-1.2', 'first')
    await push('i/filter', 'nightly_100', 'second')
    const found = async (query: string) => names(await all('i/filter', query))
    assert.deepEqual(await found('?filter=release'), ['Release-1.2'])
    assert.deepEqual(await found(`?filter=${encodeURIComponent('y_1')}`), ['nightly_100'])
    assert.deepEqual(await found(`?filter=${first.slice(0, 20)}`), ['Release-1.2'])
    assert.deepEqual(await found('?filter=absent'), [])
    assert.deepEqual(await found('?pushedBy=caller&orderby=name'), ['Release-1.2', 'nightly_100'])
    assert.deepEqual(await found('?pushedBy=another'), [])
    assert.equal((await page('i/filter', '?filter=release')).json.count, 1)
    const pulledMs = (test.clock.nowMs += 1000)
    await test.send('GET', '/v2/i/filter/manifests/Release-1.2')
    await test.registry.flushLastPulls()
    assert.deepEqual(await found(`?notPulledSince=${new Date(pulledMs).toISOString()}`), ['nightly_100'])
  })

  it('invalid parameters are rejected, and an anonymous caller does not see who pushed', async () => {
    await push('i/wrong', 'v1', 'layer')
    const last = (place: unknown) => `last=${Buffer.from(JSON.stringify(place)).toString('base64url')}`
    for (const query of [
      'orderby=other',
      'orderby=pushed%20up',
      'notPulledSince=yesterday',
      'last=!',
      last([2, 1, 'sha256:a']),
      last([0, 'text', 'sha256:a']),
      last([0, 1.5, 'sha256:a']),
      last([0, 1]),
      `orderby=name&${last([0, 'a\0', ''])}`,
    ]) {
      assert.equal((await page('i/wrong', `?${query}`)).code, 'BAD_REQUEST', query)
    }
    assert.equal((await page('i/absent')).code, 'NAME_UNKNOWN')
    assert.equal((await page('i/wrong', '?n=0')).images.length, 0)
    test.gate.callerKey = 'anonymous'
    assert.doesNotMatch((await page('i/wrong')).text, /pushedBy/)
    test.gate.callerKey = 'caller'
  })

  it('a list of which few images match has pages with links', async () => {
    for (let index = 0; index < 6; index += 1) await push('i/few', `v${index}`, `layer ${index}`)
    const { images, headers } = await page('i/few', '?filter=v&n=3')
    assert.equal(images.length, 3)
    assert.match(String(headers.link), /filter=v/)
    assert.equal((await all('i/few', '?filter=v&n=3')).length, 6)
  })
}
