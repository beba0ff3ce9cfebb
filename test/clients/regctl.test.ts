import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { clientHome, mustRun, requireTool, run, type ClientHome, type Ran } from '../harness/clients.ts'
import { listAt } from '../harness/json.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { writeLayout } from './lib/oci-layout.ts'
import { assertFails, assertWrongPasswordRejected, distrust, denial } from './lib/steps.ts'
import { everyone, repositoryOf, startUnderTest, type Login } from './lib/under-test.ts'

const under = await startUnderTest()
const { host } = under
const scratch = tempDir('regctl')
const layout = join(scratch.path, 'pair')
const { digest: pairDigest } = writeLayout(layout, { text: 'two images', architectures: ['amd64', 'arm64'] })
after(async () => {
  scratch.remove()
  await under[Symbol.asyncDispose]()
})

function regctl(home: ClientHome, ...args: string[]): Promise<Ran> {
  return mustRun('regctl', args, { env: home.env, cwd: home.path })
}

function tryRegctl(home: ClientHome, ...args: string[]): Promise<Ran> {
  return run('regctl', args, { env: home.env, cwd: home.path })
}

const lines = async (ran: Promise<Ran>): Promise<string[]> => (await ran).stdout.trim().split('\n')

async function regctlHome({ username, password }: Login): Promise<ClientHome> {
  const home = clientHome(under.server.caFile)
  const args = ['registry', 'login', host, '-u', username, '--pass-stdin']
  await mustRun('regctl', args, { env: home.env, input: password })
  return home
}

for (const who of everyone) {
  test(`regctl logs in, copies, lists, attaches and deletes as ${who}, with equal digests`, async (t) => {
    if (!requireTool(t, 'regctl')) return
    using home = await regctlHome(under.logins[who])
    const repository = repositoryOf(who)
    const name = `${host}/${repository}`
    await regctl(home, 'image', 'copy', `ocidir://${layout}:1`, `${name}:1`)
    assert.equal(await under.digestOf(repository, '1'), pairDigest)
    assert.deepEqual(await lines(regctl(home, 'image', 'digest', `${name}:1`)), [pairDigest])
    await regctl(home, 'image', 'copy', `${name}:1`, `${name}:2`)
    assert.deepEqual(await lines(regctl(home, 'tag', 'ls', name)), ['1', '2'])
    if (who === 'a scoped token') assertFails(await tryRegctl(home, 'repo', 'ls', host), denial)
    else assert.ok((await lines(regctl(home, 'repo', 'ls', host))).includes(repository))

    const type = 'application/vnd.example.sbom'
    const put = ['artifact', 'put', '--artifact-type', type, '--subject', `${name}:1`]
    await mustRun('regctl', put, { env: home.env, cwd: home.path, input: '{"sbom":true}' })
    const listed: unknown = JSON.parse(
      (await regctl(home, 'artifact', 'list', `${name}:1`, '--format', '{{jsonPretty .Manifest}}')).stdout,
    )
    assert.equal(listAt(listed, 'manifests').length, 1)
    assert.deepEqual(await lines(regctl(home, 'tag', 'ls', name)), ['1', '2'], 'the referrers API was used')

    await regctl(home, 'tag', 'delete', `${name}:2`)
    assert.deepEqual(await lines(regctl(home, 'tag', 'ls', name)), ['1'])
    assert.equal(await under.digestOf(repository, '1'), pairDigest, 'the manifest stays')
    await regctl(home, 'manifest', 'delete', `${name}@${pairDigest}`)
    assert.equal(await under.digestOf(repository, '1'), undefined)
    await regctl(home, 'registry', 'logout', host)
    assertFails(await tryRegctl(home, 'tag', 'ls', name), denial)
  })
}

test('regctl as a principal with AcrPull reads, and neither copies nor deletes', async (t) => {
  if (!requireTool(t, 'regctl')) return
  const name = `${host}/clients/read-only`
  using pusher = await regctlHome(under.logins['the admin account'])
  await regctl(pusher, 'image', 'copy', `ocidir://${layout}:1`, `${name}:1`)
  using home = await regctlHome({ username: under.reader.appId, password: under.reader.password })
  assert.deepEqual(await lines(regctl(home, 'tag', 'ls', name)), ['1'])
  assertFails(await tryRegctl(home, 'image', 'copy', `${name}:1`, `${name}:2`), denial)
  assertFails(await tryRegctl(home, 'tag', 'delete', `${name}:1`), denial)
  assertFails(await tryRegctl(home, 'manifest', 'delete', `${name}@${pairDigest}`), denial)
})

test('regctl is not logged in by a wrong password, and trusts no unknown authority', async (t) => {
  if (!requireTool(t, 'regctl')) return
  const commandOf = ([, username = '']: readonly string[]) => {
    return ['registry', 'login', host, '-u', username, '--pass-stdin']
  }
  await assertWrongPasswordRejected('regctl', under, [], commandOf)
  using untrusting = clientHome()
  assertFails(await tryRegctl(untrusting, 'repo', 'ls', host), distrust)
})
