import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { HttpResponse } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { basic, pushBlob, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const pushed = await pushImage(server, 'team/app', '1', owner)
const fsLayers = [{ blobSum: pushed.layers[0]?.digest }]
const { config, layers } = pushed
const manifests = [{ mediaType: pushed.mediaType, digest: pushed.digest, size: pushed.size }]
const blobs = layers

const types = {
  image: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  artifact: 'application/vnd.oci.artifact.manifest.v1+json',
  dockerImage: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  schema1: 'application/vnd.docker.distribution.manifest.v1+json',
  schema1Signed: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
} as const
type Kind = keyof typeof types

/** A right document of each kind, without a media type in it. */
const right: Record<Exclude<Kind, 'schema1' | 'schema1Signed'>, Record<string, unknown>> = {
  image: { schemaVersion: 2, config, layers, annotations: { kind: 'image' } },
  index: { schemaVersion: 2, manifests, annotations: { kind: 'index' } },
  artifact: { blobs, annotations: { kind: 'artifact' } },
  dockerImage: { schemaVersion: 2, config, layers, annotations: { kind: 'dockerImage' } },
  dockerList: { schemaVersion: 2, manifests, annotations: { kind: 'dockerList' } },
}

async function put(document: unknown, contentType: string | undefined, tag = 'confused'): Promise<HttpResponse> {
  const body = typeof document === 'string' ? document : JSON.stringify(document)
  const headers = contentType === undefined ? [] : [['Content-Type', contentType] as const]
  return wire.send({ method: 'PUT', target: `/v2/team/app/manifests/${tag}`, authorization: owner, headers, body })
}

function assertInvalid(answer: HttpResponse, what: string): void {
  assert.equal(answer.status, 400, `${what}: ${answer.status} ${answer.text()}`)
  assert.equal(stringAt(answer.json(), 'errors', 0, 'code'), 'MANIFEST_INVALID', what)
}

test('fault 43: a right manifest is taken with its media type, without it, and in no other type', async () => {
  for (const [kind, document] of Object.entries(right) as [keyof typeof right, Record<string, unknown>][]) {
    assert.equal((await put(document, types[kind], 'right')).status, 201, kind)
    assert.equal((await put({ mediaType: types[kind], ...document }, types[kind], 'right')).status, 201, kind)
    for (const other of Object.keys(types) as Kind[]) {
      if (other === kind) continue
      assertInvalid(await put({ mediaType: types[kind], ...document }, types[other]), `${kind} sent as ${other}`)
      assertInvalid(await put({ mediaType: types[other], ...document }, types[kind]), `${kind} that says ${other}`)
    }
  }
})

test('fault 43: a manifest that reads both as an image and as an index is denied under every type', async () => {
  const both: Record<string, Record<string, unknown>> = {
    'layers and manifests': { schemaVersion: 2, config, layers, manifests },
    'a config and manifests': { schemaVersion: 2, config, manifests },
    'layers and manifests without a config': { schemaVersion: 2, layers, manifests },
  }
  for (const [what, document] of Object.entries(both)) {
    for (const type of Object.values(types)) {
      for (const mediaType of [undefined, type])
        assertInvalid(await put({ mediaType, ...document }, type), `${what} as ${type}`)
    }
  }
  const unknown = 'application/vnd.example.unknown+json'
  assertInvalid(await put({ schemaVersion: 2, layers, manifests }, unknown), 'layers and manifests of an unknown type')
  assertInvalid(await put({ blobs, manifests }, unknown), 'blobs and manifests of an unknown type')
  assertInvalid(await put({ blobs, manifests }, types.artifact), 'an artifact with manifests')
})

test('fault 43: a manifest that another reader would read otherwise is rejected', async () => {
  const text = JSON.stringify(right.image)
  const cases: Record<string, string> = {
    'manifests in other letters': JSON.stringify({ ...right.image, Manifests: manifests }),
    'layers in other letters': JSON.stringify({ ...right.index, LAYERS: layers, Config: config }),
    'a media type in other letters': JSON.stringify({ ...right.image, MediaType: types.index }),
    'a config in other letters': JSON.stringify({ ...right.image, CONFIG: { ...config, digest: pushed.digest } }),
    'layers with a long s': JSON.stringify({ ...right.image, 'layer\u017f': layers }),
    'a subject in other letters': JSON.stringify({ ...right.image, SUBJECT: manifests[0] }),
    'a digest in other letters': JSON.stringify({ ...right.image, config: { ...config, DIGEST: pushed.digest } }),
    'two JSON values': `${text}${JSON.stringify(right.index)}`,
    'a byte order mark': `\ufeff${text}`,
    'a comment': `/* x */${text}`,
    'a trailing comma': `${text.slice(0, -1)},}`,
    'layers of schema 1': JSON.stringify({ ...right.image, fsLayers, history: [] }),
  }
  for (const [what, body] of Object.entries(cases)) assertInvalid(await put(body, types.image), what)
  assertInvalid(await put(cases['layers in other letters'], types.index), 'layers in other letters, as an index')
})

test('fault 43: a manifest that says the same field twice, which readers take differently, is rejected', async () => {
  const first = JSON.stringify({ mediaType: types.image }).slice(1, -1)
  const second = JSON.stringify({ mediaType: types.index }).slice(1, -1)
  const rest = JSON.stringify(right.image).slice(1)
  const cases = {
    'two media types': `{${second},${first},${rest}`,
    'two media types, the other way round': `{${first},${second},${rest}`,
    'two configs': `{"config":${JSON.stringify({ ...config, digest: `sha256:${'0'.repeat(64)}` })},${rest}`,
    'two lists of layers': `{"layers":[{"mediaType":"a/b","digest":"sha256:${'1'.repeat(64)}","size":1}],${rest}`,
    'two subjects': `{"subject":${JSON.stringify(manifests[0])},"subject":null,${rest}`,
  }
  for (const [what, body] of Object.entries(cases)) assertInvalid(await put(body, types.image), what)
})

test('fault 43: schema 1 is denied in words, in every disguise', async () => {
  const schema1 = { schemaVersion: 1, name: 'team/app', tag: '1', architecture: 'amd64', fsLayers, history: [] }
  const signed = { ...schema1, signatures: [{ header: {}, signature: 'x', protected: 'x' }] }
  for (const document of [schema1, signed, { ...schema1, schemaVersion: 2 }, { ...right.image, schemaVersion: 1 }]) {
    for (const type of [...Object.values(types), 'application/json', undefined]) {
      const answer = await put(document, type)
      assertInvalid(answer, `schema 1 as ${type}`)
    }
  }
  const answer = await put(schema1, types.schema1)
  assert.match(stringAt(answer.json(), 'errors', 0, 'message'), /schema 1/)
})

test('fault 43: a manifest is served as it was pushed, for any Accept header', async () => {
  for (const accept of [
    types.index,
    types.dockerList,
    types.dockerImage,
    types.schema1,
    'text/html',
    '*/*',
    '',
    'application/json',
  ]) {
    for (const reference of ['1', pushed.digest]) {
      const target = `/v2/team/app/manifests/${reference}`
      const read = await wire.send({ target, authorization: owner, headers: [['Accept', accept]] })
      assert.equal(read.status, 200, accept)
      assert.equal(read.headers['content-type'], pushed.mediaType)
      assert.deepEqual(read.body, pushed.manifest)
      assert.equal(read.headers['docker-content-digest'], pushed.digest)
    }
  }
})

test('fault 43: the same bytes are not stored under two types', async () => {
  const { bytes, digest } = await neutral()
  const target = `/v2/team/app/manifests/${digest}`
  const sendAs = async (type: string): Promise<HttpResponse> =>
    wire.send({ method: 'PUT', target, authorization: owner, headers: [['Content-Type', type]], body: bytes })
  assert.equal((await sendAs(types.image)).status, 201)
  const second = await sendAs(types.dockerImage)
  const read = await wire.send({ target, authorization: owner })
  assert.equal(read.headers['content-type'], types.image, 'a pull by digest changed its type')
  if (second.status !== 201) assertInvalid(second, 'the same bytes as another type')
})

/** A manifest with no media type in it, which could be an image of either kind. */
async function neutral(): Promise<{ bytes: Buffer; digest: string }> {
  const bytes = Buffer.from(JSON.stringify({ ...right.image, annotations: { made: 'twice' } }))
  const { digest } = await pushBlob(server, 'scratch', bytes, owner)
  return { bytes, digest }
}
