import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Caller } from './caller.ts'
import {
  type Algorithm,
  contentOf,
  describe,
  type Document,
  documentOf,
  emptyDescriptor,
  emptyJson,
  mediaTypes,
  randomContent,
} from './content.ts'
import { expect, expectError, expectManifest, header, location } from './exchange.ts'
import { pushBlob, pushManifest, pushParts, putManifest } from './exchange.ts'

const artifactType = 'application/vnd.example.conformance.v1'
const linux = (architecture: string) => ({ os: 'linux', architecture })

/** Pushes an image of its own by digest, and returns it. */
async function pushImageOf(caller: Caller, repository: string, algorithm: Algorithm = 'sha256'): Promise<Document> {
  const config = contentOf(JSON.stringify({ ...linux('amd64'), author: crypto.randomUUID() }), algorithm)
  const layer = randomContent(300, algorithm)
  await pushBlob(caller, repository, config)
  await pushBlob(caller, repository, layer)
  const parts = { config: describe(config, mediaTypes.config), layers: [describe(layer, mediaTypes.layer)] }
  const image = documentOf({ mediaType: mediaTypes.manifest, ...parts }, { algorithm })
  await pushManifest(caller, repository, image)
  return image
}

/** Manifests and indexes that a registry must accept and return byte for byte. */
const shapes: readonly { what: string; make: (caller: Caller, repository: string) => Promise<Document> }[] = [
  { what: 'an image', make: async (caller, repository) => pushImageOf(caller, repository) },
  {
    what: 'an image without layers',
    make: async (caller, repository) => {
      const { config } = await pushParts(caller, repository)
      return documentOf({ mediaType: mediaTypes.manifest, config, layers: [] })
    },
  },
  {
    what: 'an image that does not say its media type',
    make: async (caller, repository) => {
      const parts = await pushParts(caller, repository)
      return documentOf(parts, { contentType: mediaTypes.manifest })
    },
  },
  {
    what: 'an image with fields that no specification knows',
    make: async (caller, repository) => {
      const { config, layers } = await pushParts(caller, repository)
      const odd = { newUnspecifiedField: 'aGVsbG8gd29ybGQ=', 'org.example.odd': [{ deep: [null, 1.5e3, '\u00e9'] }] }
      const fields = {
        mediaType: mediaTypes.manifest,
        config: { ...config, ...odd },
        layers,
        subject: undefined,
        ...odd,
      }
      return documentOf(fields)
    },
  },
  {
    what: 'an image that carries its config and layers in its descriptors',
    make: async (caller, repository) => {
      const [config, layer] = [contentOf('{"os":"linux"}'), randomContent(60)]
      await pushBlob(caller, repository, config)
      await pushBlob(caller, repository, layer)
      const carried = (content: typeof config, mediaType: string) => ({
        ...describe(content, mediaType),
        data: content.bytes.toString('base64'),
        newUnspecifiedField: null,
      })
      return documentOf({
        mediaType: mediaTypes.manifest,
        config: carried(config, mediaTypes.config),
        layers: [carried(layer, mediaTypes.layer)],
      })
    },
  },
  {
    what: 'an image whose foreign layers were never pushed',
    make: async (caller, repository) => {
      const { config, layers } = await pushParts(caller, repository)
      const foreign = [mediaTypes.nonDistributable, 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip']
      const elsewhere = foreign.map((mediaType) => {
        const { digest } = randomContent(8)
        return { mediaType, digest, size: 123_456, urls: [`https://store.example.com/${digest}`] }
      })
      return documentOf({ mediaType: mediaTypes.manifest, config, layers: [...elsewhere, ...layers] })
    },
  },
  {
    what: 'an artifact whose config and only layer are the same empty document',
    make: async (caller, repository) => {
      await pushBlob(caller, repository, emptyJson)
      const annotations = { 'org.example.id': crypto.randomUUID() }
      const both = { config: emptyDescriptor, layers: [emptyDescriptor] }
      return documentOf({ mediaType: mediaTypes.manifest, artifactType, ...both, annotations })
    },
  },
  {
    what: 'an image of 3.9 million bytes',
    make: async (caller, repository) => {
      const parts = await pushParts(caller, repository)
      const entries = Array.from({ length: 390 }, (_, index) => [`large-annotation-${index}`, 'A'.repeat(10_000)])
      return documentOf({ mediaType: mediaTypes.manifest, ...parts, annotations: Object.fromEntries(entries) })
    },
  },
  {
    what: 'an index of two platforms',
    make: async (caller, repository) => {
      const images = [await pushImageOf(caller, repository), await pushImageOf(caller, repository)]
      const manifests = images.map((image, index) => ({
        ...image.descriptor,
        platform: linux(index === 0 ? 'amd64' : 'arm64'),
      }))
      return documentOf({ mediaType: mediaTypes.index, manifests })
    },
  },
  { what: 'an index of nothing', make: async () => documentOf({ mediaType: mediaTypes.index, manifests: [] }) },
  {
    what: 'an index of indexes, without platforms',
    make: async (caller, repository) => {
      const image = await pushImageOf(caller, repository)
      const inner = documentOf({ mediaType: mediaTypes.index, manifests: [{ ...image.descriptor, platform: null }] })
      await pushManifest(caller, repository, inner)
      const annotations = { 'org.example.id': crypto.randomUUID() }
      return documentOf({ mediaType: mediaTypes.index, artifactType, manifests: [inner.descriptor], annotations })
    },
  },
  {
    what: 'an index of a manifest that was never pushed',
    make: async (caller, repository) => {
      const image = await pushImageOf(caller, repository)
      const never = { mediaType: mediaTypes.manifest, digest: randomContent(9).digest, size: 1024 }
      const manifests = [
        { ...image.descriptor, platform: linux('amd64') },
        { ...never, platform: linux('arm64') },
      ]
      return documentOf({ mediaType: mediaTypes.index, manifests })
    },
  },
]

function testShapes(caller: Caller): void {
  const repository = caller.repository('manifests')
  for (const [index, { what, make }] of shapes.entries()) {
    test(`${what} is pushed by digest and by tag, and comes back byte for byte [Pushing Manifests]`, async () => {
      const document = await make(caller, repository)
      await pushManifest(caller, repository, document)
      await pushManifest(caller, repository, document, `shape-${index}`)
      await pushManifest(caller, repository, document, `Shape_${index}.again`)
    })
  }

  test('a manifest is taken from a client that does not say its length', async () => {
    const image = documentOf({ mediaType: mediaTypes.manifest, ...(await pushParts(caller, repository)) })
    expect(await putManifest(caller, repository, image.digest, { ...image, chunked: true }), 201)
    await expectManifest(caller, repository, image.digest, image)
  })

  test('a sha512 index, its children and their blobs are found by their sha512 digests', async () => {
    const image = await pushImageOf(caller, repository, 'sha512')
    const fields = { mediaType: mediaTypes.index, manifests: [image.descriptor] }
    await pushManifest(caller, repository, documentOf(fields, { algorithm: 'sha512' }))
  })
}

function testTagParameters(caller: Caller): void {
  const repository = caller.repository('tag-parameters')
  for (const algorithm of ['sha256', 'sha512'] as const) {
    test(`a ${algorithm} manifest is pushed by digest with tags, and says which it got [Pushing Manifests]`, async () => {
      const image = await pushImageOf(caller, repository, algorithm)
      const tags = Array.from({ length: 10 }, (_, index) => `${algorithm}-${index}`)
      const query = tags.map((tag) => `tag=${tag}`).join('&')
      const put = expect(await putManifest(caller, repository, `${image.digest}?${query}`, image), 201)
      assert.equal(header(put, 'docker-content-digest'), image.digest)
      const said = put.headers['oci-tag']
      assert.deepEqual(String(said).split(/,\s*/).sort(), tags.toSorted())
      for (const tag of tags) await expectManifest(caller, repository, tag, image)
    })
  }

  test('a push with an impossible tag among its parameters leaves none of them', async () => {
    const image = await pushImageOf(caller, repository)
    const bad = await putManifest(caller, repository, `${image.digest}?tag=possible&tag=-impossible`, image)
    expectError(bad, 400)
    expect(await caller.send({ method: 'HEAD', path: `/v2/${repository}/manifests/possible` }), 404)
  })
}

function testRejections(caller: Caller): void {
  const repository = caller.repository('manifest-rejections')
  let image: Document = documentOf({ mediaType: mediaTypes.index, manifests: [] })
  before(async () => {
    image = documentOf({ mediaType: mediaTypes.manifest, ...(await pushParts(caller, repository)) })
  })

  test('a manifest that is not what its digest says is rejected', async () => {
    const spoilt = { ...image, bytes: Buffer.concat([image.bytes, Buffer.from('  ')]) }
    expectError(await putManifest(caller, repository, image.digest, spoilt), 400, 'DIGEST_INVALID')
    expect(await caller.send({ method: 'HEAD', path: `/v2/${repository}/manifests/${image.digest}` }), 404)
  })

  test('a manifest under an impossible digest is rejected', async () => {
    const hexadecimal = image.digest.slice('sha256:'.length)
    for (const digest of ['sha256:baddigeststring', `sha256:${hexadecimal}0`, `md5:${hexadecimal.slice(0, 32)}`]) {
      expectError(await putManifest(caller, repository, digest, image), 400)
    }
  })

  test('a manifest whose type is not the one it is sent as is rejected', async () => {
    const types = [mediaTypes.index, 'application/vnd.docker.distribution.manifest.v2+json']
    for (const mediaType of types) {
      expectError(await putManifest(caller, repository, 'confused', { ...image, mediaType }), 400, 'MANIFEST_INVALID')
    }
    const both = documentOf({ mediaType: mediaTypes.index, manifests: [], layers: [emptyDescriptor] })
    expectError(await putManifest(caller, repository, 'confused', both), 400, 'MANIFEST_INVALID')
  })

  test('what is no manifest is rejected', async () => {
    for (const text of ['', 'blablabla', '[]', 'null', '{', '{"schemaVersion":2}', '"{}"', '\ufeff{}']) {
      const nothing = { bytes: Buffer.from(text), mediaType: mediaTypes.manifest }
      expectError(await putManifest(caller, repository, 'nothing', nothing), 400, 'MANIFEST_INVALID')
    }
  })

  test('an image whose config was never pushed is denied, and the error names the missing blob', async () => {
    const config = describe(randomContent(5), mediaTypes.config)
    const lacking = documentOf({ mediaType: mediaTypes.manifest, config, layers: [] })
    const rejected = await putManifest(caller, repository, lacking.digest, lacking)
    expectError(rejected, [400, 404], 'MANIFEST_BLOB_UNKNOWN')
    assert.match(rejected.text(), new RegExp(config.digest))
  })

  test('a manifest above 4 MiB is rejected', async () => {
    const annotations = { large: 'A'.repeat(4 * 1024 * 1024) }
    const large = documentOf({ mediaType: mediaTypes.index, manifests: [], annotations })
    for (const chunked of [false, true]) {
      expect(await putManifest(caller, repository, 'large', { ...large, chunked }), 413)
    }
  })
}

function testReads(caller: Caller): void {
  const repository = caller.repository('manifest-reads')
  let image: Document = documentOf({ mediaType: mediaTypes.index, manifests: [] })
  before(async () => {
    image = await pushImageOf(caller, repository)
  })

  test('a reference that leads nowhere, or is none at all, is not found [Pulling manifests]', async () => {
    const missing = randomContent(5).digest
    for (const reference of ['missing', missing, '.INVALID_MANIFEST_NAME', '-x', 'x'.repeat(129)]) {
      const path = `/v2/${repository}/manifests/${reference}`
      const headers = { accept: mediaTypes.manifest }
      expectError(await caller.send({ path, headers }), 404)
      assert.equal(expect(await caller.send({ method: 'HEAD', path }), 404).body.length, 0)
    }
    expectError(await caller.send({ path: `/v2/${caller.repository('never')}/manifests/1` }), 404)
  })

  test('an impossible digest is rejected in the form that OCI prescribes, even by a GET with a body', async () => {
    const headers = { 'content-type': mediaTypes.manifest }
    const path = `/v2/${repository}/manifests/sha256:totallywrong`
    const rejected = await caller.send({ path, headers, body: Buffer.from('blablabla') })
    expectError(rejected, [400, 404], 'DIGEST_INVALID', 'MANIFEST_INVALID', 'MANIFEST_UNKNOWN')
  })

  test('a manifest is returned for any Accept header', async () => {
    const path = `/v2/${repository}/manifests/${image.digest}`
    for (const accept of [undefined, '*/*', 'text/html', `${mediaTypes.index}, ${mediaTypes.manifest};q=0.5`]) {
      const response = expect(await caller.send({ path, headers: { ...(accept !== undefined && { accept }) } }), 200)
      assert.equal(header(response, 'content-type'), mediaTypes.manifest)
      assert.ok(response.body.equals(image.bytes))
    }
  })

  test('a manifest is pushed again, by digest and under four tags, without complaint', async () => {
    for (const reference of [image.digest, 'one', 'two', 'three', 'four', 'one']) {
      const put = expect(await putManifest(caller, repository, reference, image), 201)
      assert.equal(location(put), `/v2/${repository}/manifests/${image.digest}`)
    }
  })

  test('a tag that is pushed again points to the new manifest at once', async () => {
    const next = await pushImageOf(caller, repository)
    await pushManifest(caller, repository, image, 'moving')
    await pushManifest(caller, repository, next, 'moving')
    await expectManifest(caller, repository, image.digest, image)
  })
}

/** The tests of [OCI distribution-spec, Pushing Manifests, Pulling manifests] for one caller. */
export function testManifests(caller: Caller): void {
  testShapes(caller)
  testTagParameters(caller)
  testRejections(caller)
  testReads(caller)
}
