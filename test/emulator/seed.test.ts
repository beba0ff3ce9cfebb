import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { azHome, signIn } from '../clients/az/az.ts'
import { writeLayout } from '../clients/lib/oci-layout.ts'
import { readDocument } from '../clients/lib/examples.ts'
import { loggedIn } from '../clients/lib/steps.ts'
import { arm, armToken, expectStatus, graph, registryId } from '../harness/arm.ts'
import { mustRun, requireClient, requireRoot } from '../harness/clients.ts'
import { EmulatorEnded, startEmulator } from '../harness/emulator.ts'
import { type HttpResponse, request } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { askToken, signInPerson } from '../harness/person.ts'
import { type Credential, accessToken, askAccessToken, exchange, registryUrl } from '../harness/registry.ts'
import { tempDir } from '../harness/temp-dir.ts'

const [, example = ''] =
  /^```yaml name=acrux\.seed\.yaml\n(.*?)^```/ms.exec(readDocument('docs/reference/emulator-seed.md')) ?? []
assert.notEqual(example, '', 'the page of the seed has an example')

const folder = tempDir('seed')
const seedFile = join(folder.path, 'acrux.seed.yaml')
writeFileSync(seedFile, example)
const layout = writeLayout(join(folder.path, 'layout'), { text: 'base' })

const emulator = await startEmulator({ args: ['--seed', seedFile] })
after(async () => {
  await emulator[Symbol.asyncDispose]()
  folder.remove()
})

const server = emulator.server()
const where = { loginServer: `contoso.azurecr.${emulator.ready.loginServer}` }

/** The id that belongs to a name, as the page of the seed describes it. */
function derivedId(text: string): string {
  const namespace = Buffer.from('acacacac000040008000000000000005', 'hex')
  const bytes = hash('sha1', Buffer.concat([namespace, Buffer.from(text.toLowerCase())]), 'buffer')
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
}

const ci = { appId: derivedId('applications/ci/appId'), password: 'ci-secret' }
const admin = { username: 'contoso', password: 'admin-1' }

/** A manifest of the seeded registry, or a list of its referrers. */
async function read(credential: Credential, repository: string, path: string): Promise<HttpResponse> {
  const token = await accessToken(server, credential, [`repository:${repository}:pull`], where)
  return request({
    url: `${registryUrl(server, where)}/v2/${repository}/${path}`,
    headers: { authorization: `Bearer ${token}`, accept: manifestTypes },
    caFile: server.caFile,
  })
}

const manifestTypes = 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json'

/** The status of a pull from the seeded registry. */
async function pull(credential: Credential, repository: string, reference: string): Promise<number> {
  return (await read(credential, repository, `manifests/${reference}`)).status
}

async function manifestOf(repository: string, reference: string): Promise<unknown> {
  return expectStatus(await read(admin, repository, `manifests/${reference}`), 200).json()
}

/** The outputs of a seed. */
async function apply(text: string): Promise<unknown> {
  const { status, json } = await emulator.control('POST', '/_acrux/seed', text)
  assert.equal(status, 200, JSON.stringify(json))
  return at(json, 'outputs')
}

test('both passwords of the seeded admin account sign in', async () => {
  for (const password of ['admin-1', 'admin-2']) assert.equal(await pull({ ...admin, password }, 'team/app', '1'), 200)
  assert.equal((await askAccessToken(server, { ...admin, password: 'admin-3' }, [], where)).status, 401)
})

test('the seeded registry has its SKU and its mode', async () => {
  const registry = expectStatus(await arm(server, 'GET', registryId(server, 'contoso')), 200).json()
  assert.equal(stringAt(registry, 'sku', 'name'), 'Premium')
  assert.equal(stringAt(registry, 'properties', 'loginServer'), where.loginServer)
  assert.equal(stringAt(registry, 'properties', 'roleAssignmentMode'), 'AbacRepositoryPermissions')
})

test('the seeded token pulls what its scope map allows, and nothing else', async () => {
  const device = { username: 'device', password: 'device-secret' }
  assert.equal(await pull(device, 'team/app', '1'), 200)
  assert.equal(await pull(device, 'base', '1'), 401)
})

test('the seeded secret signs in, with the id that belongs to the name, and its condition applies', async () => {
  const token = await armToken(server, ci, 'https://containerregistry.azure.net/.default')
  const refreshToken = await exchange(server, token, where)
  assert.equal(await pull({ refreshToken }, 'base', '1'), 200)
  const scopes = ['team/app', 'base'].map((repository) => `repository:${repository}:push`)
  const allowed = await askAccessToken(server, { refreshToken }, scopes, where)
  const [, claims = ''] = stringAt(allowed.json(), 'access_token').split('.')
  const access = listAt(JSON.parse(Buffer.from(claims, 'base64url').toString()), 'access')
  assert.deepEqual(
    access.filter((one) => listAt(one, 'actions').includes('push')).map((one) => stringAt(one, 'name')),
    ['team/app'],
  )
})

