import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { type GraphClient, errorOf, openGraph, reference } from '../../../testing/graph/test-graph.ts'

const unknownId = '0d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11'

async function open(t: TestContext, kind: DatabaseKind) {
  const opened = await openGraph(t, kind)
  const { database, directory, owner, asOwner } = opened
  const createUser = (name: string) =>
    database.transaction((tx) =>
      directory.createUser(tx, {
        userPrincipalName: `${name}@contoso.example`,
        displayName: name,
        password: 'a long password',
      }),
    )
  const bob = await createUser('bob')
  const carol = await createUser('carol')
  const made = await asOwner('POST', '/applications', { displayName: 'app' })
  const principal = await asOwner('POST', '/servicePrincipals', { appId: made.body['appId'] })
  const path = `/applications/${String(made.body['id'])}`
  const principalPath = `/servicePrincipals/${String(principal.body['id'])}`
  const add = (client: GraphClient, id: string) => client('POST', `${path}/owners/$ref`, reference(id))
  const remove = (client: GraphClient, id: string) => client('DELETE', `${path}/owners/${id}/$ref`)
  const owners = async (client = asOwner, owned = path) => {
    const { status, body } = await client('GET', `${owned}/owners`)
    return status === 200 ? (body['value'] as { id: string }[]).map(({ id }) => id) : status
  }
  const ownerId = owner.servicePrincipal.objectId
  return {
    ...opened,
    ownerId,
    bob,
    carol,
    made: made.body,
    path,
    principalPath,
    add,
    remove,
    owners,
  }
}

for (const kind of usualDatabaseKinds) {
  test(`an added owner of an application has all rights of its creator (${kind})`, async (t) => {
    const { as, asOwner, ownerId, bob, carol, made, path, principalPath, add, remove, owners } = await open(t, kind)
    const asBob = as(bob.objectId)
    assert.deepEqual(await owners(), [ownerId], 'the creator is the first owner')
    assert.equal((await asBob('GET', path)).status, 403)
    assert.equal((await add(asBob, bob.objectId)).status, 403, 'nobody adds themselves')
    assert.equal((await add(asOwner, bob.objectId)).status, 204)
    for (const own of [path, principalPath]) {
      assert.deepEqual(await owners(asBob, own), [ownerId, bob.objectId].toSorted())
    }
    for (const own of [path, principalPath]) assert.equal((await asBob('POST', `${own}/addPassword`, {})).status, 200)
    const listed = (await asBob('GET', '/applications')).body['value'] as { id: string }[]
    assert.deepEqual(
      listed.map(({ id }) => id),
      [made['id']],
    )
    const owned = (await asBob('GET', '/me/ownedObjects')).body['value'] as object[]
    assert.equal(owned.length, 2)

    assert.equal((await remove(asBob, ownerId)).status, 204)
    assert.equal((await add(asBob, carol.objectId)).status, 204, 'an owner adds another')
    assert.equal((await remove(as(carol.objectId), bob.objectId)).status, 204)
    for (const [method, gone] of [
      ['GET', path],
      ['POST', `${path}/addPassword`],
      ['POST', `${principalPath}/addPassword`],
      ['GET', `${path}/owners`],
      ['GET', `${principalPath}/owners`],
    ] as const) {
      assert.equal((await asBob(method, gone, method === 'GET' ? undefined : {})).status, 403, `${method} ${gone}`)
    }
    assert.equal(
      (await remove(as(carol.objectId), carol.objectId)).status,
      204,
      'the last owner can be removed, as in Graph',
    )
    assert.deepEqual(await owners(), [])
    assert.equal((await add(asOwner, ownerId)).status, 204)
  })

  test(`only an existing user or service principal becomes an owner of an application, and only once (${kind})`, async (t) => {
    const { asOwner, ownerId, bob, path, add, remove, owners } = await open(t, kind)
    const group = { displayName: 'g', mailNickname: 'g', mailEnabled: false, securityEnabled: true }
    const { body } = await asOwner('POST', '/groups', group)
    const rejected = await add(asOwner, String(body['id']))
    assert.equal(rejected.status, 400)
    assert.match(errorOf(rejected.body).message, /a user or a service principal/)
    assert.equal((await add(asOwner, unknownId)).status, 404)
    assert.match(errorOf((await add(asOwner, ownerId)).body).message, /added object references already exist/)
    assert.equal((await remove(asOwner, bob.objectId)).status, 404)
    assert.equal((await asOwner('POST', `/applications/${unknownId}/owners/$ref`, reference(bob.objectId))).status, 404)
    for (const collection of ['applications', 'servicePrincipals']) {
      for (const id of [unknownId, 'by-name']) {
        const { status, body: error } = await asOwner('GET', `/${collection}/${id}/owners`)
        assert.equal(status, 404)
        assert.ok(errorOf(error).message.includes(`'${id}'`), 'the error names the missing object')
      }
    }
    assert.equal((await asOwner('POST', `${path}/owners/$ref`, { '@odata.id': 'x' })).status, 400)
    assert.deepEqual(await owners(), [ownerId])
  })

  test(`ownership ends when the owner or the application is deleted (${kind})`, async (t) => {
    const { asOwner, bob, path, add, owners, database, ownerId } = await open(t, kind)
    assert.equal((await add(asOwner, bob.objectId)).status, 204)
    assert.equal((await asOwner('DELETE', `/users/${bob.objectId}`)).status, 204)
    assert.deepEqual(await owners(), [ownerId])
    assert.equal((await asOwner('DELETE', path)).status, 204)
    const rows = await database
      .tables<{ application_owner: { owner_id: string } }>()
      .selectFrom('application_owner')
      .select('owner_id')
      .execute()
    assert.deepEqual(rows, [])
  })
}
