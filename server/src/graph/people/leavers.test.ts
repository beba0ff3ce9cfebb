import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { openPeople, ownerRole } from '../../../testing/graph/test-people.ts'

for (const kind of usualDatabaseKinds) {
  test(`the links and access passes that a person created end when that person is disabled or deleted (${kind})`, async (t) => {
    const { as, asOwner, makeUser, credentials } = await openPeople(t, kind)
    const { oneTimeLinks, accessPasses } = credentials
    const makeOwner = async (name: string) => {
      const id = await makeUser(name)
      const role = { principalId: id, roleDefinitionId: ownerRole, directoryScopeId: '/' }
      const made = await asOwner('POST', '/roleManagement/directory/roleAssignments', role)
      assert.equal(made.status, 201, JSON.stringify(made.body))
      return id
    }
    /** A link and a code of an owner, each for a user of its own. */
    const createdBy = async (ownerId: string) => {
      const [linked, coded] = [await makeUser(`linked-${ownerId}`), await makeUser(`coded-${ownerId}`)]
      const link = await as(ownerId)('POST', `/users/${linked}/authentication/oneTimeLinks`, {})
      const pass = await as(ownerId)('POST', `/users/${coded}/authentication/temporaryAccessPassMethods`, {})
      assert.deepEqual([link.status, pass.status], [201, 201])
      const code = String(link.body['link']).split('#')[1] ?? ''
      return async () => [
        (await oneTimeLinks.holderOf(code))?.objectId === linked,
        await accessPasses.isValid(coded, String(pass.body['temporaryAccessPass'])),
      ]
    }
    const [disabled, deleted, standing] = [await makeOwner('dave'), await makeOwner('erin'), await makeOwner('frank')]
    const [ofDisabled, ofDeleted, ofStanding] = [
      await createdBy(disabled),
      await createdBy(deleted),
      await createdBy(standing),
    ]
    assert.equal((await asOwner('POST', `/users/${disabled}/revokeSignInSessions`)).status, 200)
    assert.deepEqual(
      [await ofDisabled(), await ofDeleted()],
      [
        [true, true],
        [true, true],
      ],
      'before',
    )
    assert.equal((await asOwner('PATCH', `/users/${disabled}`, { accountEnabled: false })).status, 204)
    assert.equal((await asOwner('DELETE', `/users/${deleted}`)).status, 204)
    assert.deepEqual(
      [await ofDisabled(), await ofDeleted()],
      [
        [false, false],
        [false, false],
      ],
    )
    assert.deepEqual(await ofStanding(), [true, true], 'those of an owner who stays')
    assert.equal((await asOwner('PATCH', `/users/${disabled}`, { accountEnabled: true })).status, 204)
    assert.deepEqual(await ofDisabled(), [false, false], 'they stay ended')
  })
}

test('a sign-in that began with a link ends when the person who created the link is disabled', async (t) => {
  const { as, alice, asOwner, makeUser, credentials, signIn } = await openPeople(t)
  const id = await makeUser('carol')
  assert.equal((await as(alice.objectId)('POST', `/users/${id}/authentication/oneTimeLinks`, {})).status, 201)
  const begun = await signIn(id)
  assert.equal((await asOwner('PATCH', `/users/${alice.objectId}`, { accountEnabled: false })).status, 204)
  assert.equal(await credentials.findSignIn(begun.id), undefined)
})

test('the links and access passes that a program created end when the program is disabled', async (t) => {
  const { owner, directory, asOwner, makeUser, credentials, database } = await openPeople(t)
  const [linked, coded] = [await makeUser('carol'), await makeUser('dave')]
  const link = await asOwner('POST', `/users/${linked}/authentication/oneTimeLinks`, {})
  const pass = await asOwner('POST', `/users/${coded}/authentication/temporaryAccessPassMethods`, {})
  assert.deepEqual([link.status, pass.status], [201, 201])
  const { objectId } = owner.servicePrincipal
  await database.transaction((tx) => directory.applications.updateServicePrincipal(tx, objectId, { enabled: false }))
  assert.equal(await credentials.oneTimeLinks.find(linked), undefined)
  assert.equal(await credentials.accessPasses.find(coded), undefined)
})
