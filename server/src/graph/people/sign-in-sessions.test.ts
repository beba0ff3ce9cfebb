import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPeople, readerRole } from '../../../testing/graph/test-people.ts'

test('a person and the owners list the sign-ins of the person and end one of them, and nobody else does', async (t) => {
  const { as, asOwner, makeUser, signIn, credentials } = await openPeople(t)
  const [carol, dave, reader] = [await makeUser('carol'), await makeUser('dave'), await makeUser('reader')]
  const role = { principalId: reader, roleDefinitionId: readerRole, directoryScopeId: '/' }
  assert.equal((await asOwner('POST', '/roleManagement/directory/roleAssignments', role)).status, 201)
  const [first, second, other] = [await signIn(carol), await signIn(carol), await signIn(dave)]
  const path = `/users/${carol}/signInSessions`
  const listed = async (client: typeof asOwner, from = path) => {
    const { status, body } = await client('GET', from)
    assert.equal(status, 200, JSON.stringify(body))
    return body['value'] as Record<string, unknown>[]
  }
  const ids = (sessions: readonly Record<string, unknown>[]) => sessions.map(({ id }) => String(id)).toSorted()
  const both = [first.id, second.id].toSorted()
  assert.deepEqual(ids(await listed(asOwner)), both)
  assert.deepEqual(ids(await listed(as(carol))), both)
  assert.deepEqual(ids(await listed(as(carol), '/me/signInSessions')), both)
  assert.partialDeepStrictEqual((await listed(asOwner))[0], {
    appId: 'c',
    appDisplayName: 'application c',
    authenticationMethods: ['hwk', 'mfa'],
    ipAddress: null,
    isCurrent: false,
  })
  for (const stranger of [dave, reader]) {
    assert.equal((await as(stranger)('GET', path)).status, 403)
    assert.equal((await as(stranger)('DELETE', `${path}/${first.id}`)).status, 403)
  }
  assert.equal(
    (await as(carol)('DELETE', `/me/signInSessions/${other.id}`)).status,
    404,
    'the sign-in of another person',
  )
  assert.equal((await asOwner('DELETE', `${path}/${other.id}`)).status, 404)
  assert.equal((await asOwner('DELETE', `${path}/${first.id}`)).status, 204)
  assert.equal((await asOwner('DELETE', `${path}/${first.id}`)).status, 404)
  assert.deepEqual(ids(await listed(asOwner)), [second.id])
  assert.equal((await as(carol)('DELETE', `/me/signInSessions/${second.id}`)).status, 204)
  assert.deepEqual(await listed(asOwner), [])
  assert.ok((await credentials.findSignIn(other.id)) !== undefined)
})
