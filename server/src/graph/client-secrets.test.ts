import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabaseKinds } from '../platform/sql/test-database.ts'
import { openTestDirectory } from '../directory/test-directory.ts'
import { serveGraph } from './test-graph.ts'

for (const kind of testDatabaseKinds) {
  test(`a secret that was removed proves nothing at the next request, its sibling still does (${kind})`, async (t) => {
    const opened = await openTestDirectory(kind)
    const graph = await serveGraph(opened)
    t.after(async () => {
      await graph.close()
      await opened.dispose()
    })
    const { directory, owner } = opened
    const { appId, objectId } = owner.servicePrincipal
    const client = graph.as(objectId)
    const added = await client('POST', `/servicePrincipals/${objectId}/addPassword`, {})
    const sibling = String(added.body['secretText'])
    const proof = await directory.checkClientSecret(appId, owner.secret)
    assert.ok(proof.outcome === 'proved')
    assert.equal((await directory.checkClientSecret(appId, sibling)).outcome, 'proved')
    assert.equal(await directory.credentialStands(objectId, proof.credentialId), true)

    const found = await client('GET', `/applications?$filter=appId eq '${appId}'`)
    const [application] = found.body['value'] as { id: string }[]
    const removal = await client('POST', `/applications/${application?.id}/removePassword`, {
      keyId: proof.credentialId,
    })
    assert.equal(removal.status, 204)
    assert.equal((await directory.checkClientSecret(appId, owner.secret)).outcome, 'wrong-secret')
    assert.equal(await directory.credentialStands(objectId, proof.credentialId), false)
    assert.equal((await directory.checkClientSecret(appId, sibling)).outcome, 'proved')
  })

  test(`a disabled principal is refused with the right secret, and a deleted one is unknown (${kind})`, async (t) => {
    const opened = await openTestDirectory(kind)
    const graph = await serveGraph(opened)
    t.after(async () => {
      await graph.close()
      await opened.dispose()
    })
    const { database, directory, deletedPrincipals, owner } = opened
    const client = graph.as(owner.servicePrincipal.objectId)
    const { servicePrincipal, secret } = await database.transaction((transaction) =>
      directory.createServicePrincipal(transaction, { displayName: 'ci' }),
    )
    const { appId, objectId } = servicePrincipal
    const proof = await directory.checkClientSecret(appId, secret)
    assert.ok(proof.outcome === 'proved')
    await client('PATCH', `/servicePrincipals/${objectId}`, { accountEnabled: false })
    assert.equal((await directory.checkClientSecret(appId, secret)).outcome, 'disabled')
    assert.equal((await directory.checkClientSecret(appId, 'wrong')).outcome, 'wrong-secret')
    assert.equal(await directory.credentialStands(objectId, undefined), false)
    assert.equal(await directory.credentialStands(objectId, proof.credentialId), false)
    await client('PATCH', `/servicePrincipals/${objectId}`, { accountEnabled: true })
    assert.equal((await directory.checkClientSecret(appId, secret)).outcome, 'proved')

    assert.equal((await client('DELETE', `/servicePrincipals/${objectId}`)).status, 204)
    assert.deepEqual(deletedPrincipals, [objectId])
    assert.equal((await directory.checkClientSecret(appId, secret)).outcome, 'unknown-application')
    assert.equal(await directory.findPrincipal(objectId), undefined)
    const again = await client('POST', '/servicePrincipals', { appId, accountEnabled: true })
    assert.equal(again.status, 201)
    assert.notEqual(again.body['id'], objectId)
    assert.equal(await directory.credentialStands(objectId, proof.credentialId), false)
  })

  test(`deleting an application ends its principal and every secret of both (${kind})`, async (t) => {
    const opened = await openTestDirectory(kind)
    const graph = await serveGraph(opened)
    t.after(async () => {
      await graph.close()
      await opened.dispose()
    })
    const { database, directory, deletedPrincipals, owner } = opened
    const client = graph.as(owner.servicePrincipal.objectId)
    const { body: application } = await client('POST', '/applications', {
      displayName: 'ci',
      identifierUris: ['api://ci'],
    })
    const { body: principal } = await client('POST', '/servicePrincipals', { appId: application['appId'] })
    await client('POST', `/applications/${String(application['id'])}/addPassword`, {})
    const { body: added } = await client('POST', `/servicePrincipals/${String(principal['id'])}/addPassword`, {})
    assert.equal((await client('DELETE', `/applications/${String(application['id'])}`)).status, 204)
    assert.deepEqual(deletedPrincipals, [principal['id']])
    const outcome = await directory.checkClientSecret(String(application['appId']), String(added['secretText']))
    assert.equal(outcome.outcome, 'unknown-application')
    type Tables = { client_secret: { app_id: string }; application_uri: { uri: string } }
    const tables = database.tables<Tables>()
    const left = await tables.selectFrom('client_secret').select('app_id').execute()
    assert.deepEqual(
      left.map((row) => row.app_id),
      [owner.servicePrincipal.appId],
    )
    assert.deepEqual(await tables.selectFrom('application_uri').select('uri').execute(), [])
  })
}
