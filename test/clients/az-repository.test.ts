import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after } from 'node:test'
import { enableAdmin } from '../harness/arm.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { basic, get, pushImage, putManifest, type PushedImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { azHome, signIn, step } from './az/az.ts'
import { secretFile } from '../harness/secret-file.ts'

const server = await startServer()
const az = azHome(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { registry, loginServer } = server.firstRun
const hello = 'samples/hello'
const admin = await enableAdmin(server)
const authorization = basic(admin.username, admin.password)
const image = await pushImage(server, hello, 'v1', authorization)
const second = await pushImage(server, hello, 'v2', authorization)
await tagAs(hello, 'latest', second)
const sbom = await pushImage(
  server,
  hello,
  {
    tag: 'sbom',
    layers: [Buffer.from('{}')],
    artifactType: 'application/spdx+json',
    subject: { mediaType: image.mediaType, digest: image.digest, size: image.size },
  },
  authorization,
)
const many = Array.from({ length: 103 }, (_, index) => `build-${String(index).padStart(3, '0')}`)
const crowded = await pushImage(server, 'crowded', 'build-000', authorization)
for (const tag of many.slice(1)) await tagAs('crowded', tag, crowded)

async function tagAs(repository: string, tag: string, pushed: PushedImage): Promise<void> {
  const manifest = { mediaType: pushed.mediaType, bytes: pushed.manifest }
  const { status } = await putManifest(server, repository, { reference: tag, ...manifest }, authorization)
  assert.equal(status, 201)
}

async function statusOf(reference: string): Promise<number> {
  return (await get(server, `/v2/${hello}/manifests/${reference}`, authorization)).status
}

const acr = (...args: string[]): Promise<unknown> => az.json('acr', ...args)
const unlocked = { deleteEnabled: true, listEnabled: true, readEnabled: true, writeEnabled: true }

step('az acr repository list names every repository', ['az'], async () => {
  await signIn(az, server)
  assert.deepEqual(await acr('repository', 'list', '-n', registry), ['crowded', hello])
  assert.deepEqual(await acr('repository', 'list', '-n', registry, '--top', '1'), ['crowded'])
})

step('az acr repository list works with the admin account’s name and password', ['az'], async () => {
  const credential = ['-u', admin.username, '-p', secretFile(admin.password)]
  assert.deepEqual(await acr('repository', 'list', '-n', registry, ...credential), ['crowded', hello])
})

step('az acr repository show gives a repository, a tag and a manifest', ['az'], async () => {
  const repository = await acr('repository', 'show', '-n', registry, '--repository', hello)
  assert.partialDeepStrictEqual(repository, {
    registry: loginServer,
    imageName: hello,
    manifestCount: 3,
    tagCount: 4,
    changeableAttributes: unlocked,
  })
  assert.ok(!Number.isNaN(Date.parse(stringAt(repository, 'createdTime'))))
  assert.partialDeepStrictEqual(await acr('repository', 'show', '-n', registry, '--image', `${hello}:latest`), {
    name: 'latest',
    digest: second.digest,
    signed: false,
    changeableAttributes: unlocked,
  })
  assert.partialDeepStrictEqual(
    await acr('repository', 'show', '-n', registry, '--image', `${hello}@${second.digest}`),
    {
      digest: second.digest,
      mediaType: second.mediaType,
      configMediaType: second.config.mediaType,
      architecture: 'amd64',
      os: 'linux',
      tags: ['latest', 'v2'],
      imageSize: second.size + second.config.size + (second.layers[0]?.size ?? 0),
    },
  )
})

step('az acr repository show-tags sorts, cuts and details', ['az'], async () => {
  const tags = ['repository', 'show-tags', '-n', registry, '--repository', hello]
  assert.deepEqual(await acr(...tags), ['latest', 'sbom', 'v1', 'v2'])
  assert.deepEqual(await acr(...tags, '--orderby', 'time_desc'), ['sbom', 'latest', 'v2', 'v1'])
  assert.deepEqual(await acr(...tags, '--orderby', 'time_asc', '--top', '1'), ['v1'])
  const [first] = listAt(await acr(...tags, '--detail', '--top', '1'))
  assert.partialDeepStrictEqual(first, { name: 'latest', digest: second.digest, changeableAttributes: unlocked })
})

step('az follows the pages of a list longer than a hundred', ['az'], async () => {
  assert.deepEqual(await acr('repository', 'show-tags', '-n', registry, '--repository', 'crowded'), many)
})

step('az acr manifest list-metadata and show-metadata describe manifests', ['az'], async () => {
  const listed = listAt(await acr('manifest', 'list-metadata', '-r', registry, '-n', hello))
  assert.deepEqual(
    listed.map((one) => stringAt(one, 'digest')).sort(),
    [image.digest, second.digest, sbom.digest].sort(),
  )
  const described = listed.find((one) => at(one, 'digest') === second.digest)
  assert.partialDeepStrictEqual(described, { tags: ['latest', 'v2'], mediaType: second.mediaType, os: 'linux' })
  assert.partialDeepStrictEqual(await acr('manifest', 'show-metadata', '-r', registry, '-n', `${hello}:v1`), {
    name: 'v1',
    digest: image.digest,
  })
})

step('az acr manifest show gives the manifest byte for byte, by tag and by digest', ['az'], async () => {
  const show = ['acr', 'manifest', 'show', '-r', registry, '-n']
  const expected = JSON.parse(image.manifest.toString('utf8')) as unknown
  assert.deepEqual(await az.json(...show, `${hello}:v1`), expected)
  assert.deepEqual(await az.json(...show, `${hello}@${image.digest}`), expected)
  const { stdout } = await az.run([...show, `${hello}:v1`, '--raw'])
  assert.equal(`sha256:${createHash('sha256').update(stdout).digest('hex')}`, image.digest)
  assert.equal(listAt(await acr('manifest', 'list', '-r', registry, '-n', hello)).length, 3)
})

step('az acr manifest list-referrers finds what refers to an image, and filters by its type', ['az'], async () => {
  const referrers = ['manifest', 'list-referrers', '-r', registry, '-n']
  assert.partialDeepStrictEqual(await acr(...referrers, `${hello}:v1`), {
    manifests: [{ digest: sbom.digest, size: sbom.size, artifactType: 'application/spdx+json' }],
  })
  assert.deepEqual(listAt(await acr(...referrers, `${hello}:v2`), 'manifests'), [])
  const filtered = await acr(...referrers, `${hello}:v1`, '--artifact-type', 'application/other')
  assert.deepEqual(listAt(filtered, 'manifests'), [])
})

step('az acr repository update locks a tag against writing and deleting, and unlocks it', ['az'], async () => {
  const update = ['repository', 'update', '-n', registry, '--image', `${hello}:v1`, '--write-enabled']
  assert.partialDeepStrictEqual(await acr(...update, 'false'), {
    name: 'v1',
    changeableAttributes: { ...unlocked, writeEnabled: false },
  })
  const untag = ['acr', 'repository', 'untag', '-n', registry, '--image', `${hello}:v1`]
  await az.fails(1, /not allowed|disallowed/i, ...untag)
  const manifest = { mediaType: second.mediaType, bytes: second.manifest }
  assert.equal((await putManifest(server, hello, { reference: 'v1', ...manifest }, authorization)).status, 405)
  assert.equal(
    (await get(server, `/v2/${hello}/manifests/v1`, authorization)).headers['docker-content-digest'],
    image.digest,
  )
  assert.partialDeepStrictEqual(await acr(...update, 'true'), { changeableAttributes: unlocked })
})

step('az acr repository update locks a manifest and a whole repository against deleting', ['az'], async () => {
  const byDigest = ['repository', 'update', '-n', registry, '--image', `${hello}@${image.digest}`, '--delete-enabled']
  assert.partialDeepStrictEqual(await acr(...byDigest, 'false'), {
    digest: image.digest,
    changeableAttributes: { deleteEnabled: false, writeEnabled: true },
  })
  const remove = ['acr', 'repository', 'delete', '-n', registry, '--yes']
  await az.fails(1, /not allowed|disallowed/i, ...remove, '--image', `${hello}:v1`)
  await acr(...byDigest, 'true')

  const whole = ['repository', 'update', '-n', registry, '--repository', hello, '--delete-enabled']
  assert.partialDeepStrictEqual(await acr(...whole, 'false'), {
    imageName: hello,
    changeableAttributes: { deleteEnabled: false },
  })
  await az.fails(1, /not allowed|disallowed/i, ...remove, '--repository', hello)
  assert.equal(await statusOf('v1'), 200)
  await acr(...whole, 'true')
})

step('az acr repository untag takes the tag and leaves the manifest', ['az'], async () => {
  assert.equal(await az.text('acr', 'repository', 'untag', '-n', registry, '--image', `${hello}:latest`), '')
  assert.equal(await statusOf('latest'), 404)
  assert.equal(await statusOf('v2'), 200)
  assert.equal(await statusOf(second.digest), 200)
})

step('az acr repository delete takes a manifest with all its tags, and manifest delete likewise', ['az'], async () => {
  await tagAs(hello, 'again', second)
  await az.text('acr', 'repository', 'delete', '-n', registry, '--image', `${hello}:v2`, '--yes')
  for (const reference of ['v2', 'again', second.digest]) assert.equal(await statusOf(reference), 404)
  await az.text('acr', 'manifest', 'delete', '-r', registry, '-n', `${hello}@${sbom.digest}`, '--yes')
  assert.equal(await statusOf('sbom'), 404)
  assert.deepEqual(await acr('repository', 'show-tags', '-n', registry, '--repository', hello), ['v1'])
})

step('az acr repository delete takes a whole repository and says what went', ['az'], async () => {
  assert.deepEqual(await acr('repository', 'delete', '-n', registry, '--repository', hello, '--yes'), {
    manifestsDeleted: [image.digest],
    tagsDeleted: ['v1'],
  })
  assert.deepEqual(await acr('repository', 'list', '-n', registry), ['crowded'])
})

step('az repeats the registry’s own words for what is not there', ['az'], async () => {
  const show = ['acr', 'repository', 'show', '-n', registry]
  await az.fails(3, /repository "samples\/hello" is not found/, ...show, '--repository', hello)
  await az.fails(3, /the specified tag does not exist/, ...show, '--image', 'crowded:nosuch')
  await az.fails(3, /Correlation ID: [0-9a-f-]{36}/, ...show, '--image', `crowded@sha256:${'0'.repeat(64)}`)
})
