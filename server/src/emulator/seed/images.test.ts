import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import { type Manifest, parseManifest } from '@acrux/shared/standards/oci/manifest.ts'
import { ociImageIndexType, ociImageManifestType } from '@acrux/shared/standards/oci/media-type.ts'
import type { RepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import { openTestSeed } from '../../../testing/emulator/test-seed.ts'
import { type ImageRecipe, generateImage } from './generated-image.ts'

const recipe: ImageRecipe = { name: 'app:1', layers: 2, bytes: 1024, platforms: undefined, subject: undefined }

async function manifestOf({ digest, source }: Awaited<ReturnType<typeof generateImage>>): Promise<Manifest> {
  const { bytes, contentType } = await source.manifest({ kind: 'digest', digest })
  return parseManifest(bytes, contentType)
}

test('equal recipes give equal digests, and others do not', async () => {
  const { digest } = await generateImage(recipe)
  assert.equal((await generateImage({ ...recipe })).digest, digest)
  const others = [{ name: 'app:2' }, { layers: 1 }, { bytes: 1025 }, { platforms: ['linux/amd64'] }]
  const digests = await Promise.all(others.map(async (other) => (await generateImage({ ...recipe, ...other })).digest))
  assert.equal(new Set([digest, ...digests]).size, 5)
})

test('the digest of a generated image is the same on every machine', async () => {
  assert.equal(
    (await generateImage(recipe)).digest,
    'sha256:8780866af69689b2e47cc28627490c7127de8e13046740b74e3d73a72f5cae3a',
  )
})

test('a layer is a tar archive with one file of the wanted size', async (t) => {
  for (const bytes of [1, 512, 100_000]) {
    const image = await generateImage({ ...recipe, bytes })
    const { layers, config } = await manifestOf(image)
    assert.equal(layers.length, 2)
    assert.equal(new Set(layers.map(({ digest }) => digest)).size, 2)
    const [layer] = layers
    assert.ok(layer && config)
    const blob = await image.source.blob(layer.digest)
    assert.ok(!('heldBy' in blob))
    const archive = Buffer.concat(await blob.toArray())
    assert.equal(archive.length, layer.size)
    assert.equal(`sha256:${hash('sha256', archive)}`, layer.digest)
    const { directory } = await temporary(t)
    const file = path.join(directory, 'layer.tar')
    await writeFile(file, archive)
    const { stdout } = await promisify(execFile)('tar', ['-tvf', file])
    assert.match(stdout, new RegExp(`^-rw-r--r-- 0/0 +${bytes} 1970-01-01 [0-9:]+ data/[0-9a-f]{16}\\n$`))
  }
})

async function temporary(t: TestContext): Promise<{ directory: string }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-test-seed-'))
  t.after(() => rm(directory, { recursive: true }))
  return { directory }
}

test('images are stored once, with tags, platforms and subjects', async (t) => {
  const { apply, resources, registry, events } = await openTestSeed(t)
  const text = `
version: 1
registries: [{ name: contoso }]
images:
  - { ref: contoso/team/app:1, layers: 2, bytes: 1024 }
  - { ref: contoso/team/app, platforms: [linux/amd64, linux/arm64/v8] }
  - { ref: contoso/team/app:signature, subject: '1' }
  - { ref: contoso/team/other:1 }
  - { ref: contoso/team/app:sbom, subject: 'contoso/team/app:1' }
`
  const outputs = await apply(text)
  const before = await events()
  assert.deepEqual(await apply(text), outputs)
  assert.deepEqual(await events(), before)
  const images = outputs.images ?? {}
  assert.deepEqual(
    Object.values(images).map(({ reference }) => reference),
    ['1', 'latest', 'signature']
      .map((tag) => `contoso.azurecr.example/team/app:${tag}`)
      .concat(['contoso.azurecr.example/team/other:1', 'contoso.azurecr.example/team/app:sbom']),
  )
  const rid = (await resources.findRegistryByName('contoso'))?.rid ?? ''
  const read = async (ref: string) => {
    const digest = images[ref]?.digest as Digest
    const stored = await registry.content.readManifest(
      { rid, repository: 'team/app' as RepositoryName },
      { kind: 'digest', digest },
    )
    assert.ok(stored, ref)
    return parseManifest(stored.bytes, stored.mediaType)
  }
  const index = await read('contoso/team/app')
  assert.equal(index.mediaType, ociImageIndexType)
  assert.deepEqual(
    index.manifests.map(({ platform }) => [platform?.os, platform?.architecture, platform?.variant]),
    [
      ['linux', 'amd64', undefined],
      ['linux', 'arm64', 'v8'],
    ],
  )
  for (const ref of ['contoso/team/app:signature', 'contoso/team/app:sbom']) {
    const { subject, mediaType } = await read(ref)
    assert.equal(mediaType, ociImageManifestType)
    assert.equal(subject?.digest, images['contoso/team/app:1']?.digest)
  }
})

