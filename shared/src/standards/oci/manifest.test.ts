import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type Manifest, ManifestInvalidError, maxManifestSizeBytes, parseManifest } from './manifest.ts'
import {
  dockerManifestListType,
  dockerManifestType,
  dockerSchema1SignedType,
  dockerSchema1Type,
  ociArtifactManifestType,
  ociEmptyJsonType,
  ociImageConfigType,
  ociImageIndexType,
  ociImageManifestType,
} from './media-type.ts'

const descriptor = (digit: string, mediaType = 'application/octet-stream', size = 7) => ({
  mediaType,
  digest: `sha256:${digit.repeat(64)}`,
  size,
})
const config = descriptor('1', ociImageConfigType)
const layer = descriptor('2', 'application/vnd.oci.image.layer.v1.tar+gzip')
const subject = descriptor('3', ociImageManifestType)
const child = { ...descriptor('4', ociImageManifestType), platform: { architecture: 'amd64', os: 'linux' } }

const image = { schemaVersion: 2, mediaType: ociImageManifestType, config, layers: [layer] }
const index = { schemaVersion: 2, mediaType: ociImageIndexType, manifests: [child] }
const { mediaType: _imageType, ...untypedImage } = image
const { mediaType: _indexType, ...untypedIndex } = index

function parse(document: unknown, contentType: string | undefined): Manifest {
  return parseManifest(new TextEncoder().encode(JSON.stringify(document)), contentType)
}

test('an image names a configuration and layers', () => {
  assert.deepEqual(parse(image, ociImageManifestType), {
    mediaType: ociImageManifestType,
    kind: 'image',
    artifactType: ociImageConfigType,
    config,
    layers: [layer],
    manifests: [],
    annotations: {},
  })
})

test('an index names manifests', () => {
  assert.deepEqual(parse({ ...index, annotations: { k: 'v' } }, ociImageIndexType), {
    mediaType: ociImageIndexType,
    kind: 'index',
    layers: [],
    manifests: [child],
    annotations: { k: 'v' },
  })
})

test('a manifest is accepted with and without a mediaType field, and with and without a content type', () => {
  // prettier-ignore
  const cases: readonly { document: unknown; contentType: string | undefined; why: string }[] = [
    { document: image, contentType: ociImageManifestType, why: 'both agree' },
    { document: image, contentType: undefined, why: 'the field alone' },
    { document: untypedImage, contentType: ociImageManifestType, why: 'the header alone' },
    { document: { ...image, mediaType: '' }, contentType: ociImageManifestType, why: 'an empty field is none' },
    { document: { ...image, mediaType: ociImageManifestType.toUpperCase() }, contentType: ociImageManifestType, why: 'case' },
  ]
  for (const { document, contentType, why } of cases) {
    assert.equal(parse(document, contentType).mediaType, ociImageManifestType, why)
  }
})

test('valid but unusual documents are accepted', () => {
  // prettier-ignore
  const cases: readonly { document: unknown; contentType: string; kind: Manifest['kind']; why: string }[] = [
    { document: { ...image, layers: [] }, contentType: ociImageManifestType, kind: 'image', why: 'no layers' },
    { document: { ...image, layers: null }, contentType: ociImageManifestType, kind: 'image', why: 'what Go writes for none' },
    { document: { ...index, manifests: [] }, contentType: ociImageIndexType, kind: 'index', why: 'an empty index' },
    { document: { ...index, manifests: null }, contentType: ociImageIndexType, kind: 'index', why: 'what Go writes for none' },
    { document: { ...image, subject: null, manifests: null }, contentType: ociImageManifestType, kind: 'image', why: 'null says nothing' },
    { document: { ...image, 'org.example.own': 'x' }, contentType: ociImageManifestType, kind: 'image', why: 'a field of one’s own' },
    { document: { ...image, config: { ...config, data: 'e30=' } }, contentType: ociImageManifestType, kind: 'image', why: 'embedded data' },
    { document: { ...untypedImage, mediaType: dockerManifestType }, contentType: dockerManifestType, kind: 'image', why: 'Docker schema 2' },
    { document: { ...untypedIndex, mediaType: dockerManifestListType }, contentType: dockerManifestListType, kind: 'index', why: 'a Docker list' },
    { document: { ...index, manifests: [{ ...descriptor('5', ociImageIndexType), platform: null }] }, contentType: ociImageIndexType, kind: 'index', why: 'an index in an index' },
    { document: { ...image, layers: [{ ...layer, digest: `sha512:${'a'.repeat(128)}` }] }, contentType: ociImageManifestType, kind: 'image', why: 'sha512' },
  ]
  for (const { document, contentType, kind, why } of cases) assert.equal(parse(document, contentType).kind, kind, why)
})

