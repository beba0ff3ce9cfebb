import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { as, createServicePrincipal, expectStatus, graph } from '../harness/arm.ts'
import { createGroup, createPerson } from '../harness/directory.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { signInPerson } from '../harness/person.ts'
import { startServer } from '../harness/server.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const read = async (path: string, caller?: string) =>
  expectStatus(await graph(as(server, caller), 'GET', path), 200).json()
const idsIn = (body: unknown) => listAt(body, 'value').map((one) => stringAt(one, 'id'))
const sorted = (ids: readonly unknown[]) => ids.map(String).toSorted()

const carol = await createPerson(server, 'carol')
const program = await createServicePrincipal(server, 'ci')
const core = await createGroup(server, 'core')
const inner = await createGroup(server, 'inner', carol.id, program.objectId, core)
const outer = await createGroup(server, 'outer', inner)
const foreign = await createGroup(server, 'foreign')
const { access } = await signInPerson(server, carol, `${server.baseUrl}/graph`)

/** The members of the group `inner`, by each path that names them. */
const members = [
  { title: '/users/{id}', path: `/users/${carol.id}`, lists: true },
  { title: '/users/{name}', path: `/users/${encodeURIComponent(carol.userPrincipalName)}`, lists: true },
  { title: '/me', path: '/me', lists: true, caller: access },
  { title: '/servicePrincipals/{id}', path: `/servicePrincipals/${program.objectId}`, lists: true },
  { title: '/groups/{id}', path: `/groups/${core}`, lists: true },
  { title: '/directoryObjects/{id} of a person', path: `/directoryObjects/${carol.id}`, lists: false },
  {
    title: '/directoryObjects/{id} of a service principal',
    path: `/directoryObjects/${program.objectId}`,
    lists: false,
  },
  { title: '/directoryObjects/{id} of a group', path: `/directoryObjects/${core}`, lists: false },
]

for (const { title, path, lists, caller } of members) {
  test(`${title} distinguishes direct and nested groups`, async () => {
    if (lists) {
      assert.deepEqual(idsIn(await read(`${path}/memberOf`, caller)), [inner])
      assert.deepEqual(sorted(idsIn(await read(`${path}/transitiveMemberOf`, caller))), sorted([inner, outer]))
    }
    const post = async (action: string, body: object) =>
      listAt(expectStatus(await graph(as(server, caller), 'POST', `${path}/${action}`, body), 200).json(), 'value')
    const all = await post('getMemberGroups', { securityEnabledOnly: false })
    assert.deepEqual(sorted(all), sorted([inner, outer]))
    const groupIds = [outer, foreign, randomUUID()]
    assert.deepEqual(await post('checkMemberGroups', { groupIds }), [outer])
  })
}

test('A group lists its own members, and with transitiveMembers those of the groups in it', async () => {
  const direct = [carol.id, program.objectId, core]
  assert.deepEqual(idsIn(await read(`/groups/${outer}/members`)), [inner])
  assert.deepEqual(sorted(idsIn(await read(`/groups/${inner}/members`))), sorted(direct))
  const nested = await read(`/groups/${outer}/transitiveMembers`)
  assert.deepEqual(sorted(idsIn(nested)), sorted([inner, ...direct]))
  const types = listAt(nested, 'value').map((one) => stringAt(one, '@odata.type'))
  const kinds = ['user', 'servicePrincipal', 'group', 'group'].map((kind) => `#microsoft.graph.${kind}`)
  assert.deepEqual(types.toSorted(), kinds.toSorted())
  const dave = await createPerson(server, 'dave')
  const { access: daves } = await signInPerson(server, dave, `${server.baseUrl}/graph`)
  const hidden = await graph(as(server, daves), 'GET', `/groups/${outer}/transitiveMembers`)
  assert.equal(hidden.status, 403)
})

test('A group is renamed and described by an owner of the directory', async () => {
  const group = await createGroup(server, 'before')
  const change = { displayName: 'after', description: 'who build the app' }
  expectStatus(await graph(server, 'PATCH', `/groups/${group}`, change), 204)
  assert.partialDeepStrictEqual(await read(`/groups/${group}`), { ...change, mailNickname: 'before' })
  const byName = (name: string) => read(`/groups?$filter=${encodeURIComponent(`displayName eq '${name}'`)}`)
  assert.deepEqual(idsIn(await byName('after')), [group])
  assert.deepEqual(idsIn(await byName('before')), [])
  expectStatus(await graph(as(server, access), 'PATCH', `/groups/${group}`, { displayName: 'mine' }), 403)
  assert.equal(stringAt(await read(`/groups/${group}`), 'displayName'), 'after')
})