test('the seeded user signs in with the password, and has the role of the group', async () => {
  const person = { userPrincipalName: 'ada@contoso.test', password: 'ada-password' }
  const { access } = await signInPerson(server, person, 'https://containerregistry.azure.net')
  const refreshToken = await exchange(server, access, where)
  assert.equal(await pull({ refreshToken }, 'team/app', '2'), 200)
  const members = expectStatus(await graph(server, 'GET', `/groups/${derivedId('groups/team')}/members`), 200).json()
  assert.deepEqual(
    listAt(members, 'value')
      .map((member) => stringAt(member, 'id'))
      .toSorted(),
    [derivedId('users/ada@contoso.test'), derivedId('applications/ci/objectId')].toSorted(),
  )
})

test('a workload token that the seed trusts signs in, and another one does not', async () => {
  const tokenFor = async (subject: string) => {
    const claims = JSON.stringify({ issuer: 'https://token.actions.githubusercontent.com', subject })
    const { status, json } = await emulator.control('POST', '/_acrux/workload-tokens', claims)
    assert.equal(status, 201)
    const answer = await askToken(server, {
      grant_type: 'client_credentials',
      client_id: ci.appId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: stringAt(json, 'token'),
      scope: 'https://containerregistry.azure.net/.default',
    })
    return answer.status === 200 ? stringAt(answer.json(), 'access_token') : answer.status
  }
  const token = await tokenFor('repo:contoso/app:ref:refs/heads/main')
  assert.ok(typeof token === 'string')
  assert.equal(await pull({ refreshToken: await exchange(server, token, where) }, 'team/app', '1'), 200)
  assert.equal(await tokenFor('repo:contoso/app:pull_request'), 401)
})

test('the seeded images are there: layers, platforms, a referrer, and an OCI layout', async () => {
  const image = await manifestOf('team/app', '1')
  assert.equal(listAt(image, 'layers').length, 2)
  const index = await manifestOf('team/app', '2')
  assert.deepEqual(
    listAt(index, 'manifests').map((child) => stringAt(child, 'platform', 'architecture')),
    ['amd64', 'arm64'],
  )
  const signature = await manifestOf('team/app', '1-signature')
  const subject = stringAt(signature, 'subject', 'digest')
  assert.equal(await pull(admin, 'team/app', subject), 200)
  const referrers = expectStatus(await read(admin, 'team/app', `referrers/${subject}`), 200).json()
  assert.equal(listAt(referrers, 'manifests').length, 1)
  assert.equal(await pull(admin, 'base', layout.digest), 200)
})

test('the clock shows the time of the seed, and the seeded secret expires on it', async () => {
  const { json } = await emulator.control('GET', '/_acrux/clock')
  assert.match(stringAt(json, 'now'), /^2027-01-01T00:/)
  const advance = async (by: string) => {
    assert.equal((await emulator.control('POST', '/_acrux/clock/advance', JSON.stringify({ by }))).status, 200)
  }
  await advance('29d')
  await armToken(server, ci)
  await advance('2d')
  await assert.rejects(armToken(server, ci), /AADSTS7000222/)
  assert.equal((await emulator.control('POST', '/_acrux/state/reset')).status, 204)
  await armToken(server, ci)
})

test('a reset returns to the state after the seed', async () => {
  await apply('version: 1\nusers: [{ upn: bob@contoso.test }]')
  assert.equal((await graph(server, 'GET', '/users/bob@contoso.test')).status, 200)
  assert.equal((await emulator.control('POST', '/_acrux/state/reset')).status, 204)
  assert.equal((await graph(server, 'GET', '/users/bob@contoso.test')).status, 404)
  assert.equal((await graph(server, 'GET', '/users/ada@contoso.test')).status, 200)
})

test('a second application of a seed changes nothing, and returns the same outputs', async () => {
  const text = example.replace(/^clock: .*\n/m, '').replace('./layout', join(folder.path, 'layout'))
  const events = async () => {
    const path = `/subscriptions/${emulator.ready.subscriptionId}/providers/Acrux.Server/auditEvents`
    const { value } = expectStatus(await arm(server, 'GET', path), 200).json() as { value: { actor: { id: string } }[] }
    return value.filter(({ actor }) => actor.id === 'seed').length
  }
  const before = await events()
  assert.ok(before > 10, `${before} events`)
  const outputs = await apply(text)
  assert.deepEqual(await apply(text), outputs)
  assert.equal(await events(), before)
  assert.deepEqual(at(outputs, 'images', 'contoso/base:1'), {
    digest: layout.digest,
    reference: `${where.loginServer}/base:1`,
  })
  assert.deepEqual(await apply('version: 1'), {})
})

