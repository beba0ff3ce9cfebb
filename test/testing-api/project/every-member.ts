// A test of a user of acrux/testing, which uses every member of its interface.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { after, beforeEach, test } from 'node:test'
import { ContainerRegistryClient } from '@azure/container-registry'
import { type Acrux, AcruxStartError, type Principal, startAcrux, workerAcrux } from 'acrux/testing'

// The machine may be busy.
const startTimeoutMs = 600_000

const seed = {
  version: 1,
  registries: [{ name: 'contoso', sku: 'Premium', mode: 'abac' }],
  users: [{ upn: 'grace@contoso.test', password: 'grace-password-1' }],
  applications: [
    {
      name: 'ci',
      appId: '11111111-1111-4111-8111-111111111111',
      secrets: [{ value: 'ci-secret' }],
      federated: [{ issuer: 'https://token.example.com', subject: 'repo:o/r:ref:refs/heads/main' }],
    },
  ],
  images: [{ ref: 'contoso/base:1' }],
} as const

const acrux: Acrux = await startAcrux({ startTimeoutMs, seed, clock: '2027-01-01T00:00:00Z' })
after(() => acrux.stop())

beforeEach((t) => {
  acrux.attach(t)
  return acrux.reset()
})

/** Requests a manifest as a principal. */
async function pull(as: Principal, registry = acrux.registry(), image = 'team/app:1'): Promise<Response> {
  const [repository, tag] = image.split(':')
  const token = await registry.accessToken(`repository:${repository}:pull`, { as })
  const url = `${acrux.url}/v2/${repository}/manifests/${tag}`
  const accept = 'application/vnd.oci.image.manifest.v1+json'
  return fetch(url, { headers: { accept, authorization: `Bearer ${token}` } })
}

/** Writes an OCI layout with an image without layers, and returns its digest. */
function writeLayout(folder: string): string {
  mkdirSync(`${folder}/blobs/sha256`, { recursive: true })
  const write = (mediaType: string, document: object) => {
    const text = JSON.stringify(document)
    const hex = hash('sha256', text)
    writeFileSync(`${folder}/blobs/sha256/${hex}`, text)
    return { mediaType, digest: `sha256:${hex}`, size: text.length }
  }
  const platform = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } }
  const config = write('application/vnd.oci.image.config.v1+json', platform)
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = write(mediaType, { schemaVersion: 2, mediaType, config, layers: [] })
  writeFileSync(`${folder}/oci-layout`, JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  writeFileSync(`${folder}/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [manifest] }))
  return manifest.digest
}

test('the addresses and ids of the emulator are known', () => {
  assert.match(acrux.url, /^https:\/\/localhost:\d+$/)
  assert.equal(acrux.url, `https://${acrux.loginServer}`)
  assert.match(acrux.tenantId, /^acacacac-/)
  assert.match(acrux.subscriptionId, /^acacacac-/)
  assert.equal(readFileSync(acrux.caFile, 'utf8'), acrux.ca)
  assert.match(acrux.owner.objectId, /^[0-9a-f-]{36}$/)
  assert.equal(acrux.registry().loginServer, acrux.loginServer)
  assert.match(acrux.registry('contoso').loginServer, /^contoso\./)
  assert.match(acrux.registry('contoso').id, /\/registries\/contoso$/)
})

test('a role lets a service principal pull, until it is revoked', async () => {
  const { digest, reference } = await acrux.registry().seedImage('team/app:1', { layers: 2, bytes: 2048 })
  assert.match(reference, /\/team\/app:1$/)
  const ci = await acrux.createServicePrincipal({ name: 'deploy', secretExpiresIn: '30d' })
  assert.equal((await pull(ci)).status, 401)
  const denial = await acrux.lastDenial()
  assert.deepEqual([denial?.principal, denial?.repository], [ci.objectId, 'team/app'])
  assert.match(denial?.remedy ?? '', /acr grant/)
  const role = await acrux.grant(ci, 'AcrPull')
  const pulled = await pull(ci)
  assert.equal(pulled.headers.get('docker-content-digest'), digest)
  await role.revoke()
  assert.equal((await pull(ci)).status, 401)
})

test('a user gets a role through a group', async () => {
  await acrux.registry().seedImage('team/app:1')
  const ada = await acrux.createUser({ upn: 'ada@contoso.test', password: 'ada-password-1' })
  const team = await acrux.createGroup('team', [ada])
  await acrux.grant(team, 'AcrPull')
  assert.equal((await pull(ada)).status, 200)
  const { username } = await acrux.registry().credentials({ as: ada })
  assert.equal(username, '00000000-0000-0000-0000-000000000000')
  await assert.rejects(acrux.asUser(team).getToken('x'), /a group cannot sign in/)
})

test('a condition limits a role to repositories', async () => {
  const registry = acrux.registry('contoso')
  await registry.seedImage('team/app:1', { platforms: ['linux/amd64', 'linux/arm64'] })
  const user = await acrux.createUser()
  const action = 'Microsoft.ContainerRegistry/registries/repositories/content/read'
  const name = '@Request[Microsoft.ContainerRegistry/registries/repositories:name]'
  const condition = `((!(ActionMatches{'${action}'})) OR (${name} StringStartsWith 'team/'))`
  await acrux.grant(user, 'Container Registry Repository Reader', { scope: 'contoso', condition })
  const accessOf = async (repository: string) => {
    const token = await registry.accessToken(`repository:${repository}:pull`, { as: user })
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { access: unknown[] }
    return claims.access.length
  }
  assert.deepEqual([await accessOf('team/app'), await accessOf('base')], [1, 0])
})

