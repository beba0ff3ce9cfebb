import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import {
  arm,
  armToken,
  as,
  assignRole,
  createRegistry,
  createServicePrincipal,
  enableAdmin,
  expectStatus,
  graph,
  principalWithRole,
  registryId,
  resourceGroupId,
  roles,
} from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { assertGolden } from '../harness/golden.ts'
import { startServer } from '../harness/server.ts'
import { addSecret, askIdentity } from '../rights/tokens.ts'
import { openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { servicePrincipal, subscriptionId, registry } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const group = resourceGroupId(server)
const otherGroup = `/subscriptions/${subscriptionId}/resourceGroups/other`
expectStatus(await arm(server, 'PUT', otherGroup, { location: 'local' }), 201)
const theirs = await createRegistry(server, 'theirs')
await pushImage(server, 'team/app', '1', owner)
const assignments = 'providers/Microsoft.Authorization/roleAssignments'
const version = '?api-version=2022-04-01'

/** Owner of one registry and of nothing else. */
const ours = await createServicePrincipal(server, 'ours')
await assignRole(server, ours.objectId, roles.owner, registryId(server))
const victim = await createServicePrincipal(server, 'victim')
const victimAssignment = await assignRole(server, victim.objectId, roles.acrPull, theirs.id)
const victimName = victimAssignment.slice(victimAssignment.lastIndexOf('/') + 1)

/** The denials of a test, to be compared with the reviewed ones at its end. */
function rejectionsOf(section: string): { add: (response: HttpResponse, what: string) => void; assert: () => void } {
  const lines: string[] = []
  return {
    add: (response, what) => {
      assert.ok([400, 401, 403, 404, 405, 409].includes(response.status), `${what}: ${response.status}`)
      lines.push(`${what}: ${response.status} ${stringAt(response.json(), 'error', 'code')}`)
    },
    assert: () => assertGolden(new URL('management-objects.golden.txt', import.meta.url), section, lines),
  }
}

async function assertVictimKept(): Promise<void> {
  const kept = expectStatus(await arm(server, 'GET', `${victimAssignment}${version}`), 200).json()
  assert.equal(stringAt(kept, 'properties', 'principalId'), victim.objectId)
  assert.equal(stringAt(kept, 'properties', 'scope').toLowerCase(), theirs.id.toLowerCase())
}

test('fault 26: the owner of one registry does nothing with another, by any operation', async () => {
  const denials = rejectionsOf('fault 26: the owner of one registry does nothing with another, by any operation')
  const calls: readonly (readonly [method: string, path: string, body?: unknown])[] = [
    ['GET', theirs.id],
    ['PATCH', theirs.id, { properties: { adminUserEnabled: true } }],
    ['PUT', theirs.id, { location: 'local', sku: { name: 'Premium' }, properties: { adminUserEnabled: true } }],
    ['DELETE', theirs.id],
    ['POST', `${theirs.id}/listCredentials`],
    ['POST', `${theirs.id}/regenerateCredential`, { name: 'password' }],
    ['GET', `${theirs.id}/listUsages`],
    ['GET', `${theirs.id}/${assignments}${version}`],
    ['GET', `${victimAssignment}${version}`],
    ['DELETE', `${victimAssignment}${version}`],
    ['GET', group],
    ['DELETE', group],
    ['PUT', `/subscriptions/${subscriptionId}/resourceGroups/mine`, { location: 'local' }],
    [
      'PUT',
      `${group}/providers/Microsoft.ContainerRegistry/registries/mine1`,
      { location: 'local', sku: { name: 'Basic' } },
    ],
    [
      'POST',
      `/subscriptions/${subscriptionId}/providers/Microsoft.ContainerRegistry/checkNameAvailability`,
      { name: 'free1', type: 'Microsoft.ContainerRegistry/registries' },
    ],
  ]
  for (const [method, path, body] of calls) {
    denials.add(await arm(as(server, ours), method, path, body), `${method} ${path}`)
  }
  await assertVictimKept()
  const theirDocument = expectStatus(await arm(server, 'GET', theirs.id), 200).json()
  assert.equal(at(theirDocument, 'properties', 'adminUserEnabled'), false)
  denials.assert()
})

test("fault 26: a path that wraps another registry into the name of one's own leads nowhere", async () => {
  const token = await armToken(server, ours)
  const id = registryId(server)
  const statuses: string[] = []
  const targets = [
    `${id}/../theirs`,
    `${id}%2F..%2Ftheirs`,
    `${id}/%2e%2e/theirs`,
    `${id}/./../theirs`,
    `${id}//../theirs`,
    `${id};/../theirs`,
    `${id}%00/../theirs`,
    `${id}/registries/theirs`,
    `${id}?registryName=theirs&name=theirs`,
    `${id}%3f/../theirs`,
    `${id}\\..\\theirs`,
  ]
  for (const target of targets) {
    for (const suffix of ['', '/listCredentials']) {
      const [path, query = ''] = target.split('?')
      const method = suffix === '' ? 'GET' : 'POST'
      const sent = { method, target: `${path}${suffix}?api-version=2025-03-01-preview&${query}` }
      const answer = await wire.send({ ...sent, authorization: `Bearer ${token}` })
      statuses.push(`${method} ${sent.target.replace(id, 'ID')}: ${answer.status}`)
      if (answer.status === 200) assert.equal(at(answer.json(), 'name') ?? registry, registry, sent.target)
      assert.ok(!answer.text().includes('theirs.azurecr'), sent.target)
    }
  }
  assertGolden(new URL('management-objects.golden.txt', import.meta.url), 'wrapped paths', statuses)
})

test('fault 26: a registry is found in its own group and subscription only', async () => {
  const misplaced = [
    `${otherGroup}/providers/Microsoft.ContainerRegistry/registries/theirs`,
    `/subscriptions/${randomUUID()}/resourceGroups/${server.firstRun.resourceGroup}/providers/Microsoft.ContainerRegistry/registries/theirs`,
    `${group}/providers/Microsoft.Storage/registries/theirs`,
    `/providers/Microsoft.ContainerRegistry/registries/theirs`,
  ]
  for (const id of misplaced) {
    for (const [method, path, body] of [
      ['GET', id],
      ['PATCH', id, { properties: { adminUserEnabled: true } }],
      ['POST', `${id}/listCredentials`],
      ['POST', `${id}/regenerateCredential`, { name: 'password' }],
      ['GET', `${id}/listUsages`],
      ['PUT', `${id}/${assignments}/${randomUUID()}${version}`, { properties: {} }],
    ] as const) {
      const answer = await arm(server, method, path, body)
      assert.ok([400, 403, 404].includes(answer.status), `${method} ${path}: ${answer.status} ${answer.text()}`)
    }
    const deleted = await arm(server, 'DELETE', id)
    assert.ok([204, 400, 403, 404].includes(deleted.status), `DELETE ${id}: ${deleted.status}`)
  }
  const document = expectStatus(await arm(server, 'GET', theirs.id), 200).json()
  assert.equal(at(document, 'properties', 'adminUserEnabled'), false)
})

test('fault 26: a role assignment is read, changed and deleted at its own scope only', async () => {
  const denials = rejectionsOf('fault 26: a role assignment is read, changed and deleted at its own scope only')
  const roleDefinitionId = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roles.owner}`
  const properties = { roleDefinitionId, principalId: ours.objectId, principalType: 'ServicePrincipal' }
  for (const scope of [registryId(server), otherGroup, `/subscriptions/${subscriptionId}`]) {
    for (const caller of [servicePrincipal, ours]) {
      const path = `${scope}/${assignments}/${victimName}${version}`
      assert.ok([403, 404].includes((await arm(as(server, caller), 'GET', path)).status), `GET ${path}`)
      const deleted = await arm(as(server, caller), 'DELETE', path)
      assert.ok([204, 403, 404].includes(deleted.status), `DELETE ${path}: ${deleted.status}`)
      const put = await arm(as(server, caller), 'PUT', path, { properties })
      denials.add(put, `PUT ${path}`)
    }
  }
  await assertVictimKept()
  denials.assert()
})

test('fault 26: a caller who may assign roles can do so only within scope, and only for existing roles and principals', async () => {
  const denials = rejectionsOf(
    'fault 26: a caller who may assign roles can do so only within scope, and only for existing roles and principals',
  )
  const contributor = await principalWithRole(server, 'contributor', roles.contributor)
  const definition = (name: string): string =>
    `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${name}`
  const give = async (
    caller: { appId: string; password: string },
    scope: string,
    properties: Record<string, unknown>,
  ): Promise<HttpResponse> => {
    const all = { principalId: caller.appId, principalType: 'ServicePrincipal', ...properties }
    return arm(as(server, caller), 'PUT', `${scope}/${assignments}/${randomUUID()}${version}`, { properties: all })
  }
  const toSelf = { roleDefinitionId: definition(roles.owner), principalId: contributor.objectId }
  denials.add(await give(contributor, registryId(server), toSelf), 'a contributor makes itself owner')
  const upwards = { roleDefinitionId: definition(roles.owner), principalId: ours.objectId }
  for (const scope of [
    theirs.id,
    group,
    `/subscriptions/${subscriptionId}`,
    '',
    '/providers/Microsoft.Management/managementGroups/root',
  ]) {
    denials.add(await give(ours, scope, upwards), `the owner of one registry at ${scope}`)
    const claimed = { ...upwards, scope: registryId(server) }
    denials.add(await give(ours, scope, claimed), `the owner of one registry claims a scope at ${scope}`)
  }
  const wrong: Record<string, Record<string, unknown>> = {
    'a role that is not there': { roleDefinitionId: definition(randomUUID()), principalId: victim.objectId },
    'a role by its name': { roleDefinitionId: 'Owner', principalId: victim.objectId },
    'no role': { principalId: victim.objectId },
    'a principal that is not there': { roleDefinitionId: definition(roles.acrPull), principalId: randomUUID() },
    'a principal by its application id': { roleDefinitionId: definition(roles.acrPull), principalId: victim.appId },
    'no principal': { roleDefinitionId: definition(roles.acrPull), principalId: '' },
    everybody: { roleDefinitionId: definition(roles.acrPull), principalId: '*' },
  }
  for (const [what, properties] of Object.entries(wrong)) {
    denials.add(await give(ours, registryId(server), properties), what)
  }
  const elsewhere = { ...upwards, principalId: victim.objectId, scope: theirs.id, condition: null }
  const made = await give(ours, registryId(server), { ...elsewhere, roleDefinitionId: definition(roles.acrPull) })
  if (made.status === 201) {
    assert.equal(stringAt(made.json(), 'properties', 'scope').toLowerCase(), registryId(server).toLowerCase())
  } else denials.add(made, 'a scope in the body')
  assert.equal((await arm(as(server, ours), 'GET', theirs.id)).status, 403)
  denials.assert()
})

test('fault 26: a secret is removed through its own application only, and given only by who may', async () => {
  const denials = rejectionsOf(
    'fault 26: a secret is removed through its own application only, and given only by who may',
  )
  const first = await createServicePrincipal(server, 'first')
  const second = await createServicePrincipal(server, 'second')
  const secret = await addSecret(server, first, 3_600_000)
  for (const path of [
    `/applications/${second.applicationObjectId}`,
    `/servicePrincipals/${second.objectId}`,
    `/applications/${first.objectId}`,
    `/servicePrincipals/${first.applicationObjectId}`,
    `/applications/${randomUUID()}`,
  ]) {
    const answer = await graph(server, 'POST', `${path}/removePassword`, { keyId: secret.keyId })
    denials.add(answer, `removePassword at ${path}`)
  }
  assert.equal((await askIdentity(server, secret)).status, 200)
  for (const path of [`/applications/${first.applicationObjectId}`, `/servicePrincipals/${first.objectId}`]) {
    for (const [method, rest, body] of [
      ['POST', '/addPassword', { passwordCredential: {} }],
      ['POST', '/removePassword', { keyId: secret.keyId }],
      ['PATCH', '', { displayName: 'mine' }],
      ['DELETE', '', undefined],
    ] as const) {
      const answer = await graph(as(server, second), method, `${path}${rest}`, body)
      denials.add(answer, `${method} ${path}${rest} by another`)
    }
  }
  assert.equal((await askIdentity(server, secret)).status, 200)
  denials.assert()
})

test('fault 26: renewing a password of one registry leaves those of another alone', async () => {
  const before = await enableAdmin(server, 'theirs')
  const here = await enableAdmin(server)
  const renewed = await arm(server, 'POST', `${registryId(server)}/regenerateCredential`, {
    name: 'password',
    registryName: 'theirs',
    id: theirs.id,
  })
  assert.equal(renewed.status, 200, renewed.text())
  assert.deepEqual(await enableAdmin(server, 'theirs'), before)
  for (const [name, passwords] of [
    ['theirs', here],
    [registry, before],
  ] as const) {
    const host = name === registry ? server.firstRun.loginServer : theirs.loginServer
    const crossed = await wire.send({ target: '/v2/', host, authorization: basic(name, passwords.password) })
    assert.equal(crossed.status, 401)
  }
})

test('fault 26: what a principal without a right is listed is empty', async () => {
  const stranger = await createServicePrincipal(server, 'stranger')
  for (const path of [
    '/subscriptions',
    `/subscriptions/${subscriptionId}/resources`,
    `/subscriptions/${subscriptionId}/resourcegroups`,
    `/subscriptions/${subscriptionId}/providers/Microsoft.ContainerRegistry/registries`,
  ]) {
    const listed = await arm(as(server, stranger), 'GET', path)
    assert.equal(listed.status, 200, `${path}: ${listed.text()}`)
    assert.deepEqual(listAt(listed.json(), 'value'), [], path)
  }
  const mine = await arm(as(server, ours), 'GET', `/subscriptions/${subscriptionId}/resources`)
  assert.deepEqual(
    listAt(mine.json(), 'value').map((one) => at(one, 'name')),
    [registry],
  )
})
