import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { openTestCredentials } from '../../../testing/credentials/test-credentials.ts'
import type { ManagedIdentity, ManagedIdentityKind } from '../../directory/index.ts'

const subscriptionId = '0a7a5e0e-6a5c-4c8e-8a3e-0d5a3f0b7a11'

async function open(t: TestContext, kind: DatabaseKind) {
  const opened = await openTestCredentials(kind)
  t.after(opened.dispose)
  const { database, directory } = opened
  const put = async (what: ManagedIdentityKind, name: string, resourceGroup = 'Team') => {
    const wanted = { kind: what, subscriptionId, resourceGroup, name, location: 'local', tags: {} }
    return (await database.transaction((transaction) => directory.managedIdentities.put(transaction, wanted))).identity
  }
  const remove = (identity: ManagedIdentity) =>
    database.transaction((transaction) => directory.managedIdentities.delete(transaction, identity))
  return { ...opened, put, remove }
}

for (const kind of testDatabaseKinds) {
  test(`a managed identity is a service principal without an application or secrets (${kind})`, async (t) => {
    const { credentials, directory, put, owner } = await open(t, kind)
    const identity = await put('user-assigned', 'Deploy')
    assert.equal(
      identity.id,
      `/subscriptions/${subscriptionId}/resourceGroups/Team/providers/Microsoft.ManagedIdentity/userAssignedIdentities/Deploy`,
    )
    const { objectId, appId } = identity
    assert.deepEqual(await directory.findPrincipal(objectId), {
      kind: 'service-principal',
      objectId,
      appId,
      displayName: 'Deploy',
      enabled: true,
    })
    assert.equal(await credentials.credentialStands(objectId, undefined), true)
    assert.equal(await directory.findApplication(appId), undefined)
    assert.deepEqual(await credentials.clientCertificates(appId), [])
    const check = await credentials.checkClientSecret(appId, owner.secret)
    assert.equal(check.outcome, 'wrong-secret')
  })

  test(`a managed identity is found by its ARM path in any case, and has the same ids when it is put again (${kind})`, async (t) => {
    const { directory, database, put } = await open(t, kind)
    const made = await put('user-assigned', 'Deploy')
    const place = { subscriptionId: subscriptionId.toUpperCase(), resourceGroup: 'TEAM', name: 'dEPLOY' }
    assert.deepEqual(await directory.managedIdentities.find('user-assigned', place), made)
    assert.equal(await directory.managedIdentities.find('machine', place), undefined)
    const again = await database.transaction((transaction) =>
      directory.managedIdentities.put(transaction, {
        ...place,
        kind: 'user-assigned',
        location: 'local',
        tags: { a: 'b' },
      }),
    )
    assert.deepEqual(again, { identity: { ...made, tags: { a: 'b' } }, created: false })
  })

  test(`a list contains the identities of a kind, a resource group and a subscription (${kind})`, async (t) => {
    const { directory, put } = await open(t, kind)
    await put('user-assigned', 'two')
    await put('user-assigned', 'one')
    await put('user-assigned', 'other', 'Elsewhere')
    await put('machine', 'one')
    const names = async (...narrowed: Parameters<typeof directory.managedIdentities.list>) =>
      (await directory.managedIdentities.list(...narrowed)).map((identity) => `${identity.kind} ${identity.name}`)
    assert.deepEqual(await names(subscriptionId, { kind: 'user-assigned', resourceGroup: 'tEAM' }), [
      'user-assigned one',
      'user-assigned two',
    ])
    assert.equal((await names(subscriptionId)).length, 4)
    assert.deepEqual(await names('00000000-0000-4000-8000-000000000000'), [])
  })

  test(`a deleted managed identity loses its credentials, and so does a deleted resource group (${kind})`, async (t) => {
    const { credentials, directory, database, deletedPrincipals, put, remove } = await open(t, kind)
    const [one, two, machine] = [
      await put('user-assigned', 'one'),
      await put('user-assigned', 'two'),
      await put('machine', 'three'),
    ]
    const trust = {
      name: 'ci',
      issuer: 'https://ci.example',
      audience: 'api://x',
      subject: 's',
      claimsExpression: undefined,
    }
    await database.transaction((transaction) => credentials.managedFederation.put(transaction, one, trust))
    await remove(one)
    assert.equal(await directory.findPrincipal(one.objectId), undefined)
    assert.equal(await credentials.credentialStands(one.objectId, undefined), false)
    assert.deepEqual(deletedPrincipals, [one.objectId])
    const assertion = { issuer: 'https://ci.example', audiences: ['api://x'], subject: 's', claim: () => undefined }
    assert.deepEqual(await credentials.matchFederatedCredential(assertion, undefined), { outcome: 'issuer' })
    const deleted = await database.transaction((transaction) =>
      directory.managedIdentities.deleteInGroup(transaction, subscriptionId, 'TEAM'),
    )
    assert.deepEqual(deleted.map(({ objectId }) => objectId).toSorted(), [two.objectId, machine.objectId].toSorted())
    assert.deepEqual(await directory.managedIdentities.list(subscriptionId), [])
  })

  test(`a federated credential authenticates its managed identity until it is deleted (${kind})`, async (t) => {
    const { credentials, database, put } = await open(t, kind)
    const identity = await put('user-assigned', 'deploy')
    const trust = {
      name: 'ci',
      issuer: 'https://ci.example',
      audience: 'api://AzureADTokenExchange',
      subject: 'repo:octo/app:environment:production',
      claimsExpression: undefined,
    }
    const made = await database.transaction((transaction) =>
      credentials.managedFederation.put(transaction, identity, trust),
    )
    assert.deepEqual(made, { trust, created: true })
    assert.deepEqual(await credentials.managedFederation.list(identity), [trust])
    const assertion = {
      issuer: trust.issuer,
      audiences: [trust.audience],
      subject: trust.subject,
      claim: () => undefined,
    }
    const match = await credentials.matchFederatedCredential(assertion, identity.appId)
    assert.ok(match.outcome === 'matched' && match.servicePrincipal.objectId === identity.objectId)
    assert.equal(
      await credentials.credentialStands(identity.objectId, { kind: 'federated-credential', id: match.credentialId }),
      true,
    )
    const other = await credentials.matchFederatedCredential(
      { ...assertion, subject: 'repo:octo/other' },
      identity.appId,
    )
    assert.equal(other.outcome, 'subject')
    assert.equal(
      await database.transaction((transaction) => credentials.managedFederation.delete(transaction, identity, 'CI')),
      true,
    )
    assert.equal(
      await credentials.credentialStands(identity.objectId, { kind: 'federated-credential', id: match.credentialId }),
      false,
    )
  })
}
