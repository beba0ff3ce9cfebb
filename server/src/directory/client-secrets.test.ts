import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabaseKinds } from '../platform/sql/test-database.ts'
import { openTestDirectory, serveGraph } from './test-directory.ts'

const dayMs = 24 * 60 * 60 * 1000

for (const kind of testDatabaseKinds) {
  test(`a client secret proves its application until it expires (${kind})`, async (t) => {
    const { directory, owner, time, dispose } = await openTestDirectory(kind)
    t.after(dispose)
    const { appId, objectId } = owner.servicePrincipal
    const check = await directory.checkClientSecret(appId.toUpperCase(), owner.secret)
    assert.equal(check.outcome, 'proved')
    assert.ok(check.outcome === 'proved')
    assert.equal(check.servicePrincipal.objectId, objectId)
    assert.equal(check.expiresAtMs, time.nowMs + 365 * dayMs)
    time.nowMs += 365 * dayMs - 1
    assert.equal((await directory.checkClientSecret(appId, owner.secret)).outcome, 'proved')
    assert.equal(await directory.credentialStands(objectId, check.credentialId), true)
    time.nowMs += 1
    assert.equal((await directory.checkClientSecret(appId, owner.secret)).outcome, 'expired-secret')
    assert.equal(await directory.credentialStands(objectId, check.credentialId), false)
    assert.equal(await directory.credentialStands(objectId, undefined), true)
  })

  test(`a wrong secret, a stranger's secret and an unknown application are told apart only inside (${kind})`, async (t) => {
    const { database, directory, owner, dispose } = await openTestDirectory(kind)
    t.after(dispose)
    const other = await database.transaction((transaction) =>
      directory.createServicePrincipal(transaction, { displayName: 'other' }),
    )
    const { appId } = owner.servicePrincipal
    for (const secret of ['', 'x', `${owner.secret} `, owner.secret.slice(0, -1), other.secret, 'y'.repeat(2000)]) {
      assert.deepEqual(await directory.checkClientSecret(appId, secret), { outcome: 'wrong-secret' })
    }
    for (const id of ['', 'owner', '00000000-0000-0000-0000-000000000000', other.servicePrincipal.objectId]) {
      assert.deepEqual(await directory.checkClientSecret(id, owner.secret), { outcome: 'unknown-application' })
    }
  })

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

  test(`names of users are taken whatever their case, and passwords are stored as argon2id (${kind})`, async (t) => {
    const { database, directory, alice, dispose } = await openTestDirectory(kind)
    t.after(dispose)
    const user = { userPrincipalName: 'ALICE@contoso.example', displayName: 'x', password: 'y' }
    await assert.rejects(
      database.transaction((transaction) => directory.createUser(transaction, user)),
      { name: 'NameTakenError' },
    )
    for (const userPrincipalName of ['alice', '', 'a b@c.example', '@c.example', testGuid, 'a/b@c.example']) {
      const attempt = database.transaction((transaction) =>
        directory.createUser(transaction, { ...user, userPrincipalName }),
      )
      await assert.rejects(attempt, RangeError, userPrincipalName)
    }
    assert.deepEqual(await directory.findPrincipal(alice.objectId), { kind: 'user', ...alice })
    const tables = database.tables<{ directory_user: { password_hash: string } }>()
    const [row] = await tables.selectFrom('directory_user').select('password_hash').execute()
    assert.match(row?.password_hash ?? '', /^\$argon2id\$/)
  })
}

const testGuid = '0d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11'

test('what is no id finds nobody', async (t) => {
  const { directory, dispose } = await openTestDirectory()
  t.after(dispose)
  for (const id of ['', 'x', '\0', '%00', testGuid]) {
    assert.equal(await directory.findPrincipal(id), undefined)
    assert.equal(await directory.findServicePrincipalByAppId(id), undefined)
    assert.equal(await directory.credentialStands(id, undefined), false)
  }
})
