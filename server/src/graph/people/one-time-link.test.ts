import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { openPeople } from '../../../testing/graph/test-people.ts'

const path = (id: string, link = '') => `/users/${id}/authentication/oneTimeLinks${link}`
const codeIn = (body: Record<string, unknown>) => String(body['link']).split('#')[1] ?? ''

for (const kind of usualDatabaseKinds) {
  test(`a one-time link resets the password, and is valid until a password is chosen or another link is made (${kind})`, async (t) => {
    const { asOwner, makeUser, signIn, checkPassword, credentials, database, time } = await openPeople(t, kind)
    const id = await makeUser('carol')
    const held = await signIn(id)
    const holderOf = async (code: string) => (await credentials.oneTimeLinks.holderOf(code))?.objectId
    const make = async (body: object = {}) => {
      const made = await asOwner('POST', path(id), body)
      assert.equal(made.status, 201, JSON.stringify(made.body))
      return codeIn(made.body)
    }
    const first = await make()
    assert.equal(await credentials.findSignIn(held.id), undefined, 'the sign-ins have ended')
    assert.equal((await checkPassword('carol@contoso.example', 'tidal lantern 7 quilt')).outcome, 'refused')
    assert.equal(await holderOf(first), id)
    assert.equal(await holderOf(`${first.slice(0, -1)}${first.endsWith('A') ? 'E' : 'A'}`), undefined)
    const second = await make({ lifetimeInMinutes: 10 })
    assert.deepEqual(
      [await holderOf(first), await holderOf(second)],
      [undefined, id],
      'a new link replaces the old one',
    )
    time.nowMs += 10 * 60_000
    assert.equal(await holderOf(second), undefined, 'it expires')

    const third = await make()
    const user = await credentials.oneTimeLinks.holderOf(third)
    assert.ok(user !== undefined)
    const prepared = await credentials.preparePassword(user.userPrincipalName, 'seven brass kettles')
    const origin = { remoteAddress: '198.51.100.7', userAgent: undefined }
    await database.transaction((tx) => credentials.changePassword(tx, user, prepared, { origin }))
    assert.equal(await holderOf(third), undefined, 'a chosen password uses the link up')

    const fourth = await make()
    assert.equal((await asOwner('PATCH', `/users/${id}`, { accountEnabled: false })).status, 204)
    assert.equal(await holderOf(fourth), undefined, 'the link of a disabled user')
    assert.equal((await asOwner('DELETE', `/users/${id}`)).status, 204)
    const rows = await database.transaction((tx) =>
      tx.tables<{ one_time_code: { holder_id: string } }>().selectFrom('one_time_code').selectAll().execute(),
    )
    assert.deepEqual(rows, [], 'the link is deleted with its user')
  })
}

test('a one-time link is listed among the sign-in methods without its code, and can be withdrawn', async (t) => {
  const { asOwner, makeUser, credentials } = await openPeople(t)
  const id = await makeUser('carol')
  const made = await asOwner('POST', path(id), {})
  const code = codeIn(made.body)
  assert.match(String(made.body['link']), /^https:\/\/[^?]*\/sign-in\/link#[A-Za-z0-9_-]{43}$/)
  const methods = await asOwner('GET', `/users/${id}/authentication/methods`)
  const link = (methods.body['value'] as Record<string, unknown>[]).find(
    ({ id: methodId }) => methodId === made.body['id'],
  )
  assert.equal(link?.['@odata.type'], '#acrux.oneTimeLinkAuthenticationMethod')
  assert.equal(link['expirationDateTime'], made.body['expirationDateTime'])
  assert.ok(!JSON.stringify(methods.body).includes(code))
  assert.equal((await credentials.oneTimeLinks.holderOf(code))?.objectId, id)
  assert.equal((await asOwner('DELETE', path(id, `/${String(made.body['id'])}`))).status, 204)
  assert.equal(await credentials.oneTimeLinks.holderOf(code), undefined)
  assert.equal((await asOwner('DELETE', path(id, `/${String(made.body['id'])}`))).status, 404)
})

test('one-time links are created by owners of the directory, for other users with a password here', async (t) => {
  const { as, asOwner, alice, makeUser } = await openPeople(t)
  const carol = await makeUser('carol')
  assert.equal((await as(carol)('POST', path(carol), {})).status, 403)
  assert.equal((await as(alice.objectId)('POST', path(alice.objectId), {})).status, 403)
  for (const body of [{ lifetimeInMinutes: 9 }, { lifetimeInMinutes: 10_081 }, { x: 1 }]) {
    assert.equal((await asOwner('POST', path(carol), body)).status, 400)
  }
  const identities = [{ signInType: 'federated', issuer: 'https://id.contoso.example', issuerAssignedId: 'dave-1' }]
  const external = await makeUser('dave', { passwordProfile: undefined, identities })
  assert.equal((await asOwner('POST', path(external), {})).status, 400)
})