test('the artifact type is that of the document, or else that of the configuration', () => {
  // prettier-ignore
  const cases: readonly { document: unknown; artifactType: string | undefined; why: string }[] = [
    { document: { ...image, artifactType: 'a/b', subject }, artifactType: 'a/b', why: 'its own' },
    { document: { ...image, subject }, artifactType: ociImageConfigType, why: 'the configuration’s' },
    { document: { ...image, artifactType: '' }, artifactType: ociImageConfigType, why: 'an empty one is none' },
    { document: { ...image, config: descriptor('1', ociEmptyJsonType), artifactType: 'a/b' }, artifactType: 'a/b', why: 'an artifact of today' },
    { document: { ...index, artifactType: 'a/b' }, artifactType: 'a/b', why: 'an index has one too' },
    { document: index, artifactType: undefined, why: 'an index has no configuration to fall back on' },
  ]
  for (const { document, artifactType, why } of cases) {
    assert.equal(parse(document, undefined).artifactType, artifactType, why)
  }
  assert.deepEqual(parse({ ...image, subject }, undefined).subject, subject)
})

test('the withdrawn artifact manifest names blobs', () => {
  const artifact = { mediaType: ociArtifactManifestType, artifactType: 'a/b', blobs: [layer], subject }
  const parsed = parse(artifact, ociArtifactManifestType)
  assert.deepEqual(parsed.layers, [layer])
  assert.equal(parsed.kind, 'image')
  assert.equal(parsed.artifactType, 'a/b')
  assert.deepEqual(parse({ artifactType: 'a/b' }, ociArtifactManifestType).layers, [], 'it may name none')
})

test('a type of which nothing is known is understood by its structure', () => {
  const type = 'application/vnd.example.thing+json'
  const cases: readonly { document: unknown; kind: Manifest['kind']; names: number; why: string }[] = [
    { document: {}, kind: 'image', names: 0, why: 'neither' },
    { document: { layers: [layer], config }, kind: 'image', names: 2, why: 'like an image' },
    { document: { config }, kind: 'image', names: 1, why: 'a configuration alone' },
    { document: { blobs: [layer] }, kind: 'image', names: 1, why: 'like an artifact' },
    { document: { manifests: [child] }, kind: 'index', names: 1, why: 'like an index' },
    { document: { config: { color: 'red' } }, kind: 'image', names: 0, why: 'a field of the same name' },
    { document: { layers: ['a', 'b'] }, kind: 'image', names: 0, why: 'a field of the same name' },
    { document: { manifests: {} }, kind: 'image', names: 0, why: 'a field of the same name' },
    { document: { schemaVersion: 3 }, kind: 'image', names: 0, why: 'versions are its own business' },
  ]
  for (const { document, kind, names, why } of cases) {
    const parsed = parse(document, type)
    assert.equal(parsed.mediaType, type, why)
    assert.equal(parsed.kind, kind, why)
    assert.equal(parsed.layers.length + parsed.manifests.length + (parsed.config === undefined ? 0 : 1), names, why)
  }
})

