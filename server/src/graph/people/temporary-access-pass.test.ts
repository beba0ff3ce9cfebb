import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { openPeople } from '../../../testing/graph/test-people.ts'

const path = (id: string, method = '') => `/users/${id}/authentication/temporaryAccessPassMethods${method}`

for (const kind of usualDatabaseKinds) {
  test(`an owner creates an access pass, which is valid once and for a limited time (${kind})`, async (t) => {
    const { asOwner, makeUser, credentials, database, time } = await openPeople(t, kind)
    const id = await makeUser('carol')
    const other = await makeUser('dave')
    const { accessPasses } = credentials
    const make = async (body: object = {}) => {
      const made = await asOwner('POST', path(id), body)
      assert.equal(made.status, 201)
      return { code: String(made.body['temporaryAccessPass']), id: String(made.body['id']) }
    }
    const first = await make()
    assert.equal(await accessPasses.isValid(id, first.code), true)
    assert.equal(await accessPasses.isValid(other, first.code), false)
    const second = await make({ lifetimeInMinutes: 10 })
    assert.equal(await accessPasses.isValid(id, first.code), false, 'a new code replaces the old one')
    const use = (code: string) => database.transaction((tx) => accessPasses.use(tx, id, code))
    const used = await Promise.all([use(second.code), use(second.code)])
    assert.equal(used.filter(Boolean).length, 1)

    const third = await make({ lifetimeInMinutes: 10, isUsableOnce: true })
    time.nowMs += 10 * 60_000
    assert.equal(await accessPasses.isValid(id, third.code), false)
    assert.equal(await use(third.code), false)

    const { id: methodId } = await make()
    const methods = await asOwner('GET', `/users/${id}/authentication/methods`)
    assert.ok(JSON.stringify(methods.body).includes('temporaryAccessPassAuthenticationMethod'))
    assert.equal((await asOwner('DELETE', path(id, `/${methodId}`))).status, 204)
    assert.equal((await asOwner('DELETE', path(id, `/${methodId}`))).status, 404)
    const events = await credentials.securityEvents.list(id)
    assert.deepEqual(events.map(({ kind, detail, count }) => `${kind} ${detail} ${count}`).toSorted(), [
      'method-added access-pass 4',
      'method-removed access-pass 1',
    ])
  })
}

test('an access pass is created by owners of the directory, and for other users only', async (t) => {
  const { as, asOwner, alice, makeUser } = await openPeople(t)
  const carol = await makeUser('carol')
  assert.equal((await as(carol)('POST', path(carol), {})).status, 403)
  assert.equal((await as(alice.objectId)('POST', path(alice.objectId), {})).status, 403)
  assert.equal((await as(alice.objectId)('POST', path(carol), {})).status, 201)
  for (const body of [{ lifetimeInMinutes: 9 }, { lifetimeInMinutes: 43_201 }, { isUsableOnce: false }, { x: 1 }]) {
    assert.equal((await asOwner('POST', path(carol), body)).status, 400)
  }
})
