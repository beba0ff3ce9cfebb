import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { openTestCredentials } from '../../../testing/credentials/test-credentials.ts'

const dayMs = 24 * 60 * 60 * 1000

for (const kind of testDatabaseKinds) {
  test(`a client secret authenticates its application until it expires (${kind})`, async (t) => {
    const { credentials, owner, time, dispose } = await openTestCredentials(kind)
    t.after(dispose)
    const { appId, objectId } = owner.servicePrincipal
    const check = await credentials.checkClientSecret(appId.toUpperCase(), owner.secret)
    assert.equal(check.outcome, 'verified')
    assert.ok(check.outcome === 'verified')
    assert.equal(check.servicePrincipal.objectId, objectId)
    assert.equal(check.expiresAtMs, time.nowMs + 365 * dayMs)
    time.nowMs += 365 * dayMs - 1
    assert.equal((await credentials.checkClientSecret(appId, owner.secret)).outcome, 'verified')
    assert.equal(await credentials.credentialStands(objectId, { kind: 'client-secret', id: check.credentialId }), true)
    time.nowMs += 1
    assert.equal((await credentials.checkClientSecret(appId, owner.secret)).outcome, 'expired-secret')
    assert.equal(await credentials.credentialStands(objectId, { kind: 'client-secret', id: check.credentialId }), false)
    assert.equal(await credentials.credentialStands(objectId, undefined), true)
  })

  test(`a client secret is not accepted before its start time (${kind})`, async (t) => {
    const { database, credentials, owner, time, dispose } = await openTestCredentials(kind)
    t.after(dispose)
    const { appId, objectId } = owner.servicePrincipal
    const startsAtMs = time.nowMs + dayMs
    const later = { displayName: null, startsAtMs, expiresAtMs: startsAtMs + dayMs }
    const holder = await credentials.secrets.requireHolder('servicePrincipals', objectId)
    const { secretText, secret, insert } = credentials.secrets.prepare(holder, later)
    await database.transaction(insert)
    time.nowMs = startsAtMs - 1
    assert.deepEqual(await credentials.checkClientSecret(appId, secretText), { outcome: 'wrong-secret' })
    assert.equal(await credentials.credentialStands(objectId, { kind: 'client-secret', id: secret.keyId }), false)
    time.nowMs = startsAtMs
    assert.equal((await credentials.checkClientSecret(appId, secretText)).outcome, 'verified')
    assert.equal(await credentials.credentialStands(objectId, { kind: 'client-secret', id: secret.keyId }), true)
  })

  test(`a wrong secret, the secret of another application and an unknown application have different outcomes (${kind})`, async (t) => {
    const { database, credentials, owner, dispose } = await openTestCredentials(kind)
    t.after(dispose)
    const other = await database.transaction((transaction) =>
      credentials.createServicePrincipal(transaction, { displayName: 'other' }),
    )
    const { appId } = owner.servicePrincipal
    for (const secret of ['', 'x', `${owner.secret} `, owner.secret.slice(0, -1), other.secret, 'y'.repeat(2000)]) {
      assert.deepEqual(await credentials.checkClientSecret(appId, secret), { outcome: 'wrong-secret' })
    }
    for (const id of ['', 'owner', '00000000-0000-0000-0000-000000000000', other.servicePrincipal.objectId]) {
      assert.deepEqual(await credentials.checkClientSecret(id, owner.secret), { outcome: 'unknown-application' })
    }
  })

  test(`user names are unique in upper and lower case, and passwords are stored as argon2id (${kind})`, async (t) => {
    const { database, directory, alice, dispose } = await openTestCredentials(kind)
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

test('an invalid id finds no principal', async (t) => {
  const { credentials, directory, dispose } = await openTestCredentials()
  t.after(dispose)
  for (const id of ['', 'x', '\0', '%00', testGuid]) {
    assert.equal(await directory.findPrincipal(id), undefined)
    assert.equal(await directory.findServicePrincipalByAppId(id), undefined)
    assert.equal(await credentials.credentialStands(id, undefined), false)
  }
})
