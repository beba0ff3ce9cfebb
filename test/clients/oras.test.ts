import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setAnonymousPull } from '../harness/arm.ts'
import { clientHome, mustRun, requireClient, run, type ClientHome, type Ran } from '../harness/clients.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { writeLayout } from './lib/oci-layout.ts'
import { assertFails, assertWrongPasswordRejected, distrust, layoutDigest, loggedIn, denial } from './lib/steps.ts'
import { everyone, repositoryOf, startUnderTest } from './lib/under-test.ts'

const under = await startUnderTest()
const { host } = under
const scratch = tempDir('oras')

after(async () => {
  scratch.remove()
  await under[Symbol.asyncDispose]()
})

/** oras speaks plain HTTP to any host called localhost unless a flag forbids it. */
const tls = ['--plain-http=false']

/** Runs oras in the home, where files are named relative to it. */
function oras(home: ClientHome, ...args: string[]): Promise<Ran> {
  return mustRun('oras', [...args, ...tls], { env: home.env, cwd: home.path })
}

function tryOras(home: ClientHome, ...args: string[]): Promise<Ran> {
  return run('oras', [...args, ...tls], { env: home.env, cwd: home.path })
}

/** Pushes one file as an artifact and returns the digest that oras says it has in the registry. */
async function push(home: ClientHome, name: string, text: string): Promise<string> {
  writeFileSync(join(home.path, 'notes.txt'), text)
  const pushed = await oras(home, 'push', '--format', 'json', name, 'notes.txt:text/plain')
  return stringAt(JSON.parse(pushed.stdout), 'digest')
}

async function pulledText(home: ClientHome, name: string): Promise<string> {
  const out = join(home.path, 'out')
  mkdirSync(out, { recursive: true })
  await oras(home, 'pull', '-o', out, name)
  return readFileSync(join(out, 'notes.txt'), 'utf8')
}

async function lines(ran: Promise<Ran>): Promise<string[]> {
  return (await ran).stdout.trim().split('\n')
}

for (const who of everyone) {
  test(`oras logs in, pushes, pulls, lists and deletes as ${who}, with equal digests`, async (t) => {
    if (!requireClient(t, 'oras')) return
    using home = await loggedIn('oras', under, under.logins[who], tls)
    const repository = repositoryOf(who)
    const name = `${host}/${repository}:1`
    const digest = await push(home, name, who)
    assert.equal(await under.digestOf(repository, '1'), digest)
    assert.deepEqual(await lines(oras(home, 'resolve', name)), [digest])
    assert.equal(await pulledText(home, name), who)
    assert.equal(await pulledText(home, `${host}/${repository}@${digest}`), who)

    await oras(home, 'tag', name, '2')
    assert.deepEqual(await lines(oras(home, 'repo', 'tags', `${host}/${repository}`)), ['1', '2'])
    if (who === 'a scoped token') assertFails(await tryOras(home, 'repo', 'ls', host), denial)
    else
      assert.ok((await lines(oras(home, 'repo', 'ls', host))).includes(repository), 'the catalog names the repository')
    await oras(home, 'manifest', 'delete', '-f', `${host}/${repository}@${digest}`)
    assert.equal(await under.digestOf(repository, '1'), undefined)
    await mustRun('oras', ['logout', host], { env: home.env })
    assertFails(await tryOras(home, 'repo', 'tags', `${host}/${repository}`), denial)
  })
}

test('oras attaches, discovers by the referrers API and pulls what it attached', async (t) => {
  if (!requireClient(t, 'oras')) return
  using home = await loggedIn('oras', under, under.logins['a service principal'], tls)
  const name = `${host}/clients/subject:1`
  await push(home, name, 'the subject')
  writeFileSync(join(home.path, 'sbom.json'), '{"sbom":true}\n')
  const type = 'application/vnd.example.sbom'
  const attach = ['--artifact-type', type, '--format', 'json', name, 'sbom.json:application/json']
  const attached = stringAt(JSON.parse((await oras(home, 'attach', ...attach)).stdout), 'digest')
  const other = ['--artifact-type', 'application/vnd.example.other', '--format', 'json', name, 'notes.txt:text/plain']
  await oras(home, 'attach', ...other)

  const all: unknown = JSON.parse((await oras(home, 'discover', '--format', 'json', name)).stdout)
  assert.equal(listAt(all, 'manifests').length, 2)
  const some: unknown = JSON.parse(
    (await oras(home, 'discover', '--artifact-type', type, '--format', 'json', name)).stdout,
  )
  assert.equal(listAt(some, 'manifests').length, 1)
  assert.equal(stringAt(some, 'manifests', 0, 'digest'), attached)
  const tags = await lines(oras(home, 'repo', 'tags', `${host}/clients/subject`))
  assert.deepEqual(tags, ['1'], 'a tag of the fallback scheme would say that the referrers API was not used')
  const out = join(home.path, 'attached')
  await oras(home, 'pull', '-o', out, `${host}/clients/subject@${attached}`)
  assert.equal(readFileSync(join(out, 'sbom.json'), 'utf8'), '{"sbom":true}\n')
})

