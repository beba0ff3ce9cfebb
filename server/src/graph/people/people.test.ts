import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { errorOf, filter, idsOf, reference } from '../../../testing/graph/test-graph.ts'
import { openPeople, ownerRole, readerRole, unknownId } from '../../../testing/graph/test-people.ts'

test('a password reset returns the other sign-in methods, and can remove them', async (t) => {
  const { asOwner, as, makeUser, checkPassword, credentials, directory, database } = await openPeople(t)
  const id = await makeUser('Carol')
  await database.transaction(async (transaction) => {
    await directory.people.setIdentities(transaction, id, [{ issuer: 'https://id.example', subject: 'carol' }])
    const passkey = { credentialId: 'b2YgYSB0aGllZg', publicKey: new Uint8Array([1]), counter: 0, transports: [] }
    await credentials.secondFactors.addPasskey(transaction, { ...passkey, objectId: id, displayName: 'Of a thief' })
    await credentials.secondFactors.newRecoveryCodes(transaction, id)
    await credentials.accessPasses.create(transaction, id, { lifetimeMs: 60_000, createdBy: null })
  })
  const path = `/users/${id}/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword`
  const first = await asOwner('POST', path, { newPassword: 'seven brass kettles' })
  assert.equal(first.status, 200)
  assert.partialDeepStrictEqual(first.body, {
    otherMethods: [{ displayName: 'Of a thief' }],
    identities: [{ issuer: 'https://id.example', issuerAssignedId: 'carol' }],
  })
  assert.partialDeepStrictEqual(await checkPassword('carol@contoso.example', 'seven brass kettles'), {
    mustChangePassword: true,
  })
  const second = await asOwner('POST', path, { newPassword: 'eight brass kettles', removeOtherMethods: true })
  const { otherMethods, identities } = second.body
  assert.deepEqual({ otherMethods, identities }, { otherMethods: [], identities: [] })
  assert.deepEqual(await credentials.secondFactors.of(id), { totp: false, passkeys: 0, recoveryCodes: 0 })
  assert.equal(await directory.findExternalUser({ issuer: 'https://id.example', subject: 'carol' }), undefined)
  assert.equal(await credentials.accessPasses.find(id), undefined)
  const events = await credentials.securityEvents.list(id)
  assert.deepEqual(
    events.map(({ kind, detail, count }) => `${kind} ${detail} ${count}`).toSorted(),
    ['method-removed access-pass 1', 'method-removed all 1', 'password-reset  2'],
    'each reset is recorded once',
  )
  assert.equal((await asOwner('POST', path, { newPassword: 'short' })).status, 400)
  assert.equal((await as(id)('POST', path, { newPassword: 'nine brass kettles' })).status, 403, 'not by the person')
  assert.equal((await asOwner('POST', path.replace('28c', '38c'), { newPassword: 'nine brass kettles' })).status, 404)
})

