import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
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
const identities = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`
const contributorOfIdentities = 'e40ec5ca-96e0-45a2-b4ff-59039f2c2b59'
const operator = 'f1a07417-d97a-45cb-824c-7a7467783830'
const location = 'local'

async function open(t: TestContext, kind: DatabaseKind = usualDatabaseKind) {
  const management = await openTestManagement(kind)
  t.after(management.close)
  return management
}

for (const kind of usualDatabaseKinds) {
  test(`a user-assigned identity is created, shown, listed, tagged and deleted (${kind})`, async (t) => {
    const { arm, directory, access, assign } = await open(t, kind)
    const made = await arm('PUT', `${identities}/Deploy`, { location, tags: { team: 'web' } })
    assert.equal(made.status, 201, made.text)
    const { tenantId } = await directory.tenant()
    const principalId = String(at(made.body, 'properties', 'principalId'))
    const clientId = at(made.body, 'properties', 'clientId')
    assert.deepEqual(made.body, {
      id: `${identities}/Deploy`,
      name: 'Deploy',
      type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
      location,
      tags: { team: 'web' },
      properties: { tenantId, principalId, clientId },
    })
    assert.partialDeepStrictEqual(await directory.findPrincipal(principalId), {
      kind: 'service-principal',
      appId: clientId,
    })
    const again = await arm('PUT', `${identities}/dEPLOY`, { location })
    assert.equal(again.status, 200)
    assert.deepEqual(at(again.body, 'properties'), at(made.body, 'properties'))
    const patched = await arm('PATCH', `${identities}/Deploy`, { tags: { a: 'b' } })
    assert.deepEqual(at(patched.body, 'tags'), { a: 'b' })
    const inSubscription = `/subscriptions/${subscriptionId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`
    for (const list of [identities, inSubscription]) assert.deepEqual(each(await arm('GET', list), 'name'), ['Deploy'])
    await assign(principalId, roleGuids.reader, group)
    assert.equal((await arm('DELETE', `${identities}/Deploy`)).status, 200)
    assert.equal((await arm('DELETE', `${identities}/Deploy`)).status, 204)
    assert.equal(codeOf(await arm('GET', `${identities}/Deploy`)), 'ResourceNotFound')
    assert.equal(await directory.findPrincipal(principalId), undefined)
    assert.deepEqual(
      await access.listAssignments({ scope: group, includeBelow: true, principalIds: [principalId] }),
      [],
    )
  })

  test(`a managed identity has federated credentials of external issuers (${kind})`, async (t) => {
    const { arm, events } = await open(t, kind)
    const identity = await arm('PUT', `${identities}/deploy`, { location })
    const credentials = `${identities}/deploy/federatedIdentityCredentials`
    const properties = {
      issuer: 'https://token.actions.githubusercontent.com',
      subject: 'repo:octo/app:environment:production',
      audiences: ['api://AzureADTokenExchange'],
    }
    const made = await arm('PUT', `${credentials}/github`, { properties })
    assert.equal(made.status, 201, made.text)
    const document = {
      id: `${String(at(identity.body, 'id'))}/federatedIdentityCredentials/github`,
      name: 'github',
      type: 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials',
      properties,
    }
    assert.deepEqual(made.body, document)
    assert.deepEqual((await arm('GET', `${credentials}/GitHub`)).body, document)
    assert.deepEqual((await arm('GET', credentials)).body, { value: [document] })
    const changed = await arm('PUT', `${credentials}/github`, { properties: { ...properties, subject: 'repo:octo/b' } })
    assert.deepEqual([changed.status, at(changed.body, 'properties', 'subject')], [200, 'repo:octo/b'])
    const twin = await arm('PUT', `${credentials}/twin`, { properties: { ...properties, subject: 'repo:octo/b' } })
    assert.deepEqual([twin.status, codeOf(twin)], [409, 'Conflict'])
    for (const bad of [
      { ...properties, audiences: [] },
      { ...properties, audiences: ['a', 'b'] },
      { ...properties, issuer: 'http://token.example' },
      { ...properties, issuer: 'https://token.example?x' },
      { issuer: properties.issuer, audiences: properties.audiences },
      { ...properties, claimsMatchingExpression: { value: "claims['sub'] eq 'x'", languageVersion: 1 } },
    ]) {
      assert.equal((await arm('PUT', `${credentials}/other`, { properties: bad })).status, 400, JSON.stringify(bad))
    }
    assert.equal(codeOf(await arm('PUT', `${credentials}/x`, { properties })), 'InvalidResourceName')
    assert.equal((await arm('DELETE', `${credentials}/github`)).status, 200)
    assert.equal((await arm('DELETE', `${credentials}/github`)).status, 204)
    assert.equal((await arm('GET', `${credentials}/github`)).status, 404)
    const actions = (await events()).map(({ action, outcome }) => `${action} ${outcome}`)
    for (const verb of ['create', 'update', 'delete'])
      assert.ok(actions.includes(`federated-credential.${verb} success`))
  })
}

test('only a directory owner can trust the same external subject in a second identity', async (t) => {
  const { arm, principalWith } = await open(t)
  const properties = {
    issuer: 'https://token.actions.githubusercontent.com',
    subject: 'repo:octo/app:environment:production',
    audiences: ['api://AzureADTokenExchange'],
  }
  const { token } = await principalWith(contributorOfIdentities, group)
  for (const name of ['deploy', 'toy']) await arm('PUT', `${identities}/${name}`, { location })
  const of = (name: string) => `${identities}/${name}/federatedIdentityCredentials/job`
  assert.equal((await arm('PUT', of('deploy'), { properties }, { token })).status, 201)
  const rejected = await arm('PUT', of('toy'), { properties }, { token })
  assert.deepEqual([rejected.status, codeOf(rejected)], [403, 'AuthorizationFailed'])
  assert.ok(!rejected.text.includes('deploy'), rejected.text)
  assert.equal((await arm('PUT', of('toy'), { properties })).status, 201)
})

test('the roles for managed identities allow their actions, at a group and at one identity', async (t) => {
  const { arm, principalWith } = await open(t)
  const { id } = (await arm('PUT', `${identities}/deploy`, { location })).body as { id: string }
  await arm('PUT', `${identities}/other`, { location })
  const contributor = await principalWith(contributorOfIdentities, group)
  const as = (token: string) => (method: string, path: string, body?: unknown) => arm(method, path, body, { token })
  const byContributor = as(contributor.token)
  assert.equal((await byContributor('PUT', `${identities}/made`, { location })).status, 201)
  assert.equal((await byContributor('DELETE', `${identities}/made`)).status, 200)
  assert.equal((await byContributor('GET', `${id}/federatedIdentityCredentials`)).status, 200)
  assert.equal(
    (await byContributor('PUT', `${group}/providers/Microsoft.HybridCompute/machines/m`, { location })).status,
    403,
  )
  const byOperator = as((await principalWith(operator, id)).token)
  assert.equal((await byOperator('GET', id)).status, 200)
  assert.deepEqual(each(await byOperator('GET', identities), 'name'), ['deploy'])
  assert.equal((await byOperator('GET', `${identities}/other`)).status, 403)
  assert.equal((await byOperator('PUT', id, { location })).status, 403)
  assert.equal((await byOperator('DELETE', id)).status, 403)
  assert.equal((await byOperator('PUT', `${id}/federatedIdentityCredentials/ci`, { properties: {} })).status, 403)
})

test('an invalid name, a missing group and another location are rejected', async (t) => {
  const { arm } = await open(t)
  for (const name of ['ab', '-abc', 'a.b', 'x'.repeat(129)]) {
    assert.equal(codeOf(await arm('PUT', `${identities}/${name}`, { location })), 'InvalidResourceName', name)
  }
  const elsewhere = identities.replace('/Default/', '/nowhere/')
  assert.equal(codeOf(await arm('PUT', `${elsewhere}/deploy`, { location })), 'ResourceGroupNotFound')
  assert.equal(codeOf(await arm('PUT', `${identities}/deploy`, {})), 'LocationRequired')
  await arm('PUT', `${identities}/deploy`, { location })
  assert.equal(codeOf(await arm('PUT', `${identities}/deploy`, { location: 'east' })), 'InvalidResourceLocation')
})

test('a role can be assigned to a managed identity, with the principal type of service principals', async (t) => {
  const { arm } = await open(t)
  const made = await arm('PUT', `${identities}/deploy`, { location })
  const roleDefinitionId = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roleGuids.reader}`
  const principalId = at(made.body, 'properties', 'principalId')
  for (const scope of [group, `${identities}/deploy`]) {
    const properties = { roleDefinitionId, principalId, principalType: 'ServicePrincipal' }
    const given = await arm('PUT', `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`, {
      properties,
    })
    assert.equal(given.status, 201, given.text)
    assert.equal(at(given.body, 'properties', 'principalType'), 'ServicePrincipal')
  }
})