test('a document that is not a manifest of its type is rejected with a reason', () => {
  const docker = { ...untypedImage, mediaType: dockerManifestType }
  const schema1 = { schemaVersion: 1, name: 'a', tag: 'b', fsLayers: [{ blobSum: config.digest }], history: [] }
  // prettier-ignore
  const cases: readonly { document: unknown; contentType: string | undefined; message: RegExp; why: string }[] = [
    { document: image, contentType: ociImageIndexType, message: /do not agree/, why: 'GHSA-mc8v-mgrf-8f4m' },
    { document: index, contentType: ociImageManifestType, message: /do not agree/, why: 'GHSA-mc8v-mgrf-8f4m' },
    { document: docker, contentType: ociImageManifestType, message: /do not agree/, why: 'what ACR rejects too' },
    { document: image, contentType: 'application/json', message: /do not agree/, why: 'the header decides' },
    { document: untypedImage, contentType: undefined, message: /neither/, why: 'nothing says what it is' },
    { document: { ...image, mediaType: 7 }, contentType: ociImageManifestType, message: /mediaType is not/, why: 'a number' },
    { document: { ...image, manifests: [child] }, contentType: undefined, message: /must not have the field manifests/, why: 'image and index at once' },
    { document: { ...image, manifests: [] }, contentType: undefined, message: /must not have/, why: 'an empty list says something' },
    { document: { ...index, layers: [layer] }, contentType: undefined, message: /must not have the field layers/, why: 'image and index at once' },
    { document: { ...index, config }, contentType: undefined, message: /must not have the field config/, why: 'image and index at once' },
    { document: { ...index, history: [] }, contentType: undefined, message: /must not have the field history/, why: 'schema 1 and index at once' },
    { document: { ...image, fsLayers: [] }, contentType: undefined, message: /schema 1/, why: 'schema 1 and image at once' },
    { document: { layers: [layer], manifests: [child] }, contentType: 'a/b', message: /both/, why: 'unknown types too' },
    { document: schema1, contentType: dockerSchema1Type, message: /schema 1 are not supported/, why: 'schema 1' },
    { document: schema1, contentType: dockerSchema1SignedType, message: /schema 1 are not supported/, why: 'schema 1, signed' },
    { document: schema1, contentType: 'application/json', message: /schema 1 are not supported/, why: 'schema 1 under any type' },
    { document: { ...untypedImage, schemaVersion: 3 }, contentType: ociImageManifestType, message: /schemaVersion/, why: 'a version nobody knows' },
    { document: { config, layers: [] }, contentType: ociImageManifestType, message: /schemaVersion/, why: 'no version' },
    { document: { ...image, schemaVersion: '2' }, contentType: undefined, message: /schemaVersion/, why: 'text' },
    { document: { ...image, config: undefined }, contentType: undefined, message: /config is not a descriptor/, why: 'no configuration' },
    { document: { ...image, config: [] }, contentType: undefined, message: /config is not a descriptor/, why: 'an array' },
    { document: { ...image, layers: {} }, contentType: undefined, message: /layers is not an array/, why: 'an object' },
    { document: { ...image, layers: [layer, 1] }, contentType: undefined, message: /layers\[1\] is not a descriptor/, why: 'a number' },
    { document: { ...index, manifests: undefined }, contentType: undefined, message: /manifests is missing/, why: 'names nothing at all' },
    { document: { ...image, subject: 'x' }, contentType: undefined, message: /subject is not a descriptor/, why: 'text' },
    { document: { ...image, annotations: { a: 1 } }, contentType: undefined, message: /annotations/, why: 'a number' },
    { document: { ...image, annotations: { a: '\ud800' } }, contentType: undefined, message: /Unicode/, why: 'a lone surrogate' },
    { document: { ...image, Layers: [] }, contentType: undefined, message: /layers has the wrong case/, why: 'Go would read both' },
    { document: { manifests: [{ digest: 'x' }] }, contentType: 'a/b', message: /manifests\[0\]/, why: 'names a digest, and is held to the rules' },
    { document: { blobs: [], layers: [layer] }, contentType: ociArtifactManifestType, message: /must not have/, why: 'artifact and image at once' },
    { document: [], contentType: ociImageManifestType, message: /not a JSON object/, why: 'an array' },
    { document: null, contentType: ociImageManifestType, message: /not a JSON object/, why: 'null' },
    { document: 'x', contentType: ociImageManifestType, message: /not a JSON object/, why: 'text' },
  ]
  for (const { document, contentType, message, why } of cases) {
    assert.throws(
      () => parse(document, contentType),
      (error) => {
        assert.ok(error instanceof ManifestInvalidError, why)
        assert.match(error.message, message, why)
        return true
      },
    )
  }
})