for (const kind of usualDatabaseKinds) {
  test(`the requests of "az ad user" create, show, update and delete a user (${kind})`, async (t) => {
    const { asOwner, makeUser, checkPassword, deletedPrincipals, directory } = await openPeople(t, kind)
    const id = await makeUser('Carol', { mailNickname: 'carol', mail: 'carol@mail.example' })
    for (const path of [`/users/${id}`, '/users/CAROL@contoso.example']) {
      const { body } = await asOwner('GET', path)
      assert.partialDeepStrictEqual(body, {
        id,
        displayName: 'Carol',
        mail: 'carol@mail.example',
        accountEnabled: true,
      })
    }
    assert.deepEqual(idsOf((await asOwner('GET', `/users${filter("startswith(displayName,'caro')")}`)).body), [id])
    assert.equal((await checkPassword('carol@contoso.example', 'tidal lantern 7 quilt')).outcome, 'verified')

    const reset = { password: 'seven brass kettles', forceChangePasswordNextSignIn: true }
    assert.equal((await asOwner('PATCH', '/users/carol@contoso.example', { passwordProfile: reset })).status, 204)
    assert.equal((await checkPassword('carol@contoso.example', 'tidal lantern 7 quilt')).outcome, 'refused')
    assert.partialDeepStrictEqual(await checkPassword('carol@contoso.example', reset.password), {
      mustChangePassword: true,
    })
    assert.equal((await asOwner('PATCH', `/users/${id}`, { displayName: 'Carol C.', mail: null })).status, 204)
    assert.partialDeepStrictEqual((await directory.findUser(id)) ?? {}, { displayName: 'Carol C.', mail: undefined })

    assert.equal((await asOwner('DELETE', `/users/${id}`)).status, 204)
    assert.deepEqual(deletedPrincipals, [id])
    assert.equal((await asOwner('GET', `/users/${id}`)).status, 404)
    assert.equal((await asOwner('DELETE', `/users/${id}`)).status, 404)
    assert.notEqual(await makeUser('Carol'), id)
  })

  test(`sign-ins end with expiry, a new password, sign-out everywhere and deletion of the user (${kind})`, async (t) => {
    const { asOwner, as, makeUser, signIn, credentials, database, time } = await openPeople(t, kind)
    const id = await makeUser('Carol')
    const stands = async (signInId: string) => credentials.credentialStands(id, { kind: 'sign-in', id: signInId })
    const first = await signIn(id)
    assert.equal(await stands(first.id), true)
    assert.equal(
      await credentials.credentialStands(await makeUser('Dora'), { kind: 'sign-in', id: first.id }),
      false,
      'the sign-in of another',
    )
    time.nowMs += 59_999
    assert.equal(await stands(first.id), true)
    await database.transaction((tx) => credentials.touchSignIn(tx, first.id, 60_000))
    time.nowMs += 59_999
    assert.equal(await stands(first.id), true)
    time.nowMs += 1
    assert.equal(await stands(first.id), false)
    await database.transaction((tx) => credentials.touchSignIn(tx, first.id, 60_000))
    assert.equal(await stands(first.id), false, 'what has ended is not revived')
    assert.equal(await credentials.findSignIn(first.id), undefined)

    const endings: [string, () => Promise<unknown>][] = [
      ['a sign-out everywhere by the person', () => as(id)('POST', '/me/revokeSignInSessions')],
      ['one by an administrator', () => asOwner('POST', `/users/${id}/revokeSignInSessions`)],
      ['disabling', () => asOwner('PATCH', `/users/${id}`, { accountEnabled: false })],
      ['a reset', () => asOwner('PATCH', `/users/${id}`, { passwordProfile: { password: 'seven brass kettles' } })],
      ['deletion', () => asOwner('DELETE', `/users/${id}`)],
    ]
    for (const [what, end] of endings) {
      await asOwner('PATCH', `/users/${id}`, { accountEnabled: true })
      const { id: signInId } = await signIn(id)
      assert.equal(await stands(signInId), true, what)
      await end()
      assert.equal(await stands(signInId), false, what)
      await asOwner('PATCH', `/users/${id}`, { accountEnabled: true })
      assert.equal(await stands(signInId), false, `${what}, and enabling again`)
    }
  })

  test(`the last owner of the directory or of a subscription cannot be removed (${kind})`, async (t) => {
    const { asOwner, as, alice, owner, makeUser, database, subscriptionOwners } = await openPeople(t, kind)
    const program = owner.servicePrincipal.objectId
    assert.equal((await asOwner('PATCH', `/users/${alice.objectId}`, { accountEnabled: false })).status, 204)
    const rejected = [
      () => asOwner('PATCH', `/servicePrincipals/${program}`, { accountEnabled: false }),
      () => asOwner('DELETE', `/servicePrincipals/${program}`),
      () => asOwner('DELETE', `/roleManagement/directory/roleAssignments/owner-${program}`),
      async () => {
        const { body } = await asOwner('GET', `/applications${filter("displayName eq 'owner'")}`)
        return asOwner('DELETE', `/applications/${idsOf(body)[0]}`)
      },
    ]
    for (const ask of rejected) {
      const answer = await ask()
      assert.equal(answer.status, 400)
      assert.match(errorOf(answer.body).message, /last owner/)
    }
    const carol = await makeUser('Carol')
    const named = { displayName: 'Owners', mailNickname: 'owners', mailEnabled: false, securityEnabled: true }
    const group = await asOwner('POST', '/groups', named)
    const groupId = String((group.body as { id?: unknown }).id)
    const joined = await asOwner('POST', `/groups/${groupId}/members/$ref`, reference(carol))
    assert.deepEqual([group.status, joined.status], [201, 204])
    // Alice is disabled, so that the owner who can act is Carol: herself or as the member of a group.
    for (const owners of [
      [carol, alice.objectId],
      [groupId, alice.objectId],
    ]) {
      subscriptionOwners.set('/subscriptions/one', owners)
      for (const [method, body] of [['DELETE'], ['PATCH', { accountEnabled: false }]] as const) {
        const last = await asOwner(method, `/users/${carol}`, body)
        assert.deepEqual([last.status, errorOf(last.body).code], [400, 'Request_BadRequest'], method)
        assert.match(errorOf(last.body).message, /last owner of \/subscriptions\/one cannot be deleted or disabled/)
      }
    }
    subscriptionOwners.clear()
    const assignment = { principalId: carol, roleDefinitionId: ownerRole, directoryScopeId: '/' }
    assert.equal((await asOwner('POST', '/roleManagement/directory/roleAssignments', assignment)).status, 201)
    // Of two owners who delete each other at the same time, one stays.
    const both = await Promise.all([
      asOwner('DELETE', `/users/${carol}`),
      as(carol)('DELETE', `/servicePrincipals/${program}`),
    ])
    assert.deepEqual(
      both
        .map(({ status }) => status)
        .toSorted((a, b) => a - b)
        .slice(0, 1),
      [204],
    )
    type Tables = { directory_user: Row; service_principal: Row }
    type Row = { directory_role: string | null; enabled: number }
    const users = await database.tables<Tables>().selectFrom('directory_user').selectAll().execute()
    const programs = await database.tables<Tables>().selectFrom('service_principal').selectAll().execute()
    const owners = [...users, ...programs].filter((row) => row.directory_role === 'owner' && row.enabled === 1)
    assert.equal(owners.length, 1)
  })

  test(`a reader sees everything and changes nothing, and an owner assigns and removes the role (${kind})`, async (t) => {
    const { asOwner, as, alice, makeUser, makeGroup } = await openPeople(t, kind)
    const carol = await makeUser('Carol')
    const group = await makeGroup('team')
    const asCarol = as(carol)
    const assignments = '/roleManagement/directory/roleAssignments'
    const give = (role: string, client = asOwner, principalId = carol) =>
      client('POST', assignments, { principalId, roleDefinitionId: role, directoryScopeId: '/' })
    assert.deepEqual(idsOf((await asCarol('GET', '/users')).body), [carol])
    assert.equal((await give(ownerRole, asCarol)).status, 403)
    const given = await give(readerRole)
    assert.partialDeepStrictEqual(given.body, {
      principalId: carol,
      roleDefinitionId: readerRole,
      directoryScopeId: '/',
    })
    assert.equal((await give(readerRole)).status, 400)
    assert.equal((await give(readerRole, asOwner, group)).status, 400)
    assert.equal((await give(readerRole, asOwner, unknownId)).status, 404)
    assert.equal((await give(unknownId)).status, 400)
    assert.equal(idsOf((await asCarol('GET', '/users')).body).length, 2)
    for (const path of ['/applications', '/servicePrincipals', '/groups', `/groups/${group}/members`]) {
      assert.equal((await asCarol('GET', path)).status, 200, path)
    }
    assert.equal((await asCarol('GET', `/users/${unknownId}`)).status, 404)
    const changes: [string, string, object?][] = [
      ['PATCH', `/users/${alice.objectId}`, { displayName: 'x' }],
      ['PATCH', `/users/${carol}`, { displayName: 'x' }],
      ['POST', `/users/${alice.objectId}/revokeSignInSessions`, {}],
      ['POST', '/users', {}],
      ['DELETE', `/groups/${group}`],
      ['POST', `/groups/${group}/members/$ref`, reference(carol)],
      ['POST', `/groups/${group}/owners/$ref`, reference(carol)],
      ['POST', assignments, { principalId: carol, roleDefinitionId: ownerRole, directoryScopeId: '/' }],
      ['DELETE', `${assignments}/owner-${alice.objectId}`],
    ]
    for (const [method, path, body] of changes) assert.equal((await asCarol(method, path, body)).status, 403, path)
    const listed = await asOwner('GET', `${assignments}${filter(`principalId eq '${carol}'`)}`)
    assert.deepEqual(listed.body['value'], [given.body])
    assert.equal((await asOwner('DELETE', `${assignments}/${String(given.body['id'])}`)).status, 204)
    assert.deepEqual(idsOf((await asCarol('GET', '/users')).body), [carol])
    assert.equal((await asOwner('DELETE', `${assignments}/${String(given.body['id'])}`)).status, 404)
  })
}

