import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { usualDatabaseKinds } from '../../platform/sql/test-database.ts'
import { testTrustedTenantId } from '../../directory/test-directory.ts'
import { openGraph } from '../test-graph.ts'
import { openTestCredentials } from '../../credentials/test-credentials.ts'

for (const kind of usualDatabaseKinds) {
  test(`an owner takes somebody of a trusted tenant off the record, with all that they had (${kind})`, async (t) => {
    const { as, asOwner, credentials, directory, deletedPrincipals, makeProgram } = await openGraph(t, kind)
    const objectId = randomUUID()
    const identity = { tenantId: testTrustedTenantId, objectId, kind: 'user' } as const
    const names = { displayName: 'Ada', userPrincipalName: 'ada@other.example', appId: randomUUID() }
    const met = await directory.externalPrincipals.register(identity, names)
    assert.ok(met)
    assert.deepEqual(await directory.externalPrincipals.register(identity, names), met)
    assert.equal(
      await credentials.credentialStands(objectId, { kind: 'external-principal', id: met.credentialId }),
      true,
    )
    assert.equal((await directory.findPrincipal(objectId))?.kind, 'user')

    const stranger = await makeProgram('stranger')
    const asStranger = as(stranger.servicePrincipal.objectId)
    assert.equal((await asStranger('DELETE', `/directoryObjects/${objectId}`)).status, 403)
    assert.equal((await as(objectId)('GET', '/me')).status, 401, 'nobody of another tenant is signed in here')
    assert.equal((await asOwner('DELETE', `/directoryObjects/${stranger.servicePrincipal.objectId}`)).status, 404)
    assert.equal((await asOwner('DELETE', `/directoryObjects/${objectId}`)).status, 204)
    assert.equal((await asOwner('DELETE', `/directoryObjects/${objectId}`)).status, 404)
    assert.deepEqual(deletedPrincipals, [objectId])
    assert.equal(
      await credentials.credentialStands(objectId, { kind: 'external-principal', id: met.credentialId }),
      false,
    )
    assert.equal(await directory.findPrincipal(objectId), undefined)
    const again = await directory.externalPrincipals.register(identity, names)
    assert.notEqual(again?.credentialId, met.credentialId)
  })

  test(`the id of whatever is here, and another tenant's or kind's, is no external one (${kind})`, async (t) => {
    const opened = await openTestCredentials(kind)
    t.after(opened.dispose)
    const { directory, owner, alice } = opened
    const names = { displayName: 'x', userPrincipalName: 'x', appId: randomUUID() }
    const meet = (tenantId: string, objectId: string, what: 'user' | 'service-principal') =>
      directory.externalPrincipals.register({ tenantId, objectId, kind: what }, names)
    assert.equal(await meet(testTrustedTenantId, alice.objectId, 'user'), undefined)
    assert.equal(await meet(testTrustedTenantId, owner.servicePrincipal.objectId, 'service-principal'), undefined)
    const objectId = randomUUID()
    assert.equal(await meet(randomUUID(), objectId, 'user'), undefined, 'of a tenant that is not trusted')
    assert.equal((await meet(testTrustedTenantId, objectId, 'user'))?.principal.objectId, objectId)
    assert.equal(await meet(testTrustedTenantId, objectId, 'service-principal'), undefined)
    assert.equal(await meet(randomUUID(), objectId, 'user'), undefined)
    const several = await Promise.all(Array.from({ length: 10 }, () => meet(testTrustedTenantId, randomUUID(), 'user')))
    assert.ok(several.every((each) => each !== undefined))
    const same = randomUUID()
    const together = await Promise.all(Array.from({ length: 10 }, () => meet(testTrustedTenantId, same, 'user')))
    assert.equal(new Set(together.map((each) => each?.credentialId)).size, 1)
  })
}
