import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { testTrustedTenantId } from '../../../testing/directory/test-directory.ts'
import { openGraph } from '../../../testing/graph/test-graph.ts'
import { openTestCredentials } from '../../../testing/credentials/test-credentials.ts'

for (const kind of usualDatabaseKinds) {
  test(`a directory owner deletes a principal of a trusted tenant with all its permissions (${kind})`, async (t) => {
    const { as, asOwner, credentials, directory, deletedPrincipals, makeProgram } = await openGraph(t, kind)
    const objectId = randomUUID()
    const identity = { tenantId: testTrustedTenantId, objectId, kind: 'user' } as const
    const names = { displayName: 'Ada', userPrincipalName: 'ada@other.example', appId: randomUUID() }
    const external = await directory.externalPrincipals.register(identity, names)
    assert.ok(external)
    assert.deepEqual(await directory.externalPrincipals.register(identity, names), external)
    assert.equal(
      await credentials.credentialStands(objectId, { kind: 'external-principal', id: external.credentialId }),
      true,
    )
    assert.equal((await directory.findPrincipal(objectId))?.kind, 'user')

    const stranger = await makeProgram('stranger')
    const asStranger = as(stranger.servicePrincipal.objectId)
    assert.equal((await asStranger('DELETE', `/directoryObjects/${objectId}`)).status, 403)
    assert.equal((await as(objectId)('GET', '/me')).status, 401, 'Graph does not accept principals of other tenants')
    assert.equal((await asOwner('DELETE', `/directoryObjects/${stranger.servicePrincipal.objectId}`)).status, 404)
    assert.equal((await asOwner('DELETE', `/directoryObjects/${objectId}`)).status, 204)
    assert.equal((await asOwner('DELETE', `/directoryObjects/${objectId}`)).status, 404)
    assert.deepEqual(deletedPrincipals, [objectId])
    assert.equal(
      await credentials.credentialStands(objectId, { kind: 'external-principal', id: external.credentialId }),
      false,
    )
    assert.equal(await directory.findPrincipal(objectId), undefined)
    const again = await directory.externalPrincipals.register(identity, names)
    assert.notEqual(again?.credentialId, external.credentialId)
  })

  test(`an id of this directory, or of another tenant or kind, is not the id of an external principal (${kind})`, async (t) => {
    const opened = await openTestCredentials(kind)
    t.after(opened.dispose)
    const { directory, owner, alice } = opened
    const names = { displayName: 'x', userPrincipalName: 'x', appId: randomUUID() }
    const register = (tenantId: string, objectId: string, what: 'user' | 'service-principal') =>
      directory.externalPrincipals.register({ tenantId, objectId, kind: what }, names)
    assert.equal(await register(testTrustedTenantId, alice.objectId, 'user'), undefined)
    assert.equal(await register(testTrustedTenantId, owner.servicePrincipal.objectId, 'service-principal'), undefined)
    const objectId = randomUUID()
    assert.equal(await register(randomUUID(), objectId, 'user'), undefined, 'the tenant is not trusted')
    assert.equal((await register(testTrustedTenantId, objectId, 'user'))?.principal.objectId, objectId)
    assert.equal(await register(testTrustedTenantId, objectId, 'service-principal'), undefined)
    assert.equal(await register(randomUUID(), objectId, 'user'), undefined)
    const several = await Promise.all(
      Array.from({ length: 10 }, () => register(testTrustedTenantId, randomUUID(), 'user')),
    )
    assert.ok(several.every((each) => each !== undefined))
    const same = randomUUID()
    const together = await Promise.all(Array.from({ length: 10 }, () => register(testTrustedTenantId, same, 'user')))
    assert.equal(new Set(together.map((each) => each?.credentialId)).size, 1)
  })
}