test('a user changes the password with the current one', async (t) => {
  const { as, asOwner, makeUser, signIn, checkPassword, credentials } = await openPeople(t)
  const id = await makeUser('Carol')
  const { id: signInId } = await signIn(id)
  const change = (currentPassword: string, newPassword: string) =>
    as(id)('POST', '/me/changePassword', { currentPassword, newPassword })
  assert.equal((await change('a wrong password', 'seven brass kettles')).status, 400)
  const weak = await change('tidal lantern 7 quilt', 'Password2026!')
  assert.match(errorOf(weak.body).message, /password complexity requirements/)
  assert.equal(await credentials.credentialStands(id, { kind: 'sign-in', id: signInId }), true)
  assert.equal((await change('tidal lantern 7 quilt', 'seven brass kettles')).status, 204)
  assert.equal(await credentials.credentialStands(id, { kind: 'sign-in', id: signInId }), false)
  assert.equal((await checkPassword('carol@contoso.example', 'seven brass kettles')).outcome, 'verified')
  assert.equal((await asOwner('POST', '/me/changePassword', {})).status, 400)
})

test('the sign-in methods of a user are listed without secrets, and an owner removes them', async (t) => {
  const { as, asOwner, makeUser, database, credentials, signIn, time } = await openPeople(t)
  const id = await makeUser('Carol')
  const [secret = '', passkeyId] = await database.transaction(async (tx) => {
    const person = { objectId: id, userPrincipalName: 'carol@contoso.example', issuer: 'x' }
    const app = await credentials.secondFactors.enrolTotp(tx, person)
    const key = { objectId: id, credentialId: 'c', publicKey: new Uint8Array(9), counter: 0, transports: [] }
    const passkey = await credentials.secondFactors.addPasskey(tx, { ...key, displayName: 'blue key' })
    return [app?.secretBase32, passkey?.id]
  })
  const list = await as(id)('GET', '/me/authentication/methods')
  assert.deepEqual(list.body, (await asOwner('GET', `/users/${id}/authentication/methods`)).body)
  const types = (list.body['value'] as Record<string, string>[]).map((method) => method['@odata.type'] ?? '')
  assert.deepEqual(types, [
    '#microsoft.graph.passwordAuthenticationMethod',
    '#microsoft.graph.fido2AuthenticationMethod',
  ])
  const stranger = await makeUser('Dora')
  assert.equal((await as(stranger)('GET', `/users/${id}/authentication/methods`)).status, 403)
  const path = `/users/${id}/authentication/fido2Methods/${passkeyId}`
  assert.equal((await as(id)('DELETE', path)).status, 403)
  const { id: signInId } = await signIn(id)
  assert.equal((await asOwner('DELETE', path)).status, 204)
  assert.equal(await credentials.credentialStands(id, { kind: 'sign-in', id: signInId }), false)
  assert.equal((await asOwner('DELETE', path)).status, 404)
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: time.nowMs })
  assert.equal(await database.transaction((tx) => credentials.secondFactors.confirmTotp(tx, id, code)), true)
  const app = `/users/${id}/authentication/softwareOathMethods/6c65746f-7470-4f74-b000-000000000001`
  assert.equal((await asOwner('DELETE', app)).status, 204)
  assert.equal((await asOwner('DELETE', app)).status, 404)
  const events = await credentials.securityEvents.list(id)
  assert.deepEqual(
    events.map(({ kind, detail, count }) => `${kind} ${detail} ${count}`).toSorted(),
    ['method-removed passkey 1', 'method-removed totp 1'],
    'the user can see it',
  )
})

