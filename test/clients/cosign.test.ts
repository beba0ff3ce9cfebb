import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setAnonymousPull } from '../harness/arm.ts'
import { clientHome, mustRun, requireClient, run, type ClientHome, type Ran } from '../harness/clients.ts'
import { at, listAt } from '../harness/json.ts'
import { accessToken, basic, get, pushImage } from '../harness/registry.ts'
import { assertFails, loggedIn, denial } from './lib/steps.ts'
import { everyone, repositoryOf, startUnderTest, type Login } from './lib/under-test.ts'

const under = await startUnderTest()
const { host, server } = under
const admin = under.logins['the admin account']

after(() => under[Symbol.asyncDispose]())

/** Pushes an image and returns its full name by digest. */
async function image(repository: string): Promise<{ name: string; digest: string }> {
  const { digest } = await pushImage(server, repository, '1', await bearer(`repository:${repository}:pull,push`))
  return { name: `${host}/${repository}@${digest}`, digest }
}

async function bearer(scope: string): Promise<string> {
  return `Bearer ${await accessToken(server, admin, [scope])}`
}

async function tagsOf(repository: string): Promise<readonly unknown[]> {
  const answer = await get(
    server,
    `/v2/${repository}/tags/list`,
    await bearer(`repository:${repository}:pull,metadata_read`),
  )
  return listAt(answer.json(), 'tags')
}

async function referrersOf(repository: string, digest: string): Promise<readonly unknown[]> {
  const answer = await get(
    server,
    `/v2/${repository}/referrers/${digest}`,
    await bearer(`repository:${repository}:pull`),
  )
  return listAt(answer.json(), 'manifests')
}

/** A home with a key pair in it, logged in. */
async function signer(login: Login): Promise<ClientHome> {
  const home = await loggedIn('cosign', under, login)
  await mustRun('cosign', ['generate-key-pair'], environment(home))
  writeFileSync(
    join(home.path, 'root.json'),
    '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
  )
  writeFileSync(join(home.path, 'predicate.json'), '{"checked":true}\n')
  return home
}

function environment(
  home: ClientHome,
  extra: Readonly<Record<string, string>> = {},
): { env: Record<string, string>; cwd: string } {
  return { env: { ...home.env, COSIGN_PASSWORD: 'only for this test', ...extra }, cwd: home.path }
}

const signing = ['--key', 'cosign.key', '--tlog-upload=false', '--yes']
const verifying = ['--key', 'cosign.pub', '--insecure-ignore-tlog=true', '--private-infrastructure']
const attesting = [...signing, '--type', 'custom', '--predicate', 'predicate.json']
const experimental = { COSIGN_EXPERIMENTAL: '1' }

function cosign(home: ClientHome, args: readonly string[], extra?: Readonly<Record<string, string>>): Promise<Ran> {
  return mustRun('cosign', args, environment(home, extra))
}

function tryCosign(home: ClientHome, args: readonly string[], extra?: Readonly<Record<string, string>>): Promise<Ran> {
  return run('cosign', args, environment(home, extra))
}

for (const who of everyone) {
  test(`cosign signs, attests, verifies and cleans by tags as ${who}`, async (t) => {
    if (!requireClient(t, 'cosign')) return
    using home = await signer(under.logins[who])
    const repository = `${repositoryOf(who)}/by-tag`
    const { name, digest } = await image(repository)
    assert.notEqual((await tryCosign(home, ['verify', ...verifying, name])).code, 0, 'nothing is signed yet')
    await cosign(home, ['sign', ...signing, name])
    await cosign(home, ['attest', ...attesting, name])
    const stem = digest.replace(':', '-')
    assert.deepEqual(await tagsOf(repository), ['1', `${stem}.att`, `${stem}.sig`])
    await cosign(home, ['verify', ...verifying, name])
    await cosign(home, ['verify-attestation', ...verifying, '--type', 'custom', name])
    await cosign(home, ['tree', name])
    await cosign(home, ['clean', '--type', 'all', '--force', name])
    assert.deepEqual(await tagsOf(repository), ['1'])
    assert.notEqual((await tryCosign(home, ['verify', ...verifying, name])).code, 0)
  })

  test(`cosign signs, attests and verifies by referrers as ${who}`, async (t) => {
    if (!requireClient(t, 'cosign')) return
    using home = await signer(under.logins[who])
    const repository = `${repositoryOf(who)}/by-subject`
    const { name, digest } = await image(repository)
    await cosign(home, ['sign', ...signing, '--registry-referrers-mode=oci-1-1', name], experimental)
    assert.deepEqual(await tagsOf(repository), ['1'], 'no tag: the signature is found by its subject')
    const signatures = await referrersOf(repository, digest)
    assert.equal(signatures.length, 1)
    await cosign(home, ['verify', ...verifying, '--experimental-oci11', name], experimental)

    await cosign(home, ['attest', ...attesting, '--new-bundle-format', name])
    assert.deepEqual(await tagsOf(repository), ['1'])
    const both = await referrersOf(repository, digest)
    assert.equal(both.length, 2)
    assert.ok(both.some((one) => String(at(one, 'artifactType')).startsWith('application/vnd.dev.sigstore.bundle')))
    const bundle = ['--new-bundle-format', '--trusted-root', 'root.json']
    await cosign(home, ['verify-attestation', ...verifying, '--type', 'custom', ...bundle, name])
  })
}

