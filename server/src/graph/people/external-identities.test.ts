import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import type { ExternalPerson } from '../../directory/index.ts'
import { openGraph } from '../../../testing/graph/test-graph.ts'

const hourMs = 60 * 60 * 1000

describe('the identities of a user at other providers', () => {
  const issuer = 'https://id.contoso.example'
  const identity = { signInType: 'federated', issuer, issuerAssignedId: 'alice-1' }
  const person = (nowMs: number): ExternalPerson => ({
    issuer,
    subject: 'alice-1',
    provider: 'contoso',
    displayName: 'Another name',
    userName: undefined,
    mail: undefined,
    groups: ['developers'],
    expiresAtMs: nowMs + 8 * hourMs,
  })

  async function open(t: TestContext) {
    const opened = await openGraph(t)
    const { as, database, directory, time } = opened
    const take = (createUsers: boolean) =>
      database.transaction((transaction) =>
        directory.signInExternalPerson(transaction, person(time.nowMs), { createUsers }),
      )
    const bob = await database.transaction((transaction) =>
      directory.createUser(transaction, {
        userPrincipalName: 'bob@contoso.example',
        displayName: 'Bob',
        password: 'a long password',
      }),
    )
    return { ...opened, take, bob, owner: as(opened.alice.objectId), asBob: as(bob.objectId) }
  }

  test('are linked by a directory owner only, and are listed', async (t) => {
    const { take, bob, owner, asBob } = await open(t)
    const path = `/users/${bob.objectId}`
    assert.equal((await asBob('PATCH', path, { identities: [identity] })).status, 403)
    assert.deepEqual(await take(false), { outcome: 'not-linked' })
    assert.equal((await owner('PATCH', path, { identities: [identity] })).status, 204)
    const result = await take(false)
    assert.ok(result.outcome === 'verified' && !result.isNew)
    assert.equal(result.user.objectId, bob.objectId)
    assert.equal(result.user.displayName, 'Bob', 'a linked user keeps the display name')
    for (const call of [owner, asBob]) {
      assert.deepEqual((await call('GET', `${path}/identities`)).body['value'], [identity])
    }
  })

  test('belong to one user, one per issuer', async (t) => {
    const { take, bob, owner, database, directory } = await open(t)
    const made = await take(true)
    assert.ok(made.outcome === 'verified' && made.isNew)
    const path = `/users/${bob.objectId}`
    assert.equal((await owner('PATCH', path, { identities: [identity] })).status, 409)
    const other = { ...identity, issuerAssignedId: 'b' }
    assert.equal(
      (await owner('PATCH', path, { identities: [{ ...identity, issuerAssignedId: 'c' }, other] })).status,
      409,
    )
    assert.equal((await owner('DELETE', `/users/${made.user.objectId}`)).status, 204)
    assert.equal((await owner('PATCH', path, { identities: [identity] })).status, 204)
    const user = { userPrincipalName: 'carol@contoso.example', displayName: 'carol', password: 'carol' }
    const carol = await database.transaction((transaction) => directory.createUser(transaction, user))
    assert.equal((await owner('PATCH', `/users/${carol.objectId}`, { identities: [identity] })).status, 409)
  })

  test('end sign-ins and group memberships when they are removed', async (t) => {
    const { take, bob, owner, credentials, directory, database, time } = await open(t)
    const path = `/users/${bob.objectId}`
    await owner('PATCH', path, { identities: [identity] })
    await take(false)
    assert.equal((await directory.groupIdsOf(bob.objectId)).length, 1)
    const proof = { user: bob, clientId: 'c', methods: ['fed'], authenticatedAtMs: 0, lifetimeMs: hourMs }
    const { id } = await database.transaction((transaction) => credentials.recordSignIn(transaction, proof))
    time.nowMs += 1
    assert.equal(await credentials.credentialStands(bob.objectId, { kind: 'sign-in', id: id }), true)
    const other = { ...identity, issuer: 'https://id.fabrikam.example' }
    assert.equal((await owner('PATCH', path, { identities: [identity, other] })).status, 204)
    assert.equal(
      await credentials.credentialStands(bob.objectId, { kind: 'sign-in', id: id }),
      true,
      'adding an identity ends no sign-in',
    )
    const before = await database.authorityRevision()
    assert.equal((await owner('PATCH', path, { identities: [] })).status, 204)
    assert.notEqual(await database.authorityRevision(), before, 'cached decisions are dropped')
    assert.equal(await credentials.credentialStands(bob.objectId, { kind: 'sign-in', id: id }), false)
    assert.deepEqual(await directory.groupIdsOf(bob.objectId), [])
    assert.deepEqual(await take(false), { outcome: 'not-linked' })
  })

  test('create a new user at the next sign-in after they were removed from a user that a sign-in created', async (t) => {
    const { take, owner } = await open(t)
    const first = await take(true)
    assert.ok(first.outcome === 'verified')
    assert.equal((await owner('PATCH', `/users/${first.user.objectId}`, { identities: [] })).status, 204)
    const second = await take(true)
    assert.ok(second.outcome === 'verified' && second.isNew)
    assert.notEqual(second.user.objectId, first.user.objectId)
    assert.notEqual(second.user.userPrincipalName, first.user.userPrincipalName)
    const third = await take(true)
    assert.ok(third.outcome === 'verified' && !third.isNew)
    assert.equal(third.user.objectId, second.user.objectId)
  })

  test('make a user without a password, who can get permissions before the first sign-in', async (t) => {
    const { take, owner } = await open(t)
    const body = { accountEnabled: true, displayName: 'Alice', userPrincipalName: 'alice.b@contoso.example' }
    assert.equal((await owner('POST', '/users', body)).status, 400)
    assert.equal((await owner('POST', '/users', { ...body, identities: [] })).status, 400)
    const made = await owner('POST', '/users', { ...body, identities: [identity] })
    assert.equal(made.status, 201)
    const result = await take(false)
    assert.ok(result.outcome === 'verified')
    assert.equal(result.user.objectId, made.body['id'])
  })

  for (const odd of [
    { ...identity, issuer: 'http://id.contoso.example' },
    { ...identity, issuer: 'id' },
    { ...identity, issuerAssignedId: '' },
    { ...identity, issuerAssignedId: 'a b' },
    { ...identity, signInType: 'emailAddress' },
    { ...identity, more: 1 },
  ]) {
    test(`are rejected as ${JSON.stringify(odd)}`, async (t) => {
      const { bob, owner } = await open(t)
      assert.equal((await owner('PATCH', `/users/${bob.objectId}`, { identities: [odd] })).status, 400)
    })
  }
})