test('a property of users and groups that cannot be set is rejected', async (t) => {
  const { asOwner, makeUser, makeGroup, database } = await openPeople(t)
  const id = await makeUser('Carol')
  const team = await makeGroup('team')
  const user = {
    accountEnabled: true,
    displayName: 'x',
    userPrincipalName: 'x@contoso.example',
    passwordProfile: { password: 'tidal lantern 7 quilt' },
  }
  const group = { displayName: 'x', mailNickname: 'x', mailEnabled: false, securityEnabled: true }
  // prettier-ignore
  const table: [string, string, unknown, number?][] = [
    ['POST',  '/users',                   { ...user, directoryRole: 'owner' }],
    ['POST',  '/users',                   { ...user, directory_role: 'owner' }],
    ['POST',  '/users',                   { ...user, password_hash: 'x' }],
    ['POST',  '/users',                   { ...user, id }],
    ['POST',  '/users',                   { ...user, external: true }],
    ['POST',  '/users',                   { ...user, userPrincipalName: 'no-domain' }],
    ['POST',  '/users',                   { ...user, userPrincipalName: 'carol@contoso.example' }, 409],
    ['POST',  '/users',                   { ...user, userPrincipalName: 'CAROL@CONTOSO.EXAMPLE' }, 409],
    ['POST',  '/users',                   { ...user, passwordProfile: { password: 'short' } }],
    ['POST',  '/users',                   { ...user, passwordProfile: { password: 'x'.repeat(5000) } }],
    ['POST',  '/users',                   { ...user, passwordProfile: {} }],
    ['POST',  '/users',                   { ...user, displayName: 'a\u0000b' }],
    ['POST',  '/users',                   { ...user, mail: 'no mail' }],
    ['PATCH', `/users/${id}`,             { userPrincipalName: 'y@contoso.example' }],
    ['PATCH', `/users/${id}`,             { accountEnabled: 'false' }],
    ['PATCH', `/users/${id}`,             { directory_role: 'owner' }],
    ['POST',  '/groups',                  { ...group, mailEnabled: true }],
    ['POST',  '/groups',                  { ...group, securityEnabled: false }],
    ['POST',  '/groups',                  { ...group, mailNickname: 'with space' }],
    ['POST',  '/groups',                  { ...group, isAssignableToRole: true }],
    ['PATCH', `/groups/${team}`,          { object_id: id }],
    ['POST',  `/groups/${team}/members/$ref`, { '@odata.id': id }],
    ['POST',  `/groups/${team}/members/$ref`, { '@odata.id': `https://evil.example/${id}` }],
    ['POST',  `/groups/${team}/owners/$ref`,  reference(team)],
    ['POST',  '/roleManagement/directory/roleAssignments', { principalId: id, roleDefinitionId: ownerRole, directoryScopeId: '/administrativeUnits/1' }],
  ]
  for (const [method, path, body, status = 400] of table) {
    const answer = await asOwner(method, path, body)
    assert.equal(answer.status, status, JSON.stringify(body).slice(0, 100))
    assert.ok(!JSON.stringify(answer.body).includes('tidal lantern'))
  }
  type Tables = { directory_user: { directory_role: string | null } }
  const rows = await database.tables<Tables>().selectFrom('directory_user').select('directory_role').execute()
  assert.equal(rows.filter(({ directory_role }) => directory_role !== null).length, 1)
})