test('cosign as a principal with AcrPull verifies, and neither signs nor cleans', async (t) => {
  if (!requireClient(t, 'cosign')) return
  using owner = await signer(admin)
  const { name } = await image('clients/read-only')
  await cosign(owner, ['sign', ...signing, name])
  using home = await signer({ username: under.reader.appId, password: under.reader.password })
  const ownersKey = verifying.map((flag) => (flag === 'cosign.pub' ? join(owner.path, 'cosign.pub') : flag))
  await cosign(home, ['verify', ...ownersKey, name])
  const before = await tagsOf('clients/read-only')
  assertFails(await tryCosign(home, ['sign', ...signing, name]), denial)
  const cleaned = await tryCosign(home, ['clean', '--type', 'all', '--force', name])
  assert.match(cleaned.stderr, denial, 'cosign says so, though it ends with 0')
  assert.deepEqual(await tagsOf('clients/read-only'), before)
})

test('cosign verifies anonymously while the registry allows it, and never signs so', async (t) => {
  if (!requireClient(t, 'cosign')) return
  using owner = await signer(admin)
  const { name } = await image('clients/anonymous')
  await cosign(owner, ['sign', ...signing, name])
  using home = clientHome(server.caFile)
  const verify = ['verify', ...verifying.map((flag) => (flag === 'cosign.pub' ? join(owner.path, flag) : flag)), name]
  assertFails(await tryCosign(home, verify), denial)
  await setAnonymousPull(server, true)
  await cosign(home, verify)
  const sign = [
    'sign',
    '-a',
    'by=nobody',
    ...signing.map((flag) => (flag === 'cosign.key' ? join(owner.path, flag) : flag)),
    name,
  ]
  assertFails(await tryCosign(home, sign), denial)
  await setAnonymousPull(server, false)
  assertFails(await tryCosign(home, verify), denial)
})

test('cosign does nothing with a wrong password, for any user name', async (t) => {
  if (!requireClient(t, 'cosign')) return
  const { name } = await image('clients/wrong-password')
  for (const { username, password } of Object.values(under.logins)) {
    using home = await signer({ username, password: `${password.slice(0, -4)}----` })
    assertFails(await tryCosign(home, ['sign', ...signing, name]), denial)
  }
  const direct = await get(server, '/v2/', basic(admin.username, `${admin.password.slice(0, -4)}----`))
  assert.equal(direct.status, 401)
})

test('cosign does not connect to the server unless it trusts its certificate authority', async (t) => {
  if (!requireClient(t, 'cosign')) return
  const { name } = await image('clients/untrusted')
  using trusting = await signer(admin)
  await cosign(trusting, ['sign', ...signing, name])
  const { SSL_CERT_FILE: _, ...withoutCa } = environment(trusting).env
  const verify = ['verify', ...verifying, name]
  // At a name of this machine, cosign tries plain HTTP after a certificate that it does not trust.
  const speaksHttps = new RegExp(`GET http://${host}/v2/: BAD_REQUEST: This port speaks HTTPS\\.`)
  assertFails(await run('cosign', verify, { env: withoutCa, cwd: trusting.path }), speaksHttps)
  const told = [...verify, '--registry-cacert', server.caFile]
  await mustRun('cosign', told, { env: withoutCa, cwd: trusting.path })
})
