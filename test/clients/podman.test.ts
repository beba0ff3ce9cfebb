import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setAnonymousPull } from '../harness/arm.ts'
import { clientHome, mustRun, requireClient, requireRoot, run, type ClientHome } from '../harness/clients.ts'
import { stringAt } from '../harness/json.ts'
import { digestOf } from '../harness/registry.ts'
import { busybox } from './lib/oci-layout.ts'
import { assertFails, assertWrongPasswordRejected, distrust, loggedIn, denial } from './lib/steps.ts'
import { everyone, repositoryOf, startUnderTest } from './lib/under-test.ts'

const under = await startUnderTest()
const { host } = under

after(() => under[Symbol.asyncDispose]())

/** Builds an image of busybox and a text, under the name given, in the home's own storage. */
async function build(home: ClientHome, name: string, text: string): Promise<void> {
  writeFileSync(join(home.path, 'tmp', 'busybox'), busybox(), { mode: 0o755 })
  writeFileSync(join(home.path, 'tmp', 'text'), text)
  writeFileSync(join(home.path, 'tmp', 'Containerfile'), 'FROM scratch\nCOPY busybox /bin/busybox\nCOPY text /text\n')
  const isolation = ['--isolation', 'chroot', '--network', 'host']
  await mustRun('podman', ['build', '-q', ...isolation, '-t', name, join(home.path, 'tmp')], { env: home.env })
}

/** Pushes a local image and returns the digest that podman says it has in the registry. */
async function push(home: ClientHome, name: string, flags: readonly string[] = []): Promise<string> {
  const digestFile = join(home.path, 'digest')
  await mustRun('podman', ['push', '--digestfile', digestFile, ...flags, name], { env: home.env })
  return readFileSync(digestFile, 'utf8').trim()
}

async function pulledDigest(home: ClientHome, name: string): Promise<string> {
  await mustRun('podman', ['pull', '-q', name], { env: home.env })
  const inspected = await mustRun('podman', ['image', 'inspect', '--format', '{{.Digest}}', name], { env: home.env })
  return inspected.stdout.trim()
}

async function tagsOf(home: ClientHome, repository: string): Promise<string[]> {
  const args = ['search', '--list-tags', '--format', '{{.Tag}}', `${host}/${repository}`]
  const listed = await mustRun('podman', args, { env: home.env })
  return listed.stdout.trim().split('\n')
}

for (const who of everyone) {
  test(`podman logs in, pushes, pulls and lists as ${who}, with equal digests`, async (t) => {
    if (!requireClient(t, 'podman') || !requireRoot(t)) return
    using home = await loggedIn('podman', under, under.logins[who])
    const { env } = home
    const repository = repositoryOf(who)
    const name = `${host}/${repository}:1`
    await build(home, name, who)
    const digest = await push(home, name)
    assert.equal(await under.digestOf(repository, '1'), digest)
    await mustRun('podman', ['rmi', '--all', '--force'], { env })
    assert.equal(await pulledDigest(home, name), digest)
    assert.equal(await pulledDigest(home, `${host}/${repository}@${digest}`), digest)

    await mustRun('podman', ['tag', name, `${host}/${repository}:2`], { env })
    await push(home, `${host}/${repository}:2`)
    assert.deepEqual(await tagsOf(home, repository), ['1', '2'])
    const found = await run('podman', ['search', '--format', '{{.Name}}', `${host}/${repository}`], { env })
    if (who === 'a scoped token') assertFails(found, denial)
    else assert.ok(found.stdout.split('\n').includes(`${host}/${repository}`), 'the catalog names the repository')
    await mustRun('podman', ['logout', host], { env })
    assertFails(await run('podman', ['pull', name], { env }), denial)
  })
}

test('podman pushes a manifest list with the images of two platforms, and pulls one of them by it', async (t) => {
  if (!requireClient(t, 'podman') || !requireRoot(t)) return
  using home = await loggedIn('podman', under, under.logins['the admin account'])
  const { env } = home
  const list = `${host}/clients/list:1`
  await mustRun('podman', ['manifest', 'create', list], { env })
  for (const architecture of ['amd64', 'arm64']) {
    const name = `${host}/clients/list:${architecture}`
    await build(home, name, architecture)
    await push(home, name)
    await mustRun('podman', ['manifest', 'add', '--arch', architecture, list, name], { env })
  }
  const digestFile = join(home.path, 'digest')
  const target = `docker://${list}`
  await mustRun('podman', ['manifest', 'push', '--all', '--digestfile', digestFile, list, target], { env })
  assert.equal(await under.digestOf('clients/list', '1'), readFileSync(digestFile, 'utf8').trim())
  await mustRun('podman', ['rmi', '--all', '--force'], { env })
  await mustRun('podman', ['pull', '-q', '--arch', 'amd64', list], { env })
})

