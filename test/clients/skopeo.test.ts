import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setAnonymousPull } from '../harness/arm.ts'
import { clientHome, findProgram, mustRun, requireClient, run } from '../harness/clients.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { writeLayout } from './lib/oci-layout.ts'
import { assertFails, assertWrongPasswordRejected, distrust, layoutDigest, loggedIn, denial } from './lib/steps.ts'
import { everyone, repositoryOf, startUnderTest } from './lib/under-test.ts'

const under = await startUnderTest()
const { host } = under
const scratch = tempDir('skopeo')
const single = join(scratch.path, 'single')
const pair = join(scratch.path, 'pair')
const singleDigest = writeLayout(single, { text: 'one image' }).digest
const pairDigest = writeLayout(pair, { text: 'two images', architectures: ['amd64', 'arm64'] }).digest

after(async () => {
  scratch.remove()
  await under[Symbol.asyncDispose]()
})

async function tagsOf(repository: string, env: Readonly<Record<string, string>>): Promise<readonly unknown[]> {
  const listed = await mustRun('skopeo', ['list-tags', `docker://${host}/${repository}`], { env })
  return listAt(JSON.parse(listed.stdout), 'Tags')
}

for (const who of everyone) {
  test(`skopeo logs in, pushes, pulls, lists and deletes as ${who}, with equal digests`, async (t) => {
    if (!requireClient(t, 'skopeo')) return
    using home = await loggedIn('skopeo', under, under.logins[who])
    const { env } = home
    const repository = repositoryOf(who)
    const image = `docker://${host}/${repository}:1`
    const digestFile = join(home.path, 'digest')
    await mustRun('skopeo', ['copy', '--digestfile', digestFile, `oci:${single}:1`, image], { env })
    assert.equal(readFileSync(digestFile, 'utf8').trim(), singleDigest)
    assert.equal(await under.digestOf(repository, '1'), singleDigest)

    const inspected: unknown = JSON.parse((await mustRun('skopeo', ['inspect', image], { env })).stdout)
    assert.equal(stringAt(inspected, 'Digest'), singleDigest)
    const back = join(home.path, 'back')
    await mustRun('skopeo', ['copy', image, `oci:${back}:1`], { env })
    assert.equal(layoutDigest(back), singleDigest)

    await mustRun('skopeo', ['copy', `oci:${single}:1`, `docker://${host}/${repository}:2`], { env })
    assert.deepEqual(await tagsOf(repository, env), ['1', '2'])
    await mustRun('skopeo', ['delete', image], { env })
    assert.equal(await under.digestOf(repository, '1'), undefined)
    assert.equal(
      await under.digestOf(repository, '2'),
      undefined,
      'skopeo deletes the manifest, so every tag of it goes',
    )
    await mustRun('skopeo', ['logout', host], { env })
    assertFails(await run('skopeo', ['inspect', image], { env }), denial)
  })
}

test('skopeo keeps the digest of an index with two platforms, and of each of its images', async (t) => {
  if (!requireClient(t, 'skopeo')) return
  using home = await loggedIn('skopeo', under, under.logins['a service principal'])
  const { env } = home
  const image = `docker://${host}/clients/pair:1`
  await mustRun('skopeo', ['copy', '--all', '--preserve-digests', `oci:${pair}:1`, image], { env })
  assert.equal(await under.digestOf('clients/pair', '1'), pairDigest)
  const back = join(home.path, 'back')
  await mustRun('skopeo', ['copy', '--all', '--preserve-digests', image, `oci:${back}:1`], { env })
  assert.equal(layoutDigest(back), pairDigest)
})