test('a referrer without a tag is stored by its digest, and an image that exists can be its subject', async (t) => {
  const { apply } = await openTestSeed(t)
  await apply('version: 1\nregistries: [{ name: contoso }]\nimages: [{ ref: contoso/app:1 }]')
  const outputs = await apply('version: 1\nimages: [{ ref: contoso/app, subject: app:1 }]')
  const { digest, reference } = outputs.images?.['contoso/app'] ?? { digest: '', reference: '' }
  assert.equal(reference, `contoso.azurecr.example/app@${digest}`)
})

/** Writes an OCI layout with these images, by their names. */
async function writeLayout(directory: string, names: readonly string[]): Promise<void> {
  await mkdir(path.join(directory, 'blobs/sha256'), { recursive: true })
  await writeFile(path.join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  const manifests: object[] = []
  for (const name of names) {
    const image = await generateImage({ ...recipe, name })
    const { source, ...descriptor } = image
    const { bytes } = await source.manifest({ kind: 'digest', digest: descriptor.digest })
    const { config, layers } = await manifestOf(image)
    for (const digest of [descriptor.digest, ...[config, ...layers].map((part) => part?.digest)]) {
      const blob = digest === descriptor.digest ? bytes : await source.blob(digest as Digest)
      await writeFile(path.join(directory, 'blobs', String(digest).replace(':', '/')), blob as Uint8Array)
    }
    manifests.push({ ...descriptor, annotations: { 'org.opencontainers.image.ref.name': name } })
  }
  await writeFile(path.join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
}

test('an image is read from an OCI layout, a directory or an archive of one', async (t) => {
  const { apply } = await openTestSeed(t)
  const { directory } = await temporary(t)
  await writeLayout(path.join(directory, 'layout'), ['v1', 'v2'])
  await promisify(execFile)('tar', [
    '-C',
    path.join(directory, 'layout'),
    '-cf',
    path.join(directory, 'layout.tar'),
    '.',
  ])
  const [v1, v2] = await Promise.all(['v1', 'v2'].map((name) => generateImage({ ...recipe, name })))
  const text = `
version: 1
registries: [{ name: contoso }]
images: [{ ref: contoso/a:v1, from: ./layout }, { ref: contoso/b:v2, from: layout.tar }]
`
  const { images } = await apply(text, directory)
  assert.equal(images?.['contoso/a:v1']?.digest, v1?.digest)
  assert.equal(images?.['contoso/b:v2']?.digest, v2?.digest)

  const failures: readonly (readonly [image: string, message: RegExp])[] = [
    [
      '{ ref: contoso/a:v3, from: layout }',
      /images\[0\]\.from cannot be used: .*layout has 2 images, but no image has the name v3: v1, v2$/,
    ],
    ['{ ref: contoso/a:v1, from: nowhere }', /nowhere cannot be read: the path does not exist/],
    ['{ ref: contoso/a:v1, from: layout/oci-layout }', /is not an OCI layout, because index\.json is missing$/],
    ['{ ref: contoso/a:v1, from: layout/blobs }', /is not an OCI layout, because index\.json is missing$/],
    ['{ ref: contoso/a:v1, from: layout, layers: 2 }', /images\[0\]\.layers applies only to generated images/],
    ['{ ref: fabrikam/a:v1 }', /images\[0\]\.ref names the registry fabrikam, but there is no such registry$/],
    ['{ ref: contoso/A:v1 }', /images\[0\]\.ref must be a registry, a repository and a tag/],
    [
      '{ ref: contoso/a:v1, subject: b:v2 }',
      /images\[0\]\.subject must be a tag, a digest or a reference of an image in the/,
    ],
    ['{ ref: contoso/a:v1, subject: v9 }', /images\[0\]\.subject names v9, but there is no such image/],
  ]
  for (const [image, message] of failures) {
    await assert.rejects(apply(`version: 1\nimages: [${image}]`, directory), { name: 'SeedError', message })
  }
  await assert.rejects(apply('version: 1\nimages: [{ ref: contoso/a:v1, from: layout }]'), {
    message: /images\[0\]\.from is not allowed here/,
  })
})