test('hostile bytes are rejected quickly', () => {
  const head = `{"schemaVersion":2,"config":${JSON.stringify(config)},"layers":`
  // prettier-ignore
  const cases: readonly { bytes: Uint8Array; message: RegExp; why: string }[] = [
    { bytes: new TextEncoder().encode('blablabla'), message: /not JSON/, why: 'what the conformance suite sends' },
    { bytes: new Uint8Array(0), message: /not JSON/, why: 'nothing' },
    { bytes: new Uint8Array(maxManifestSizeBytes + 1), message: /larger than 4 MiB/, why: 'too large' },
    { bytes: new TextEncoder().encode(`${head}${'['.repeat(10_000)}`), message: /levels/, why: 'a depth of ten thousand' },
    { bytes: new TextEncoder().encode(`${head}[${'1,'.repeat(2000)}1]}`), message: /more than 2000 entries/, why: 'an entry too many' },
    { bytes: new TextEncoder().encode(`${head}[${'1,'.repeat(1_000_000)}1]}`), message: /at most 20000 values/, why: 'a million entries' },
    { bytes: new TextEncoder().encode(`${head}[],"annotations":{${Array.from({ length: 20_000 }, (_, at) => `"${at}":""`).join(',')}}}`), message: /at most 20000 values/, why: 'a value too many, in annotations' },
    { bytes: Uint8Array.of(0x7b, 0xff, 0x7d), message: /not JSON/, why: 'no UTF-8' },
  ]
  for (const { bytes, message, why } of cases) {
    assert.throws(() => parseManifest(bytes, ociImageManifestType), { name: 'ManifestInvalidError', message }, why)
  }
})

test('fault 44: a document with a duplicate member is rejected, at any place and in any spelling', () => {
  const whole = JSON.stringify({ ...image, annotations: { a: ':{":' } })
  assert.equal(parseManifest(new TextEncoder().encode(whole), undefined).kind, 'image')
  for (const [once, twice] of [
    ['"layers":', '"layers":[],"layers":'],
    ['"a":', '"a":"b","a":'],
    ['"a":', '"\\u0061":"b","a":'],
    ['"schemaVersion":', '"__proto__":{},"__proto__":{},"schemaVersion":'],
  ] as const) {
    const text = whole.replace(once, twice)
    assert.throws(() => parseManifest(new TextEncoder().encode(text), undefined), ManifestInvalidError, twice)
  }
})

test('the document cannot reach a prototype', () => {
  const text = `{"__proto__":{"manifests":[]},"constructor":1,${JSON.stringify(image).slice(1)}`
  assert.equal(parseManifest(new TextEncoder().encode(text), undefined).kind, 'image')
  assert.equal('manifests' in {}, false)
})

test('any bytes are either a manifest or rejected with a reason', () => {
  const types = fc.constantFrom(ociImageManifestType, ociImageIndexType, ociArtifactManifestType, 'a/b', undefined)
  const keys = ['schemaVersion', 'mediaType', 'config', 'layers', 'manifests', 'blobs', 'subject', 'annotations']
  const values = fc.oneof(
    fc.constantFrom<unknown>(2, null, ociImageManifestType, config, [layer], [child], [], {}, [null], [[]]),
    fc.jsonValue({ maxDepth: 3 }),
  )
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), values), types, (document, type) => {
      try {
        const manifest = parse(document, type)
        assert.ok(manifest.layers.length === 0 || manifest.manifests.length === 0)
        assert.ok(type === undefined || manifest.mediaType === type)
      } catch (error) {
        assert.ok(error instanceof ManifestInvalidError, String(error))
      }
    }),
    { numRuns: 500 },
  )
})