test('The applications of a person are listed as what they own, with their service principals', async () => {
  const erin = await createPerson(server, 'erin')
  const { access: erins } = await signInPerson(server, erin, `${server.baseUrl}/graph`)
  assert.deepEqual(idsIn(await read('/me/ownedObjects', erins)), [])
  const application = await graph(server, 'POST', '/applications', { displayName: 'tool' })
  const { id, appId } = expectStatus(application, 201).json() as Record<'id' | 'appId', string>
  const principal = expectStatus(await graph(server, 'POST', '/servicePrincipals', { appId }), 201).json()
  const reference = { '@odata.id': `${server.baseUrl}/graph/v1.0/directoryObjects/${erin.id}` }
  expectStatus(await graph(server, 'POST', `/applications/${id}/owners/$ref`, reference), 204)
  const owned = listAt(await read('/me/ownedObjects', erins), 'value')
  assert.deepEqual(sorted(owned.map((one) => at(one, 'id'))), sorted([id, stringAt(principal, 'id')]))
  assert.ok(owned.every((one) => stringAt(one, 'appId') === appId))
})

test('The roles of the directory are listed, assigned and removed, and each assignment shows who has it', async () => {
  const frank = await createPerson(server, 'frank')
  const { access: franks } = await signInPerson(server, frank, `${server.baseUrl}/graph`)
  const definitions = listAt(await read('/roleManagement/directory/roleDefinitions'), 'value')
  assert.deepEqual(
    definitions.map((one) => stringAt(one, 'displayName')),
    ['Global Administrator', 'Directory Readers'],
  )
  const list = '/roleManagement/directory/roleAssignments'
  const ofFrank = `${list}?$filter=${encodeURIComponent(`principalId eq '${frank.id}'`)}`
  assert.deepEqual(idsIn(await read(ofFrank)), [])
  assert.equal((await graph(as(server, franks), 'GET', '/groups')).status, 403)
  const wanted = { principalId: frank.id, roleDefinitionId: stringAt(definitions[1], 'id'), directoryScopeId: '/' }
  const made = expectStatus(await graph(server, 'POST', list, wanted), 201).json()
  assert.partialDeepStrictEqual(made, wanted)
  assert.deepEqual(at(await read(ofFrank), 'value'), [made])
  assert.ok(listAt(await read(list), 'value').length > 1, 'the first owner has a role too')
  const owners = `${list}?$filter=${encodeURIComponent(`roleDefinitionId eq '${stringAt(definitions[0], 'id')}'`)}`
  assert.ok(!JSON.stringify(await read(owners)).includes(frank.id))
  assert.ok(idsIn(await read('/groups', franks)).includes(outer))
  expectStatus(await graph(server, 'DELETE', `${list}/${stringAt(made, 'id')}`), 204)
  assert.deepEqual(idsIn(await read(ofFrank)), [])
  assert.deepEqual(idsIn(await read(list, franks)), [], 'a caller without a role sees only their own')
})

test('The identities of a person at other providers are listed, changed as a whole, and removed', async () => {
  const grace = await createPerson(server, 'grace')
  const path = `/users/${grace.id}/identities`
  const identity = (issuerAssignedId: string) => ({
    signInType: 'federated',
    issuer: 'https://id.contoso.example',
    issuerAssignedId,
  })
  assert.deepEqual(at(await read(path), 'value'), [])
  for (const subject of ['grace', 'hopper']) {
    const identities = [identity(subject)]
    expectStatus(await graph(server, 'PATCH', `/users/${grace.id}`, { identities }), 204)
    assert.deepEqual(at(await read(path), 'value'), identities)
  }
  assert.equal((await graph(as(server, access), 'GET', path)).status, 403)
  expectStatus(await graph(server, 'PATCH', `/users/${grace.id}`, { identities: [] }), 204)
  assert.deepEqual(at(await read(path), 'value'), [])
})

test('The providers of organisations are listed for owners of the directory, and for nobody else', async () => {
  assert.deepEqual(at(await read('/identity/identityProviders'), 'value'), [])
  expectStatus(await graph(as(server, access), 'GET', '/identity/identityProviders'), 403)
})
