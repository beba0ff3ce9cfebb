import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setAnonymousPull } from '../harness/arm.ts'
import { clientHome, mustRun, requireClient, requireRoot, run, type ClientHome } from '../harness/clients.ts'
import { busybox } from './lib/oci-layout.ts'
import { assertFails, assertWrongPasswordRejected, distrust, loggedIn, denial } from './lib/steps.ts'
import { everyone, repositoryOf, startUnderTest } from './lib/under-test.ts'

const under = await startUnderTest()
const { host } = under

after(() => under[Symbol.asyncDispose]())

/** Commits an image of busybox and a text from an empty working container. */
async function commit(home: ClientHome, name: string, text: string): Promise<void> {
  const { env } = home
  const program = join(home.path, 'tmp', 'busybox')
  const note = join(home.path, 'tmp', 'text')
  writeFileSync(program, busybox(), { mode: 0o755 })
  writeFileSync(note, text)
  const container = (await mustRun('buildah', ['from', 'scratch'], { env })).stdout.trim()
  await mustRun('buildah', ['copy', container, program, '/bin/busybox'], { env })
  await mustRun('buildah', ['copy', container, note, '/text'], { env })
  await mustRun('buildah', ['config', '--entrypoint', '["/bin/busybox"]', container], { env })
  await mustRun('buildah', ['commit', '-q', '--rm', container, name], { env })
}

async function push(home: ClientHome, name: string): Promise<string> {
  const digestFile = join(home.path, 'digest')
  await mustRun('buildah', ['push', '--digestfile', digestFile, name], { env: home.env })
  return readFileSync(digestFile, 'utf8').trim()
}

/** Pulls even if an image of that name exists, and returns its digest. */
async function pulledDigest(home: ClientHome, name: string): Promise<string> {
  await mustRun('buildah', ['pull', '-q', '--policy', 'always', name], { env: home.env })
  const listed = await mustRun('buildah', ['images', '--digests', '--format', '{{.Digest}}', name], { env: home.env })
  return listed.stdout.trim()
}

for (const who of everyone) {
  test(`buildah logs in, pushes and pulls as ${who}, with equal digests`, async (t) => {
    if (!requireClient(t, 'buildah') || !requireRoot(t)) return
    using home = await loggedIn('buildah', under, under.logins[who])
    const { env } = home
    const repository = repositoryOf(who)
    const name = `${host}/${repository}:1`
    await commit(home, name, who)
    const digest = await push(home, name)
    assert.equal(await under.digestOf(repository, '1'), digest)
    await mustRun('buildah', ['rmi', '--all', '--force'], { env })
    assert.equal(await pulledDigest(home, name), digest)
    await mustRun('buildah', ['logout', host], { env })
    assertFails(await run('buildah', ['pull', '--policy', 'always', name], { env }), denial)
  })
}

test('buildah builds on an image of the registry and pushes the result, the layers of its base included', async (t) => {
  if (!requireClient(t, 'buildah') || !requireRoot(t)) return
  using home = await loggedIn('buildah', under, under.logins['a service principal'])
  const { env } = home
  const base = `${host}/clients/base:1`
  await commit(home, base, 'base')
  await push(home, base)
  await mustRun('buildah', ['rmi', '--all', '--force'], { env })
  const context = join(home.path, 'tmp')
  writeFileSync(join(context, 'Containerfile'), `FROM ${base}\nCOPY text /more\n`)
  const name = `${host}/clients/built:1`
  const flags = ['--isolation', 'chroot', '--network', 'host', '--pull-always']
  await mustRun('buildah', ['bud', '-q', ...flags, '-t', name, context], { env })
  const digest = await push(home, name)
  assert.equal(await under.digestOf('clients/built', '1'), digest)
})

test('buildah pushes a manifest list together with its image', async (t) => {
  if (!requireClient(t, 'buildah') || !requireRoot(t)) return
  using home = await loggedIn('buildah', under, under.logins['the admin account'])
  const { env } = home
  const list = `${host}/clients/list:1`
  await commit(home, 'localhost/member:1', 'member')
  await mustRun('buildah', ['manifest', 'create', list, 'localhost/member:1'], { env })
  const digestFile = join(home.path, 'digest')
  const target = `docker://${list}`
  await mustRun('buildah', ['manifest', 'push', '--all', '--digestfile', digestFile, list, target], { env })
  assert.equal(await under.digestOf('clients/list', '1'), readFileSync(digestFile, 'utf8').trim())
})

test('buildah as a principal with AcrPull pulls, and does not push', async (t) => {
  if (!requireClient(t, 'buildah') || !requireRoot(t)) return
  const name = `${host}/clients/read-only:1`
  using pusher = await loggedIn('buildah', under, under.logins['the admin account'])
  await commit(pusher, name, 'read only')
  const digest = await push(pusher, name)
  using home = await loggedIn('buildah', under, { username: under.reader.appId, password: under.reader.password })
  assert.equal(await pulledDigest(home, name), digest)
  const pushed = await run('buildah', ['push', name, `docker://${host}/clients/read-only:2`], { env: home.env })
  assertFails(pushed, denial)
  assert.equal(await under.digestOf('clients/read-only', '2'), undefined)
})

test('buildah pulls anonymously while the registry allows it, and never pushes so', async (t) => {
  if (!requireClient(t, 'buildah') || !requireRoot(t)) return
  const name = `${host}/clients/anonymous:1`
  using pusher = await loggedIn('buildah', under, under.logins['the admin account'])
  await commit(pusher, name, 'anonymous')
  const digest = await push(pusher, name)
  using home = clientHome(under.server.caFile)
  const { env } = home
  assertFails(await run('buildah', ['pull', name], { env }), denial)
  await setAnonymousPull(under.server, true)
  assert.equal(await pulledDigest(home, name), digest)
  assertFails(await run('buildah', ['push', name, `docker://${host}/clients/anonymous:2`], { env }), denial)
  await setAnonymousPull(under.server, false)
  assertFails(await run('buildah', ['pull', '--policy', 'always', name], { env }), denial)
})

test('buildah is not logged in by a wrong password, for any user name', async (t) => {
  if (!requireClient(t, 'buildah')) return
  await assertWrongPasswordRejected('buildah', under)
})

test('buildah does not connect to the server unless it trusts its certificate authority', async (t) => {
  if (!requireClient(t, 'buildah')) return
  using home = clientHome()
  const { username, password } = under.logins['the admin account']
  const login = ['login', '-u', username, '--password-stdin', host]
  assertFails(await run('buildah', login, { env: home.env, input: password }), distrust)
})