test('an image of umoci, whose manifest names no media type of its own, comes back unchanged', async (t) => {
  if (!requireClient(t, 'skopeo', 'umoci', 'busybox')) return
  using home = await loggedIn('skopeo', under, under.logins['the admin account'])
  const { env } = home
  const layout = join(home.path, 'oci')
  const bundle = join(home.path, 'bundle')
  await mustRun('umoci', ['init', '--layout', layout], { env })
  await mustRun('umoci', ['new', '--image', `${layout}:1`], { env })
  await mustRun('umoci', ['unpack', '--rootless', '--image', `${layout}:1`, bundle], { env })
  mkdirSync(join(bundle, 'rootfs', 'bin'))
  copyFileSync(findProgram('busybox') ?? '', join(bundle, 'rootfs', 'bin', 'busybox'))
  chmodSync(join(bundle, 'rootfs', 'bin', 'busybox'), 0o755)
  symlinkSync('busybox', join(bundle, 'rootfs', 'bin', 'echo'))
  await mustRun('umoci', ['repack', '--image', `${layout}:1`, bundle], { env })

  const digest = layoutDigest(layout)
  const image = `docker://${host}/clients/umoci:1`
  await mustRun('skopeo', ['copy', `oci:${layout}:1`, image], { env })
  assert.equal(await under.digestOf('clients/umoci', '1'), digest)
  const raw = await mustRun('skopeo', ['inspect', '--raw', image], { env })
  assert.doesNotMatch(raw.stdout, /"mediaType":"application\/vnd\.oci\.image\.manifest/)
  const back = join(home.path, 'back')
  await mustRun('skopeo', ['copy', image, `oci:${back}:1`], { env })
  assert.equal(layoutDigest(back), digest)
})

test('skopeo pushes in the format of Docker schema 2 and reads the same digest back', async (t) => {
  if (!requireClient(t, 'skopeo')) return
  using home = await loggedIn('skopeo', under, under.logins['the admin account'])
  const { env } = home
  const image = `docker://${host}/clients/v2s2:1`
  const digestFile = join(home.path, 'digest')
  await mustRun('skopeo', ['copy', '--format', 'v2s2', '--digestfile', digestFile, `oci:${single}:1`, image], { env })
  const raw = await mustRun('skopeo', ['inspect', '--raw', image], { env })
  assert.match(raw.stdout, /application\/vnd\.docker\.distribution\.manifest\.v2\+json/)
  assert.equal(await under.digestOf('clients/v2s2', '1'), readFileSync(digestFile, 'utf8').trim())
})

test('skopeo copies from one repository to another of the same registry', async (t) => {
  if (!requireClient(t, 'skopeo')) return
  using home = await loggedIn('skopeo', under, under.logins['a service principal'])
  const { env } = home
  const from = `docker://${host}/clients/mount-from:1`
  await mustRun('skopeo', ['copy', `oci:${single}:1`, from], { env })
  await mustRun('skopeo', ['copy', from, `docker://${host}/clients/mount-to:1`], { env })
  assert.equal(await under.digestOf('clients/mount-to', '1'), singleDigest)
})

test('skopeo as a principal with AcrPull pulls and lists, and neither pushes nor deletes', async (t) => {
  if (!requireClient(t, 'skopeo')) return
  using pusher = await loggedIn('skopeo', under, under.logins['a service principal'])
  const image = `docker://${host}/clients/read-only:1`
  await mustRun('skopeo', ['copy', `oci:${single}:1`, image], { env: pusher.env })
  using home = await loggedIn('skopeo', under, { username: under.reader.appId, password: under.reader.password })
  const { env } = home
  await mustRun('skopeo', ['copy', image, `oci:${join(home.path, 'back')}:1`], { env })
  assert.deepEqual(await tagsOf('clients/read-only', env), ['1'])
  const pushed = await run('skopeo', ['copy', `oci:${single}:1`, `docker://${host}/clients/read-only:2`], { env })
  assertFails(pushed, denial)
  assertFails(await run('skopeo', ['delete', image], { env }), denial)
  assert.equal(await under.digestOf('clients/read-only', '1'), singleDigest)
  assert.equal(await under.digestOf('clients/read-only', '2'), undefined)
})

test('skopeo pulls and lists anonymously while the registry allows it, and never pushes or deletes so', async (t) => {
  if (!requireClient(t, 'skopeo')) return
  using pusher = await loggedIn('skopeo', under, under.logins['the admin account'])
  const image = `docker://${host}/clients/anonymous:1`
  await mustRun('skopeo', ['copy', `oci:${single}:1`, image], { env: pusher.env })
  using home = clientHome(under.server.caFile)
  const { env } = home
  const pull = ['copy', image, `oci:${join(home.path, 'back')}:1`]
  assertFails(await run('skopeo', pull, { env }), denial)
  await setAnonymousPull(under.server, true)
  await mustRun('skopeo', pull, { env })
  assert.equal(layoutDigest(join(home.path, 'back')), singleDigest)
  assert.deepEqual(await tagsOf('clients/anonymous', env), ['1'])
  const pushed = await run('skopeo', ['copy', `oci:${single}:1`, `docker://${host}/clients/anonymous:2`], { env })
  assertFails(pushed, denial)
  assertFails(await run('skopeo', ['delete', image], { env }), denial)
  await setAnonymousPull(under.server, false)
  assertFails(await run('skopeo', pull, { env }), denial)
  assert.equal(await under.digestOf('clients/anonymous', '1'), singleDigest)
})

test('skopeo is not logged in by a wrong password, for any user name', async (t) => {
  if (!requireClient(t, 'skopeo')) return
  await assertWrongPasswordRejected('skopeo', under)
})

test('skopeo does not connect to the server unless it trusts its certificate authority', async (t) => {
  if (!requireClient(t, 'skopeo')) return
  using home = clientHome()
  const { username, password } = under.logins['the admin account']
  const login = ['login', '-u', username, '--password-stdin', host]
  assertFails(await run('skopeo', login, { env: home.env, input: password }), distrust)
})
