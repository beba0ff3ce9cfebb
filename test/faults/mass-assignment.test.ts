import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import {
  arm,
  as,
  createServicePrincipal,
  enableAdmin,
  expectStatus,
  graph,
  principalWithRole,
  registryId,
  roles,
} from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { at, stringAt } from '../harness/json.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { askIdentity } from '../rights/tokens.ts'
import { openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { loginServer, registry, servicePrincipal, subscriptionId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const chosen = 'A'.repeat(42)

/** Holds that the answer is a plain success or a rejection of the body, and no failure. */
function assertSettled(response: HttpResponse, what: string): void {
  assert.ok([200, 201, 204, 400, 403].includes(response.status), `${what}: ${response.status} ${response.text()}`)
}

/** Fields that are the server's to write, or another route's, with values that a client would like them to have. */
const registryFields: Record<string, unknown> = {
  id: '/subscriptions/x',
  name: 'renamed',
  type: 'Microsoft.Storage/storageAccounts',
  rid: '0'.repeat(32),
  systemData: { createdBy: 'attacker', createdAt: '2000-01-01T00:00:00Z' },
  subscriptionId: randomUUID(),
  resourceGroup: 'other',
  identity: { type: 'SystemAssigned', principalId: randomUUID() },
  managedBy: 'attacker',
  owner: 'attacker',
  role: 'Owner',
  isAdmin: true,
  loginServer: 'evil.example.com',
  adminPassword: chosen,
  password: chosen,
  passwords: [{ name: 'password', value: chosen }],
  credentials: { passwords: [{ name: 'password', value: chosen }] },
  roleAssignments: [{ principalId: randomUUID(), roleDefinitionId: roles.owner }],
  constructor: { prototype: { adminUserEnabled: true } },
}
const propertyFields: Record<string, unknown> = {
  ...registryFields,
  creationDate: '2000-01-01T00:00:00Z',
  provisioningState: 'Failed',
  createdAtMs: 0,
  createdBy: 'attacker',
  status: { displayStatus: 'owned' },
  storageAccount: { id: 'x' },
  privateEndpointConnections: [{ id: 'x' }],
  dataEndpointHostNames: ['evil.example.com'],
  adminPasswords: { password: chosen, password2: chosen },
}
const polluted = `{"__proto__":{"adminUserEnabled":true},"properties":{"__proto__":{"adminUserEnabled":true,"anonymousPullEnabled":true}}}`

/** Everything of the registry document that a client must not be able to write. */
async function document(): Promise<Record<string, unknown>> {
  const read = expectStatus(await arm(server, 'GET', registryId(server)), 200).json()
  const { properties, id, name, type, location } = read as Record<string, Record<string, unknown>>
  const { loginServer, creationDate, provisioningState, adminUserEnabled, anonymousPullEnabled } = properties ?? {}
  const { privateEndpointConnections, dataEndpointHostNames } = properties ?? {}
  const kept = { loginServer, creationDate, provisioningState, adminUserEnabled, anonymousPullEnabled }
  const createdBy = at(read, 'systemData', 'createdBy')
  const createdAt = at(read, 'systemData', 'createdAt')
  return { id, name, type, location, createdBy, createdAt, ...kept, privateEndpointConnections, dataEndpointHostNames }
}

test("fault 27: a change of a registry writes nothing that is the server's own", async () => {
  const before = await document()
  const contributor = await principalWithRole(server, 'contributor', roles.contributor)
  for (const [name, value] of Object.entries(registryFields)) {
    const answer = await arm(as(server, contributor), 'PATCH', registryId(server), { [name]: value })
    assertSettled(answer, `PATCH ${name}`)
    assert.deepEqual(await document(), before, `PATCH ${name}`)
  }
  for (const [name, value] of Object.entries(propertyFields)) {
    const answer = await arm(as(server, contributor), 'PATCH', registryId(server), { properties: { [name]: value } })
    assertSettled(answer, `PATCH properties.${name}`)
    assert.deepEqual(await document(), before, `PATCH properties.${name}`)
  }
  for (const id of [registryId(server)]) {
    const answer = await arm(as(server, contributor), 'PATCH', id, JSON.parse(polluted))
    assertSettled(answer, 'PATCH __proto__')
    assert.deepEqual(await document(), before, 'PATCH __proto__')
  }
  assert.equal(loginServer, before['loginServer'])
  assert.equal((await wire.send({ target: '/v2/', host: 'evil.example.com' })).status, 404)
})

test("fault 27: neither making a registry nor making it again chooses what is the server's own", async () => {
  const made: Record<string, unknown>[] = []
  for (let time = 0; time < 2; time++) {
    const body = {
      ...registryFields,
      location: 'local',
      sku: { name: 'Premium', tier: 'Basic' },
      properties: { ...propertyFields, adminUserEnabled: true },
    }
    const answer = await arm(server, 'PUT', registryId(server, 'second'), body)
    assertSettled(answer, 'PUT')
    if (answer.status === 400) return
    assert.equal(at(answer.json(), 'name'), 'second')
    assert.equal(at(answer.json(), 'properties', 'loginServer'), `second.azurecr.localhost:${server.port}`)
    assert.equal(at(answer.json(), 'properties', 'provisioningState'), 'Succeeded')
    assert.notEqual(at(answer.json(), 'properties', 'creationDate'), '2000-01-01T00:00:00Z')
    assert.notEqual(at(answer.json(), 'systemData', 'createdBy'), 'attacker')
    made.push(answer.json() as Record<string, unknown>)
  }
  assert.equal(at(made[0], 'id'), at(made[1], 'id'))
  const admin = await enableAdmin(server, 'second')
  assert.ok(admin.password !== chosen && admin.password2 !== chosen)
})

test('fault 27: a renewed password is generated by the server, for any body', async () => {
  await enableAdmin(server)
  const id = `${registryId(server)}/regenerateCredential`
  for (const body of [
    { name: 'password', value: chosen },
    { name: 'password', password: chosen, passwords: [{ name: 'password', value: chosen }] },
    { name: 'password', generation: 1, length: 1 },
  ]) {
    const answer = await arm(server, 'POST', id, body)
    assertSettled(answer, 'regenerateCredential')
    assert.ok(!answer.text().includes(chosen))
    assert.equal((await wire.send({ target: '/v2/', authorization: basic(registry, chosen) })).status, 401)
  }
})

test('fault 27: a scoped token chooses neither its passwords nor its rights, and a scope map not its kind', async () => {
  const parent = registryId(server)
  const own: Record<string, unknown> = {
    ...propertyFields,
    id: 'x'.repeat(32),
    tokenId: 'x'.repeat(32),
    tokenName: 'root',
    username: 'root',
    enabled: true,
    actions: ['repositories/*/content/delete'],
    scopeMap: { actions: ['repositories/*/content/delete'] },
    passwordHash: chosen,
    credentials: {
      passwords: [{ name: 'password1', value: chosen, hash: chosen, creationTime: '2000-01-01T00:00:00Z' }],
    },
    type: 'SystemDefined',
  }
  const { actions: _actions, ...mapFields } = own
  const actions = ['repositories/team/app/content/read']
  const map = `${parent}/scopeMaps/chosen`
  const wanted = { ...mapFields, actions }
  for (const [method, status] of [
    ['PUT', 200],
    ['PATCH', 201],
  ] as const) {
    const made = expectStatus(await arm(server, method, map, { ...registryFields, properties: wanted }), status).json()
    assert.equal(stringAt(made, 'id'), map)
    assert.equal(stringAt(made, 'properties', 'type'), 'UserDefined')
    assert.notEqual(stringAt(made, 'properties', 'creationDate'), '2000-01-01T00:00:00Z')
    assert.notEqual(stringAt(made, 'systemData', 'createdBy'), 'attacker')
    assert.deepEqual(at(made, 'properties', 'actions'), actions)
  }
  const token = `${parent}/tokens/chosen`
  const { status: _status, ...tokenFields } = own
  const properties = { ...tokenFields, scopeMapId: map }
  for (const method of ['PUT', 'PATCH']) {
    const answer = expectStatus(await arm(server, method, token, { ...registryFields, properties }), 201)
    assert.ok(!answer.text().includes(chosen))
    assert.equal(stringAt(answer.json(), 'id'), token)
    assert.deepEqual(at(answer.json(), 'properties', 'credentials'), { passwords: [] })
  }
  const body = { tokenId: token, name: 'password1', value: chosen, passwords: [{ name: 'password1', value: chosen }] }
  const generated = expectStatus(await arm(server, 'POST', `${parent}/generateCredentials`, body), 200)
  assert.ok(!generated.text().includes(chosen))
  assert.equal((await wire.send({ target: '/v2/', authorization: basic('chosen', chosen) })).status, 401)
  const password = stringAt(generated.json(), 'passwords', 0, 'value')
  const authorization = basic('chosen', password)
  assert.equal((await wire.send({ target: '/v2/', authorization })).status, 200)
  assert.equal((await wire.send({ method: 'DELETE', target: '/acr/v1/team%2Fapp', authorization })).status, 401)
})

test('fault 27: an application chooses neither its ids, its secrets nor its place in the directory', async () => {
  const wanted = randomUUID()
  const fields: Record<string, unknown> = {
    id: wanted,
    objectId: wanted,
    appId: wanted,
    servicePrincipalId: wanted,
    owner_id: wanted,
    ownerId: wanted,
    createdDateTime: '2000-01-01T00:00:00Z',
    directory_role: 'owner',
    directoryRole: 'owner',
    appOwnerOrganizationId: wanted,
    passwordCredentials: [{ keyId: wanted, secretText: chosen, endDateTime: '2100-01-01T00:00:00Z' }],
    secret_hash: chosen,
    accountEnabled: true,
    isAdmin: true,
    roles: ['Global Administrator'],
    memberOf: ['owners'],
  }
  for (const [name, value] of Object.entries(fields)) {
    const answer = await graph(server, 'POST', '/applications', { displayName: `with ${name}`, [name]: value })
    assertSettled(answer, `POST ${name}`)
    if (answer.status !== 201) continue
    const application = answer.json()
    const appId = stringAt(application, 'appId')
    assert.notEqual(stringAt(application, 'id'), wanted, name)
    assert.notEqual(appId, wanted, name)
    assert.ok(!answer.text().includes(chosen), name)
    const made = await graph(server, 'POST', '/servicePrincipals', { appId, [name === 'appId' ? 'x' : name]: value })
    assertSettled(made, `POST servicePrincipals ${name}`)
    if (made.status === 201) assert.notEqual(stringAt(made.json(), 'id'), wanted, name)
    assert.equal((await askIdentity(server, { appId, password: chosen })).status, 401, name)
    const more = await graph(as(server, { appId, password: chosen }), 'POST', '/applications', {
      displayName: 'from it',
    }).catch(() => undefined)
    assert.equal(more, undefined, `an application made with ${name} signs in by a secret of its choice`)
  }
})

test('fault 27: a principal that may change itself does not make itself more', async () => {
  const plain = await createServicePrincipal(server, 'plain')
  const changes: Record<string, unknown>[] = [
    { directory_role: 'owner' },
    { directoryRole: 'owner' },
    { appId: servicePrincipal.appId },
    { id: randomUUID() },
    { servicePrincipalNames: [servicePrincipal.appId] },
    { appRoles: [{ value: 'Owner' }] },
    { passwordCredentials: [{ secretText: chosen }] },
  ]
  for (const change of changes) {
    for (const caller of [plain, servicePrincipal]) {
      for (const path of [`/servicePrincipals/${plain.objectId}`, `/applications/${plain.applicationObjectId}`]) {
        const answer = await graph(as(server, caller), 'PATCH', path, change)
        assertSettled(answer, `PATCH ${path} ${Object.keys(change).join()}`)
      }
    }
  }
  const making = await graph(as(server, plain), 'POST', '/applications', { displayName: 'not mine to make' })
  assert.equal(making.status, 403)
  assert.equal((await askIdentity(server, { appId: plain.appId, password: chosen })).status, 401)
  const kept = expectStatus(await graph(server, 'GET', `/servicePrincipals/${plain.objectId}`), 200).json()
  assert.equal(at(kept, 'appId'), plain.appId)
  assert.equal(at(kept, 'id'), plain.objectId)
})

test('fault 27: the text, the id and the hash of a secret are drawn by the server', async () => {
  const plain = await createServicePrincipal(server, 'secretive')
  const keyId = randomUUID()
  const credential = { displayName: 'mine', secretText: chosen, keyId, hint: 'AAA', customKeyIdentifier: 'x' }
  const body = { passwordCredential: { ...credential, secret_hash: chosen }, secretText: chosen }
  const answer = await graph(server, 'POST', `/applications/${plain.applicationObjectId}/addPassword`, body)
  assertSettled(answer, 'addPassword')
  if (answer.status === 200) {
    assert.notEqual(stringAt(answer.json(), 'secretText'), chosen)
    assert.notEqual(stringAt(answer.json(), 'keyId'), keyId)
  }
  assert.equal((await askIdentity(server, { appId: plain.appId, password: chosen })).status, 401)
})

test('fault 27: a role assignment chooses neither its author, its scope nor its id', async () => {
  const plain = await createServicePrincipal(server, 'assigned')
  const name = randomUUID()
  const id = `${registryId(server)}/providers/Microsoft.Authorization/roleAssignments/${name}`
  const roleDefinitionId = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roles.acrPull}`
  const properties = {
    roleDefinitionId,
    principalId: plain.objectId,
    principalType: 'ServicePrincipal',
    scope: `/subscriptions/${subscriptionId}`,
    createdBy: randomUUID(),
    updatedBy: randomUUID(),
    createdOn: '2000-01-01T00:00:00Z',
    actions: ['*'],
    permissions: [{ actions: ['*'] }],
  }
  const answer = await arm(server, 'PUT', `${id}?api-version=2022-04-01`, { id: '/x', name: randomUUID(), properties })
  assertSettled(answer, 'PUT')
  if (answer.status !== 201) return
  const made = answer.json()
  assert.equal(stringAt(made, 'name'), name)
  assert.equal(stringAt(made, 'properties', 'scope').toLowerCase(), registryId(server).toLowerCase())
  assert.notEqual(at(made, 'properties', 'createdBy'), properties.createdBy)
  assert.notEqual(at(made, 'properties', 'createdOn'), properties.createdOn)
  assert.equal((await arm(as(server, plain), 'PUT', registryId(server, 'none1'), { location: 'local' })).status, 403)
})

test('fault 27: a change of locks writes nothing else of a repository, a tag or a manifest', async () => {
  const image = await pushImage(server, 'team/app', '1', owner)
  const extra = {
    digest: `sha256:${'0'.repeat(64)}`,
    name: 'renamed',
    imageName: 'renamed',
    registry: 'renamed',
    createdTime: '2000-01-01T00:00:00Z',
    lastUpdateTime: '2000-01-01T00:00:00Z',
    tagCount: 99,
    manifestCount: 99,
    imageSize: 1,
    mediaType: 'text/html',
    signed: true,
    changeableAttributes: { readEnabled: false, quarantineState: 'Passed' },
    quarantineState: 'Passed',
    teleportEnabled: true,
  }
  for (const path of ['', '/_tags/1', `/_manifests/${image.digest}`]) {
    const target = `/acr/v1/team/app${path}`
    const before = await wire.send({ target, authorization: owner })
    const headers = [['Content-Type', 'application/json'] as const]
    const answer = await wire.send({
      method: 'PATCH',
      target,
      authorization: owner,
      headers,
      body: JSON.stringify(extra),
    })
    assertSettled(answer, `PATCH ${target}`)
    assert.deepEqual((await wire.send({ target, authorization: owner })).json(), before.json(), target)
  }
})
