import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openGraph } from '../../testing/graph/test-graph.ts'
import { openPeople } from '../../testing/graph/test-people.ts'
import { withUserKeyAsPath } from './protocol/user-key.ts'

test('the secrets of an application and of a service principal are listed newest first', async (t) => {
  const { asOwner, owner, time } = await openGraph(t)
  const { body: application } = await asOwner('POST', '/applications', { displayName: 'ordered' })
  for (const path of [
    `/applications/${String(application['id'])}`,
    `/servicePrincipals/${owner.servicePrincipal.objectId}`,
  ]) {
    for (const displayName of ['first', 'second', 'third']) {
      time.nowMs += 1000
      assert.equal((await asOwner('POST', `${path}/addPassword`, { passwordCredential: { displayName } })).status, 200)
    }
    const { body } = await asOwner('GET', path)
    const names = (body['passwordCredentials'] as { displayName: string }[]).map(({ displayName }) => displayName)
    assert.deepEqual(names.slice(0, 3), ['third', 'second', 'first'])
  }
})

test('isFallbackPublicClient is null until it is set, and after it is set to null', async (t) => {
  const { asOwner } = await openGraph(t)
  const make = async (body: object) => (await asOwner('POST', '/applications', { displayName: 'x', ...body })).body
  assert.equal((await make({}))['isFallbackPublicClient'], null)
  assert.equal((await make({ web: { redirectUris: ['https://app.example.com/'] } }))['isFallbackPublicClient'], null)
  assert.equal((await make({ isFallbackPublicClient: false }))['isFallbackPublicClient'], false)
  const made = await make({ isFallbackPublicClient: true })
  const path = `/applications/${String(made['id'])}`
  const shown = async () => (await asOwner('GET', path)).body['isFallbackPublicClient']
  assert.equal(await shown(), true)
  for (const value of [false, null]) {
    assert.equal((await asOwner('PATCH', path, { isFallbackPublicClient: value })).status, 204)
    assert.equal(await shown(), value)
  }
})

test('appRoleAssignmentRequired of a service principal is stored and shown', async (t) => {
  const { asOwner, owner } = await openGraph(t)
  const path = `/servicePrincipals/${owner.servicePrincipal.objectId}`
  assert.equal((await asOwner('GET', path)).body['appRoleAssignmentRequired'], false)
  assert.equal((await asOwner('PATCH', path, { appRoleAssignmentRequired: true })).status, 204)
  assert.equal((await asOwner('GET', path)).body['appRoleAssignmentRequired'], true)
  assert.equal((await asOwner('PATCH', path, { appRoleAssignmentRequired: 'yes' })).status, 400)
})

for (const [name, path] of [
  ['$dollar@contoso.example', "/users('$dollar@contoso.example')"],
  ['$dollar#hash@contoso.example', "/users('$dollar%23hash@contoso.example')"],
  ['hash#in@contoso.example', '/users/hash%23in@contoso.example'],
  ["$o'hara@contoso.example", "/users(%27$o''hara@contoso.example%27)"],
] as const) {
  test(`a user with the name ${name} is created, and found at ${path}`, async (t) => {
    const { asOwner } = await openPeople(t)
    const made = await asOwner('POST', '/users', {
      accountEnabled: true,
      displayName: name,
      userPrincipalName: name,
      mailNickname: 'special',
      passwordProfile: { password: 'seven brass kettles' },
    })
    assert.equal(made.status, 201, JSON.stringify(made.body))
    const found = await asOwner('GET', path)
    assert.equal(found.body['id'], made.body['id'])
    assert.equal((await asOwner('PATCH', path, { displayName: 'renamed' })).status, 204)
    assert.equal((await asOwner('GET', `${path}/memberOf`)).status, 200)
    assert.equal((await asOwner('DELETE', path)).status, 204)
    assert.equal((await asOwner('GET', path)).status, 404)
  })
}

test('only a key of a user becomes a path', () => {
  for (const url of [
    '/graph/v1.0/users',
    '/graph/v1.0/users()',
    "/graph/v1.0/users('')",
    "/graph/v1.0/users('a",
    "/graph/v1.0/users('a/b')",
    "/graph/v1.0/users('a')x",
    "/graph/v1.0/groups('a')",
    "/v2/users('a')/manifests/x",
    "/x/graph/v1.0/users('a')",
  ]) {
    assert.equal(withUserKeyAsPath(url), url)
  }
  assert.equal(withUserKeyAsPath("/graph/v1.0/users('a')/memberOf?$top=1"), '/graph/v1.0/users/a/memberOf?$top=1')
})