test('owners change their own password, identities and second factor on the account pages only', async (t) => {
  const { as, alice, checkPassword, credentials, database } = await openPeople(t)
  const { objectId } = alice
  const path = `/users/${objectId}`
  const key = { credentialId: 'c', publicKey: new Uint8Array([1]), counter: 0, transports: [], displayName: 'own' }
  const passkey = await database.transaction((tx) => credentials.secondFactors.addPasskey(tx, { objectId, ...key }))
  const passwordProfile = { password: 'seven brass kettles' }
  // prettier-ignore
  const requests = [
    ['PATCH',  path, { passwordProfile }],
    ['PATCH',  path, { identities: [] }],
    ['POST',   `${path}/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword`, { newPassword: 'seven brass kettles' }],
    ['DELETE', `${path}/authentication/fido2Methods/${passkey?.id}`, undefined],
    ['DELETE', `${path}/authentication/softwareOathMethods/90f6b1b1-6c9e-4ddd-a2c5-6d6f0d1e6f5c`, undefined],
  ] as const
  for (const [method, url, body] of requests) {
    const denied = await as(objectId)(method, url, body)
    assert.equal(denied.status, 403, url)
    assert.match(JSON.stringify(denied.body), /https:\/\/[^"]*\/account\/security/)
  }
  assert.equal((await credentials.secondFactors.of(objectId)).passkeys, 1)
  assert.equal((await checkPassword('alice@contoso.example', 'seven brass kettles')).outcome, 'refused')
  assert.equal((await as(objectId)('PATCH', path, { displayName: 'Alice B.' })).status, 204, 'other properties')
})