test('the admin account and scoped tokens sign in with passwords', async () => {
  const registry = acrux.registry()
  await registry.seedImage('team/app:1')
  const { username, password } = await registry.credentials()
  assert.equal(username, registry.name)
  assert.notEqual(password, '')
  const device = await registry.createToken({
    name: 'device',
    actions: ['repositories/team/app/content/read'],
    expiresIn: '1h',
  })
  assert.equal(device.username, 'device')
})

test('an SDK of Azure lists repositories', async () => {
  await acrux.registry().seedImage('team/app:1')
  const client = new ContainerRegistryClient(acrux.url, acrux.asUser(), { audience: 'https://management.azure.com' })
  const names = await Array.fromAsync(client.listRepositoryNames())
  assert.deepEqual(names, ['team/app'])
})

test('a job of a CI system signs in with its own token', async () => {
  const subject = 'repo:o/r:ref:refs/heads/main'
  const assertion = await acrux.workloadToken({ issuer: 'https://token.example.com', subject })
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: '11111111-1111-4111-8111-111111111111',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
    scope: 'https://management.azure.com/.default',
  })
  const response = await fetch(`${acrux.url}/${acrux.tenantId}/oauth2/v2.0/token`, { method: 'POST', body: form })
  assert.equal(response.status, 200, await response.text())
})

test('a secret expires when the clock moves', async () => {
  const ci = await acrux.createServicePrincipal({ secretExpiresIn: '1h' })
  const credential = acrux.asUser(ci)
  await credential.getToken('https://management.azure.com/.default')
  const before = await acrux.clock.now()
  const moved = await acrux.clock.advance('2h')
  assert.ok(moved.getTime() >= before.getTime() + 7_200_000)
  await assert.rejects(credential.getToken('https://management.azure.com/.default'), { status: 401 })
  const frozen = await acrux.clock.freeze()
  assert.deepEqual(await acrux.clock.now(), frozen)
  const set = new Date('2028-02-29T12:00:00Z')
  assert.deepEqual(await acrux.clock.set(set), set)
})

test('faults are in the responses until they are removed', async () => {
  const ping = async () => (await fetch(`${acrux.url}/v2/`)).status
  await acrux.faults.throttle({ times: 1, retryAfter: 5 })
  assert.deepEqual([await ping(), await ping()], [429, 401])
  const failing = await acrux.faults.fail(503, { path: '/v2/' })
  assert.equal(await ping(), 503)
  assert.ok((await acrux.requests()).some(({ fault, path }) => fault === failing.id && path === '/v2/'))
  await failing.remove()
  await acrux.faults.challenge('invalid_token')
  assert.match((await fetch(`${acrux.url}/v2/`)).headers.get('www-authenticate') ?? '', /invalid_token/)
  await acrux.faults.clear()
  for (const fault of [acrux.faults.cut(1), acrux.faults.reset()]) {
    const added = await fault
    await assert.rejects(fetch(`${acrux.url}/v2/`).then((response) => response.text()))
    await added.remove()
  }
  const unused = [await acrux.faults.slow(1), await acrux.faults.stall(1), await acrux.faults.corrupt()]
  assert.equal(new Set(unused.map(({ id }) => id)).size, 3)
  await acrux.faults.clear()
  assert.equal(await ping(), 401)
})

test('a state is stored and restored', async () => {
  const registry = acrux.registry('contoso')
  const names = async () => {
    const token = await registry.accessToken('registry:catalog:*')
    const response = await fetch(`https://${registry.loginServer}/v2/_catalog`, {
      headers: { authorization: `Bearer ${token}` },
    })
    return ((await response.json()) as { repositories: string[] }).repositories
  }
  assert.deepEqual(await names(), ['base'])
  const stored = await acrux.snapshot()
  await registry.seedImage('other:1')
  assert.deepEqual(await names(), ['base', 'other'])
  await acrux.restore(stored)
  assert.deepEqual(await names(), ['base'])
  assert.equal(await acrux.snapshot('named'), 'named')
})

test('an image comes from an OCI layout', async () => {
  const written = writeLayout('layout')
  const { digest } = await acrux.registry().seedImage('copied:1', { from: './layout' })
  assert.equal(digest, written)
})

test('clients get variables, and those that store a sign-in get a directory', () => {
  const clients = ['az', 'docker', 'podman', 'sdk', 'terraform', 'java'] as const
  for (const client of clients) assert.ok(Object.keys(acrux.env(client)).length > 1, client)
  assert.ok(existsSync(acrux.env('az')['AZURE_CONFIG_DIR'] ?? ''))
})

test('a worker has one emulator', async () => {
  const [first, second] = await Promise.all([workerAcrux({ startTimeoutMs }), workerAcrux({ startTimeoutMs })])
  assert.equal(first, second)
  assert.notEqual(first.url, acrux.url)
  await first.stop()
})

test('a start that fails has the exit code and the output', async () => {
  const failed = await startAcrux({ startTimeoutMs, seed: { version: 1, wrong: [] } as never }).catch(
    (error: unknown) => error,
  )
  assert.ok(failed instanceof AcruxStartError)
  assert.equal(failed.exitCode, 20)
  assert.match(failed.output, /wrong/)
})

test('the log of the emulator is known, and the emulator can be stopped and disposed of', async () => {
  assert.match(acrux.logs(), /acrux: ready at/)
  await using other = await startAcrux({ startTimeoutMs, http: true, log: 'silent', trust: false })
  assert.equal((await fetch(`${other.url}/v2/`)).status, 401)
  assert.deepEqual([other.ca, other.caFile], ['', ''])
})