test('an invalid seed is rejected with its line and column, and changes nothing', async () => {
  const rejected = async (text: string) => {
    const { status, json } = await emulator.control('POST', '/_acrux/seed', text)
    assert.equal(status, 400)
    assert.equal(stringAt(json, 'error', 'code'), 'InvalidSeed')
    return stringAt(json, 'error', 'message')
  }
  const unknown = 'version: 1\nusers:\n  - { upn: eve@contoso.test }\nregistries:\n  - { name: contoso, sku: Gold }\n'
  assert.equal(await rejected(unknown), 'seed:5:22: registries[0].sku must be Basic, Standard or Premium')
  assert.equal(
    await rejected('{"version":1,"users":[{"upn":"eve@contoso.test"}],"groups":[{"name":"g","members":["nobody"]}]}'),
    'seed:1:84: groups[0].members[0] names nobody, but there is no user, application or group with this name',
  )
  assert.equal((await graph(server, 'GET', '/users/eve@contoso.test')).status, 404)
})

test('an emulator whose seed cannot be applied exits with code 20, and names the place', async () => {
  const file = join(folder.path, 'wrong.yaml')
  writeFileSync(file, 'version: 1\nroleAssignments:\n  - { to: team, role: AcrPull, on: acrux }\n')
  const seeds = [
    [file, /wrong\.yaml:3:7: roleAssignments\[0\]\.to names team, but there is no user, application or group/],
    [join(folder.path, 'missing.yaml'), /missing\.yaml: the file cannot be read/],
  ] as const
  for (const [name, message] of seeds) {
    await assert.rejects(startEmulator({ args: ['--seed', name] }), (error: unknown) => {
      assert.ok(error instanceof EmulatorEnded)
      assert.equal(error.code, 20, error.output)
      assert.match(error.output, message)
      return true
    })
  }
})

test('a seed file may name what an earlier file contains', async () => {
  const [first, second] = ['first.yaml', 'second.json'].map((name) => join(folder.path, name))
  assert.ok(first !== undefined && second !== undefined)
  writeFileSync(first, 'version: 1\nusers: [{ upn: ada@contoso.test }]\n')
  writeFileSync(second, '{ "version": 1, "groups": [{ "name": "team", "members": ["ada@contoso.test"] }] }')
  await using other = await startEmulator({ args: ['--seed', first, '--seed', second] })
  const path = `/groups/${derivedId('groups/team')}/members`
  assert.equal(listAt(expectStatus(await graph(other.server(), 'GET', path), 200).json(), 'value').length, 1)
})

test('skopeo and podman pull a seeded image with a seeded password', async (t) => {
  if (!requireClient(t, 'skopeo', 'podman') || !requireRoot(t)) return
  const outputs = await apply(`
version: 1
registries: [{ name: acrux, admin: { passwords: [first-admin] } }]
tokens: [{ registry: acrux, name: device, scopeMap: _repositories_pull, passwords: [device-secret] }]
images: [{ ref: 'acrux/team/app:1', layers: 3, bytes: 5000 }, { ref: acrux/team/all, platforms: [linux/amd64, linux/s390x] }]
`)
  const { loginServer: host } = emulator.ready
  const login = { username: 'device', password: 'device-secret' }
  using home = await loggedIn('podman', { server, host }, login)
  const { env } = home
  await mustRun('podman', ['pull', '-q', `${host}/team/app:1`], { env })
  const digest = await mustRun('podman', ['image', 'inspect', '--format', '{{.Digest}}', `${host}/team/app:1`], { env })
  assert.equal(digest.stdout.trim(), at(outputs, 'images', 'acrux/team/app:1', 'digest'))
  const inspected = await mustRun('skopeo', ['inspect', `docker://${host}/team/all`], { env })
  assert.equal(stringAt(JSON.parse(inspected.stdout), 'Digest'), at(outputs, 'images', 'acrux/team/all', 'digest'))
  using other = await loggedIn('skopeo', { server, host }, { username: 'acrux', password: 'first-admin' })
  await mustRun('skopeo', ['copy', '--all', `docker://${host}/team/all`, `oci:${other.path}/copy:1`], {
    env: other.env,
  })
})

test('az signs in with the seeded secret', async (t) => {
  if (!requireClient(t, 'az')) return
  using az = azHome(server.caFile)
  await apply(`
version: 1
roleAssignments: [{ to: ci, role: Reader, on: acrux }]
`)
  await signIn(az, server, ci)
  assert.equal(stringAt(await az.json('account', 'show'), 'user', 'name'), ci.appId)
})
