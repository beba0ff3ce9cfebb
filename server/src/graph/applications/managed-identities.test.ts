import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ManagedIdentityKind } from '../../directory/index.ts'
import { openGraph } from '../../../testing/graph/test-graph.ts'

const subscriptionId = '0a7a5e0e-6a5c-4c8e-8a3e-0d5a3f0b7a11'

async function open(t: TestContext) {
  const opened = await openGraph(t)
  const { database, directory } = opened
  const put = async (kind: ManagedIdentityKind, name: string) => {
    const wanted = { kind, subscriptionId, resourceGroup: 'Team', name, location: 'local', tags: {} }
    return (await database.transaction((transaction) => directory.managedIdentities.put(transaction, wanted))).identity
  }
  return { ...opened, put }
}

test('Graph lists a managed identity as a service principal without an application', async (t) => {
  const opened = await open(t)
  const identity = await opened.put('user-assigned', 'Deploy')
  const machine = await opened.put('machine', 'build-1')
  const { asOwner: owner } = opened
  const shown = await owner('GET', `/servicePrincipals/${identity.objectId}`)
  assert.equal(shown.status, 200)
  assert.partialDeepStrictEqual(shown.body, {
    id: identity.objectId,
    appId: identity.appId,
    displayName: 'Deploy',
    servicePrincipalType: 'ManagedIdentity',
    servicePrincipalNames: [identity.appId],
    alternativeNames: ['isExplicit=True', identity.id],
    passwordCredentials: [],
    keyCredentials: [],
  })
  for (const filter of [
    `displayName eq 'deploy'`,
    `startswith(displayName,'DEP')`,
    `servicePrincipalNames/any(c:c eq '${identity.appId}')`,
    `appId eq '${identity.appId}'`,
  ]) {
    const list = await owner('GET', `/servicePrincipals?$filter=${encodeURIComponent(filter)}`)
    assert.deepEqual(
      (list.body['value'] as { id: string }[]).map(({ id }) => id),
      [identity.objectId],
      filter,
    )
  }
  const applications = await owner('GET', `/applications?$filter=${encodeURIComponent(`appId eq '${identity.appId}'`)}`)
  assert.deepEqual(applications.body['value'], [])
  assert.equal((await owner('GET', `/applications/${identity.objectId}`)).status, 404)
  const byIds = await owner('POST', '/directoryObjects/getByIds', { ids: [identity.objectId, machine.objectId] })
  assert.equal((byIds.body['value'] as unknown[]).length, 2)
  const own = await opened.as(machine.objectId)('GET', `/servicePrincipals/${machine.objectId}`)
  assert.partialDeepStrictEqual(own.body, { alternativeNames: ['isExplicit=False', machine.id] })
  assert.equal((await opened.as(machine.objectId)('GET', `/servicePrincipals/${identity.objectId}`)).status, 403)
})

test('a managed identity accepts no secret or certificate, and is deleted only with its resource', async (t) => {
  const opened = await open(t)
  const { objectId, appId } = await opened.put('user-assigned', 'deploy')
  const { asOwner: owner } = opened
  const path = `/servicePrincipals/${objectId}`
  assert.equal((await owner('POST', `${path}/addPassword`, { passwordCredential: {} })).status, 400)
  assert.equal((await owner('PATCH', path, { keyCredentials: [] })).status, 400)
  assert.equal((await owner('DELETE', path)).status, 400)
  assert.equal((await owner('POST', '/servicePrincipals', { appId })).status, 400)
  assert.equal((await owner('POST', `/applications/${objectId}/addPassword`, { passwordCredential: {} })).status, 404)
  assert.equal((await owner('PATCH', path, { accountEnabled: false })).status, 204)
  assert.equal(await opened.credentials.credentialStands(objectId, undefined), false)
})