test('oras copies an index from a layout, to another repository and back, with equal digests', async (t) => {
  if (!requireClient(t, 'oras')) return
  using home = await loggedIn('oras', under, under.logins['the null GUID'], tls)
  const layout = join(scratch.path, 'pair')
  const { digest } = writeLayout(layout, { text: 'two images', architectures: ['amd64', 'arm64'] })
  const cp = (from: string, to: string, ...flags: string[]): Promise<Ran> =>
    mustRun('oras', ['cp', ...flags, from, to], { env: home.env, cwd: home.path })
  await cp(`${layout}:1`, `${host}/clients/cp-from:1`, '--from-oci-layout', '--to-plain-http=false')
  assert.equal(await under.digestOf('clients/cp-from', '1'), digest)
  const both = ['--from-plain-http=false', '--to-plain-http=false']
  await cp(`${host}/clients/cp-from:1`, `${host}/clients/cp-to:1`, ...both)
  assert.equal(await under.digestOf('clients/cp-to', '1'), digest)
  const back = join(home.path, 'back')
  await cp(`${host}/clients/cp-to:1`, `${back}:1`, '--from-plain-http=false', '--to-oci-layout')
  assert.equal(layoutDigest(back), digest)
})

test('oras pushes a blob and fetches it again, and deletes it', async (t) => {
  if (!requireClient(t, 'oras')) return
  using home = await loggedIn('oras', under, under.logins['the admin account'], tls)
  writeFileSync(join(home.path, 'blob'), 'a blob alone')
  const pushed = await oras(home, 'blob', 'push', '--descriptor', `${host}/clients/blob`, 'blob')
  const blob = `${host}/clients/blob@${stringAt(JSON.parse(pushed.stdout), 'digest')}`
  assert.equal((await oras(home, 'blob', 'fetch', '--output', '-', blob)).stdout, 'a blob alone')
  await oras(home, 'blob', 'delete', '-f', blob)
  assert.notEqual((await tryOras(home, 'blob', 'fetch', '--output', '-', blob)).code, 0)
})

test('oras as a principal with AcrPull pulls and lists, and neither pushes, tags, attaches nor deletes', async (t) => {
  if (!requireClient(t, 'oras')) return
  const name = `${host}/clients/read-only:1`
  using pusher = await loggedIn('oras', under, under.logins['the admin account'], tls)
  const digest = await push(pusher, name, 'read only')
  const reader = { username: under.reader.appId, password: under.reader.password }
  using home = await loggedIn('oras', under, reader, tls)
  assert.equal(await pulledText(home, name), 'read only')
  assert.deepEqual(await lines(oras(home, 'repo', 'tags', `${host}/clients/read-only`)), ['1'])
  writeFileSync(join(home.path, 'notes.txt'), 'mine')
  assertFails(await tryOras(home, 'push', `${host}/clients/read-only:2`, 'notes.txt:text/plain'), denial)
  assertFails(await tryOras(home, 'tag', name, '3'), denial)
  const attach = ['attach', '--artifact-type', 'application/vnd.example.x', name, 'notes.txt:text/plain']
  assertFails(await tryOras(home, ...attach), denial)
  assertFails(await tryOras(home, 'manifest', 'delete', '-f', `${host}/clients/read-only@${digest}`), denial)
  assert.deepEqual(await lines(oras(home, 'repo', 'tags', `${host}/clients/read-only`)), ['1'])
})

test('oras pulls and lists anonymously while the registry allows it, and never pushes so', async (t) => {
  if (!requireClient(t, 'oras')) return
  const name = `${host}/clients/anonymous:1`
  using pusher = await loggedIn('oras', under, under.logins['the admin account'], tls)
  await push(pusher, name, 'anonymous')
  using home = clientHome(under.server.caFile)
  assertFails(await tryOras(home, 'pull', name), denial)
  await setAnonymousPull(under.server, true)
  assert.equal(await pulledText(home, name), 'anonymous')
  assert.deepEqual(await lines(oras(home, 'repo', 'tags', `${host}/clients/anonymous`)), ['1'])
  writeFileSync(join(home.path, 'notes.txt'), 'mine')
  assertFails(await tryOras(home, 'push', `${host}/clients/anonymous:2`, 'notes.txt:text/plain'), denial)
  await setAnonymousPull(under.server, false)
  assertFails(await tryOras(home, 'pull', name), denial)
})

test('oras is not logged in by a wrong password, for any user name', async (t) => {
  if (!requireClient(t, 'oras')) return
  await assertWrongPasswordRejected('oras', under, tls)
})

test('oras does not connect to the server unless it trusts its certificate authority', async (t) => {
  if (!requireClient(t, 'oras')) return
  using home = clientHome()
  const { username, password } = under.logins['the admin account']
  const login = ['login', '-u', username, '--password-stdin', host]
  assertFails(await run('oras', [...login, ...tls], { env: home.env, input: password }), distrust)
  await mustRun('oras', [...login, ...tls, '--ca-file', under.server.caFile], { env: home.env, input: password })
})