test('podman pushes layers compressed with zstd, and the formats of OCI and Docker, with equal digests', async (t) => {
  if (!requireClient(t, 'podman') || !requireRoot(t)) return
  using home = await loggedIn('podman', under, under.logins['a service principal'])
  await build(home, `${host}/clients/formats:oci`, 'formats')
  for (const [tag, flags] of [
    ['oci', ['--format', 'oci']],
    ['docker', ['--format', 'v2s2']],
    ['zstd', ['--compression-format', 'zstd', '--force-compression']],
  ] as const) {
    const name = `${host}/clients/formats:${tag}`
    if (tag !== 'oci') await mustRun('podman', ['tag', `${host}/clients/formats:oci`, name], { env: home.env })
    const digest = await push(home, name, flags)
    assert.equal(await under.digestOf('clients/formats', tag), digest, tag)
  }
})

test('podman pushes an artifact and pulls the same manifest and file', async (t) => {
  if (!requireClient(t, 'podman') || !requireRoot(t)) return
  using home = await loggedIn('podman', under, under.logins['a service principal'])
  const { env } = home
  const name = `${host}/clients/artifact:1`
  const content = Buffer.from('an artifact of podman\n')
  const file = join(home.path, 'tmp', 'notes.txt')
  writeFileSync(file, content)
  await mustRun('podman', ['artifact', 'add', name, file], { env })
  await mustRun('podman', ['artifact', 'push', name], { env })
  await mustRun('podman', ['artifact', 'rm', name], { env })
  await mustRun('podman', ['artifact', 'pull', name], { env })
  const inspected: unknown = JSON.parse((await mustRun('podman', ['artifact', 'inspect', name], { env })).stdout)
  assert.equal(stringAt(inspected, 'Digest'), await under.digestOf('clients/artifact', '1'))
  assert.equal(stringAt(inspected, 'Manifest', 'layers', 0, 'digest'), digestOf(content))
})

test('podman as a principal with AcrPull pulls, and does not push', async (t) => {
  if (!requireClient(t, 'podman') || !requireRoot(t)) return
  const name = `${host}/clients/read-only:1`
  using pusher = await loggedIn('podman', under, under.logins['the admin account'])
  await build(pusher, name, 'read only')
  const digest = await push(pusher, name)
  using home = await loggedIn('podman', under, { username: under.reader.appId, password: under.reader.password })
  assert.equal(await pulledDigest(home, name), digest)
  await mustRun('podman', ['tag', name, `${host}/clients/read-only:2`], { env: home.env })
  assertFails(await run('podman', ['push', `${host}/clients/read-only:2`], { env: home.env }), denial)
  assert.equal(await under.digestOf('clients/read-only', '2'), undefined)
})

test('podman pulls anonymously while the registry allows it, and never pushes so', async (t) => {
  if (!requireClient(t, 'podman') || !requireRoot(t)) return
  const name = `${host}/clients/anonymous:1`
  using pusher = await loggedIn('podman', under, under.logins['the admin account'])
  await build(pusher, name, 'anonymous')
  const digest = await push(pusher, name)
  using home = clientHome(under.server.caFile)
  assertFails(await run('podman', ['pull', name], { env: home.env }), denial)
  await setAnonymousPull(under.server, true)
  assert.equal(await pulledDigest(home, name), digest)
  await mustRun('podman', ['tag', name, `${host}/clients/anonymous:2`], { env: home.env })
  assertFails(await run('podman', ['push', `${host}/clients/anonymous:2`], { env: home.env }), denial)
  await setAnonymousPull(under.server, false)
  assertFails(await run('podman', ['pull', name], { env: home.env }), denial)
})

test('podman is not logged in by a wrong password, for any user name', async (t) => {
  if (!requireClient(t, 'podman')) return
  await assertWrongPasswordRejected('podman', under)
})

test('podman does not connect to the server unless it trusts its certificate authority', async (t) => {
  if (!requireClient(t, 'podman')) return
  using home = clientHome()
  const { username, password } = under.logins['the admin account']
  const login = ['login', '-u', username, '--password-stdin', host]
  assertFails(await run('podman', login, { env: home.env, input: password }), distrust)
})
