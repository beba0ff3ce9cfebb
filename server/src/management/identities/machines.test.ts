import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { usualDatabaseKind, usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  at,
  codeOf,
  each,
  openTestManagement,
  roleGuids,
  subscriptionId,
} from '../../../testing/management/test-management.ts'

const group = `/subscriptions/${subscriptionId}/resourceGroups/Default`
const machines = `${group}/providers/Microsoft.HybridCompute/machines`
const identities = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`
const tenantId = (body: unknown) => at(body, 'identity', 'tenantId')
const operator = 'f1a07417-d97a-45cb-824c-7a7467783830'
const location = 'local'

async function open(t: TestContext, kind: DatabaseKind = usualDatabaseKind) {
  const management = await openTestManagement(kind)
  t.after(management.close)
  const { arm } = management
  const makeIdentity = async (name: string) => {
    const answer = await arm('PUT', `${identities}/${name}`, { location })
    assert.equal(answer.status, 201, answer.text)
    return { id: String(at(answer.body, 'id')), body: answer.body }
  }
  return { ...management, makeIdentity }
}

for (const kind of usualDatabaseKinds) {
  test(`a machine is created, listed, changed and deleted with its identities (${kind})`, async (t) => {
    const { arm, directory, makeIdentity } = await open(t, kind)
    const made = await arm('PUT', `${machines}/build-1`, { location, tags: { rack: '7' } })
    assert.equal(made.status, 201, made.text)
    assert.partialDeepStrictEqual(made.body, {
      id: `${machines}/build-1`,
      name: 'build-1',
      type: 'Microsoft.HybridCompute/machines',
      location,
      tags: { rack: '7' },
      identity: { type: 'SystemAssigned' },
      properties: { provisioningState: 'Succeeded', status: 'Disconnected' },
    })
    assert.equal(tenantId(made.body), (await directory.tenant()).tenantId)
    const one = await makeIdentity('one')
    const two = await makeIdentity('two')
    const both = { type: 'SystemAssigned, UserAssigned', userAssignedIdentities: { [one.id]: {}, [two.id]: {} } }
    const attached = await arm('PUT', `${machines}/build-1`, { location, identity: both })
    assert.equal(attached.status, 200, attached.text)
    assert.deepEqual(at(attached.body, 'identity', 'principalId'), at(made.body, 'identity', 'principalId'))
    assert.equal(at(attached.body, 'identity', 'type'), 'SystemAssigned,UserAssigned')
    assert.deepEqual(at(attached.body, 'identity', 'userAssignedIdentities', one.id), {
      clientId: at(one.body, 'properties', 'clientId'),
      principalId: at(one.body, 'properties', 'principalId'),
    })
    const keys = (body: unknown) =>
      Object.keys((at(body, 'identity', 'userAssignedIdentities') as object | undefined) ?? {})
    const untouched = await arm('PUT', `${machines}/build-1`, { location })
    assert.equal(keys(untouched.body).length, 2, 'without identity they stay as they are')
    const detached = await arm('PATCH', `${machines}/build-1`, {
      identity: { type: 'SystemAssigned,UserAssigned', userAssignedIdentities: { [one.id.toUpperCase()]: null } },
    })
    assert.deepEqual(keys(detached.body), [two.id])
    const alone = await arm('PATCH', `${machines}/build-1`, { identity: { type: 'SystemAssigned' } })
    assert.deepEqual(keys(alone.body), [])
    assert.deepEqual(each(await arm('GET', machines), 'name'), ['build-1'])
    const inSubscription = `/subscriptions/${subscriptionId}/providers/Microsoft.HybridCompute/machines`
    assert.deepEqual(each(await arm('GET', inSubscription), 'name'), ['build-1'])
    const listed = await arm('GET', `/subscriptions/${subscriptionId}/resources`)
    assert.deepEqual(each(listed, 'type').map(String).toSorted(), [
      'Microsoft.HybridCompute/machines',
      'Microsoft.ManagedIdentity/userAssignedIdentities',
      'Microsoft.ManagedIdentity/userAssignedIdentities',
    ])
    assert.equal((await arm('DELETE', `${machines}/build-1`)).status, 200)
    assert.equal((await arm('DELETE', `${machines}/build-1`)).status, 204)
    assert.equal(codeOf(await arm('GET', `${machines}/build-1`)), 'ResourceNotFound')
  })
}

test('attaching an identity needs the permission to assign it, whether or not it exists', async (t) => {
  const { arm, principalWith, assign, makeIdentity } = await open(t)
  const identity = await makeIdentity('deploy')
  await arm('PUT', `${machines}/build-1`, { location })
  const contributor = await principalWith(roleGuids.contributor, `${machines}/build-1`)
  const attach = (id: string) =>
    arm(
      'PATCH',
      `${machines}/build-1`,
      { identity: { type: 'SystemAssigned,UserAssigned', userAssignedIdentities: { [id]: {} } } },
      { token: contributor.token },
    )
  for (const id of [identity.id, `${identities}/nobody`]) {
    const rejected = await attach(id)
    assert.deepEqual([rejected.status, codeOf(rejected)], [403, 'LinkedAuthorizationFailed'])
  }
  await assign(contributor.servicePrincipal.objectId, operator, identity.id)
  assert.equal((await attach(identity.id)).status, 200)
  const renamed = await arm('PATCH', `${machines}/build-1`, { tags: {} }, { token: contributor.token })
  assert.equal(renamed.status, 200)
})

test('a body with an identity that cannot be attached is rejected, and changes nothing', async (t) => {
  const { arm, makeIdentity } = await open(t)
  const identity = await makeIdentity('deploy')
  const put = (body: object) => arm('PUT', `${machines}/build-1`, { location, ...body })
  const both = 'SystemAssigned,UserAssigned'
  const bad: readonly (readonly [string, object, string])[] = [
    ['no system identity', { identity: { type: 'UserAssigned' } }, 'InvalidRequestContent'],
    ['none', { identity: { type: 'None' } }, 'InvalidRequestContent'],
    ['not an id', { identity: { type: both, userAssignedIdentities: { x: {} } } }, 'InvalidIdentity'],
    [
      'another type',
      { identity: { type: both, userAssignedIdentities: { [`${machines}/x`]: {} } } },
      'InvalidIdentity',
    ],
    ['not there', { identity: { type: both, userAssignedIdentities: { [`${identities}/x`]: {} } } }, 'InvalidIdentity'],
    [
      'type too small',
      { identity: { type: 'SystemAssigned', userAssignedIdentities: { [identity.id]: {} } } },
      'InvalidIdentity',
    ],
    ['no location', { location: null }, 'LocationRequired'],
  ]
  for (const [why, body, code] of bad) assert.equal(codeOf(await put(body)), code, why)
  assert.equal((await arm('GET', `${machines}/build-1`)).status, 404)
  for (const name of ['a'.repeat(55), 'ends.']) {
    assert.equal(codeOf(await arm('PUT', `${machines}/${name}`, { location })), 'InvalidResourceName')
  }
  await put({})
  assert.equal(codeOf(await put({ location: 'elsewhere' })), 'InvalidResourceLocation')
  const many = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`${identities}/many-${index}`, {}]))
  assert.equal(codeOf(await put({ identity: { type: both, userAssignedIdentities: many } })), 'InvalidIdentity')
})

test('an enrollment code needs the permission to change the machine, and is not in the audit log', async (t) => {
  const { arm, principalWith, credentials, events } = await open(t)
  await arm('PUT', `${machines}/build-1`, { location })
  const path = `${machines}/build-1/enrollmentCode`
  const reader = await principalWith(roleGuids.reader, group)
  assert.equal((await arm('POST', path, undefined, { token: reader.token })).status, 403)
  const made = await arm('POST', path)
  assert.equal(made.status, 200, made.text)
  assert.match(String(at(made.body, 'code')), /^(?:[0-9A-Z]{4}-){4}[0-9A-Z]{4}$/)
  assert.equal(made.headers.get('cache-control'), 'no-store')
  assert.ok(!JSON.stringify(await events()).includes(String(at(made.body, 'code'))))
  const enrolled = await credentials.machines.enroll(String(at(made.body, 'code')), '{}', () => Promise.resolve())
  assert.equal(enrolled?.machine.id, `${machines}/build-1`)
  assert.equal(at((await arm('GET', `${machines}/build-1`)).body, 'properties', 'status'), 'Connected')
  assert.equal(codeOf(await arm('POST', `${machines}/nobody/enrollmentCode`)), 'ResourceNotFound')
})

test('an enrollment code needs the permission to assign the attached identities, and attaching another one invalidates it', async (t) => {
  const { arm, principalWith, assign, credentials, database, directory, makeIdentity } = await open(t)
  const identity = await makeIdentity('deploy')
  const other = await makeIdentity('other')
  const attach = ({ id }: { readonly id: string }) =>
    arm('PATCH', `${machines}/build-1`, {
      identity: { type: 'SystemAssigned,UserAssigned', userAssignedIdentities: { [id]: {} } },
    })
  await arm('PUT', `${machines}/build-1`, { location })
  const contributor = await principalWith(roleGuids.contributor, `${machines}/build-1`)
  const ask = () => arm('POST', `${machines}/build-1/enrollmentCode`, undefined, { token: contributor.token })
  const enroll = (answer: { readonly body: unknown }) =>
    credentials.machines.enroll(String(at(answer.body, 'code')), '{}', () => Promise.resolve())
  const early = await ask()
  assert.equal(early.status, 200, early.text)
  assert.equal((await attach(identity)).status, 200)
  assert.equal(await enroll(early), undefined, 'what is attached later is not theirs to speak as')
  const rejected = await ask()
  assert.deepEqual([rejected.status, codeOf(rejected)], [403, 'LinkedAuthorizationFailed'])
  await assign(contributor.servicePrincipal.objectId, operator, identity.id)
  assert.equal((await enroll(await ask()))?.machine.name, 'build-1')
  const last = await ask()
  const { objectId } = contributor.servicePrincipal
  const disable = (enabled: boolean) =>
    database.transaction((tx) => directory.applications.updateServicePrincipal(tx, objectId, { enabled }))
  await disable(false)
  assert.equal(await enroll(last), undefined, 'the code ends when its creator is disabled')
  await disable(true)
  await attach(other)
  assert.equal(codeOf(await ask()), 'LinkedAuthorizationFailed', 'each of them')
})

test('deleting a group deletes its machines and identities, with their role assignments', async (t) => {
  const { arm, access, assign, directory, makeIdentity } = await open(t)
  const identity = await makeIdentity('deploy')
  await arm('PUT', `${machines}/build-1`, { location })
  const principalId = String(at(identity.body, 'properties', 'principalId'))
  await assign(principalId, roleGuids.reader, `/subscriptions/${subscriptionId}`)
  assert.equal((await arm('DELETE', group)).status, 200)
  assert.equal(await directory.findPrincipal(principalId), undefined)
  assert.deepEqual(await directory.managedIdentities.list(subscriptionId), [])
  assert.deepEqual(await access.listAssignments({ scope: '/', includeBelow: true, principalIds: [principalId] }), [])
})

test('a principal without a role cannot see or change machines and identities', async (t) => {
  const { arm, createPrincipal, tokenFor, makeIdentity } = await open(t)
  const identity = await makeIdentity('deploy')
  await arm('PUT', `${machines}/build-1`, { location })
  const token = await tokenFor(await createPrincipal('stranger'))
  for (const list of [machines, identities, `/subscriptions/${subscriptionId}/resources`]) {
    assert.deepEqual(each(await arm('GET', list, undefined, { token }), 'id'), [])
  }
  for (const [method, path] of [
    ['GET', identity.id],
    ['PUT', identity.id],
    ['PATCH', identity.id],
    ['DELETE', identity.id],
    ['GET', `${machines}/build-1`],
    ['PUT', `${machines}/build-1`],
    ['DELETE', `${machines}/build-1`],
    ['POST', `${machines}/build-1/enrollmentCode`],
    ['PUT', `${identity.id}/federatedIdentityCredentials/ci`],
    ['GET', `${machines}/nobody`],
  ] as const) {
    const answer = await arm(method, path, method === 'GET' ? undefined : { location }, { token })
    assert.equal(answer.status, 403, `${method} ${path}`)
  }
})
