import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { usualDatabaseKinds } from '../../testing/platform/test-database.ts'
import { testTenantId } from '../../testing/directory/test-directory.ts'
import { errorOf, filter, openGraph, reference } from '../../testing/graph/test-graph.ts'
import { graphRoutes } from './surface.ts'

async function openWithStranger(t: TestContext) {
  const opened = await openGraph(t)
  const stranger = await opened.makeProgram('stranger')
  return { ...opened, stranger, asStranger: opened.as(stranger.servicePrincipal.objectId) }
}

type Named = { id: string; appId: string; displayName: string }
const listOf = (body: Record<string, unknown>) => body['value'] as Named[]

for (const kind of usualDatabaseKinds) {
  test(`the requests of "az ad sp create-for-rbac" create an application, its secret and its service principal (${kind})`, async (t) => {
    const { asOwner, credentials, time } = await openGraph(t, kind)
    assert.deepEqual(listOf((await asOwner('GET', `/servicePrincipals${filter("displayName eq 'ci'")}`)).body), [])
    assert.deepEqual(listOf((await asOwner('GET', `/applications${filter("startswith(displayName,'ci')")}`)).body), [])
    const application = await asOwner('POST', '/applications', { displayName: 'ci', keyCredentials: [] })
    assert.equal(application.status, 201)
    assert.deepEqual(application.body['passwordCredentials'], [])
    const id = String(application.body['id'])
    const appId = String(application.body['appId'])
    const asked = { displayName: 'rbac', startDateTime: '2026-03-01T12:00:00Z', endDateTime: '2027-03-01T12:00:00Z' }
    const secret = await asOwner('POST', `/applications/${id}/addPassword`, { passwordCredential: asked })
    assert.equal(secret.status, 200)
    const { secretText, keyId, hint, ...shown } = secret.body
    assert.deepEqual(shown, { customKeyIdentifier: null, ...asked })
    assert.equal(hint, String(secretText).slice(0, 3))
    const principal = await asOwner('POST', '/servicePrincipals', { appId, accountEnabled: true })
    assert.equal(principal.status, 201)
    assert.deepEqual(principal.body['servicePrincipalNames'], [appId])
    assert.equal(principal.body['appOwnerOrganizationId'], testTenantId)
    const proof = await credentials.checkClientSecret(appId, String(secretText))
    assert.ok(proof.outcome === 'verified')
    assert.equal(proof.credentialId, keyId)
    assert.equal(proof.servicePrincipal.objectId, principal.body['id'])
    time.nowMs += 1
    const again = await asOwner('POST', '/servicePrincipals', { appId })
    assert.equal(again.status, 409)
    assert.equal(errorOf(again.body).code, 'Request_MultipleObjectsWithSameKeyValue')
  })
}

test('a body with a read-only or unknown property is rejected, and the error names the property', async (t) => {
  const { asOwner, stranger, database } = await openWithStranger(t)
  const { body: application } = await asOwner('POST', '/applications', { displayName: 'a' })
  const target = String(application['id'])
  const principal = stranger.servicePrincipal.objectId
  // prettier-ignore
  const table = [
    { method: 'POST',  path: '/applications',                   body: { displayName: 'x', directoryRole: 'owner' } },
    { method: 'POST',  path: '/applications',                   body: { displayName: 'x', directory_role: 'owner' } },
    { method: 'POST',  path: '/applications',                   body: { displayName: 'x', appId: principal } },
    { method: 'POST',  path: '/applications',                   body: { displayName: 'x', id: principal } },
    { method: 'POST',  path: '/applications',                   body: { displayName: 'x', owner_id: principal } },
    { method: 'POST',  path: '/applications',                   body: { displayName: 'x', passwordCredentials: [{ secretText: 'chosen' }] } },
    { method: 'POST',  path: '/applications',                   body: { displayName: 'x', identifierUris: [principal] } },
    { method: 'POST',  path: '/applications',                   body: { displayName: 'x', identifierUris: ['api://a', 'API://A'] } },
    { method: 'POST',  path: '/applications',                   body: { displayName: '' } },
    { method: 'POST',  path: '/applications',                   body: { displayName: 'a\u0000b' } },
    { method: 'POST',  path: '/applications',                   body: '"\\ud800"' },
    { method: 'POST',  path: '/applications',                   body: '[]' },
    { method: 'POST',  path: '/applications',                   body: '{"displayName":"x","__proto__":{"directoryRole":"owner"}}' },
    { method: 'POST',  path: '/applications',                   body: '['.repeat(100_000) },
    { method: 'POST',  path: '/applications',                   body: '{' },
    { method: 'PATCH', path: `/applications/${target}`,         body: { appId: principal } },
    { method: 'PATCH', path: `/applications/${target}`,         body: { passwordCredentials: [] } },
    { method: 'POST',  path: '/servicePrincipals',              body: { appId: application['appId'], directoryRole: 'owner' } },
    { method: 'POST',  path: '/servicePrincipals',              body: { appId: 'x' } },
    { method: 'POST',  path: '/servicePrincipals',              body: { appId: principal } },
    { method: 'PATCH', path: `/servicePrincipals/${principal}`, body: { directoryRole: 'owner' } },
    { method: 'PATCH', path: `/servicePrincipals/${principal}`, body: { accountEnabled: 'true' } },
    { method: 'POST',  path: `/applications/${target}/addPassword`, body: { passwordCredential: { secretText: 'chosen' } } },
    { method: 'POST',  path: `/applications/${target}/addPassword`, body: { secretText: 'chosen' } },
  ]
  for (const { method, path, body } of table) {
    const answer = await asOwner(method, path, body)
    assert.equal(answer.status, 400, JSON.stringify(body).slice(0, 80))
    assert.equal(typeof errorOf(answer.body).message, 'string')
  }
  type Tables = { service_principal: { directory_role: string | null } }
  const roles = await database.tables<Tables>().selectFrom('service_principal').select('directory_role').execute()
  assert.equal(roles.filter(({ directory_role }) => directory_role === 'owner').length, 1)
})

test('a caller without a directory role sees only its own objects, and cannot find out which others exist', async (t) => {
  const { asStranger, asOwner, stranger, owner, alice } = await openWithStranger(t)
  const { objectId, appId } = stranger.servicePrincipal
  assert.equal((await asStranger('GET', `/servicePrincipals/${objectId}`)).status, 200)
  const own = await asStranger('GET', `/servicePrincipals${filter(`servicePrincipalNames/any(c:c eq '${appId}')`)}`)
  assert.equal(listOf(own.body)[0]?.id, objectId)
  assert.deepEqual(
    listOf((await asStranger('GET', '/servicePrincipals')).body).map(({ id }) => id),
    [objectId],
  )
  const [ownApplication] = listOf((await asStranger('GET', '/applications')).body)
  assert.equal(ownApplication?.appId, appId)
  const seen = await asStranger('POST', '/directoryObjects/getByIds', {
    ids: [objectId, owner.servicePrincipal.objectId, alice.objectId],
  })
  assert.deepEqual(
    listOf(seen.body).map(({ id }) => id),
    [objectId],
  )

  const [other] = listOf((await asOwner('GET', `/applications${filter("displayName eq 'owner'")}`)).body)
  const otherId = other?.id ?? ''
  const unknown = '0d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11'
  // prettier-ignore
  const rejected = [
    ['GET', `/servicePrincipals/${owner.servicePrincipal.objectId}`], ['GET', `/servicePrincipals/${unknown}`],
    ['GET', `/applications/${otherId}`],                              ['GET', `/applications/${unknown}`],
    ['GET', `/users/${alice.objectId}`],                              ['GET', `/users/${unknown}`],
    ['GET', `/users/alice@contoso.example`],                          ['GET', `/users/nobody@contoso.example`],
    ['GET', '/users'],
    ['GET', `/servicePrincipals${filter("displayName eq 'owner'")}`], ['GET', `/servicePrincipals${filter("displayName eq 'nobody'")}`],
    ['POST', '/applications'],                                        ['POST', '/servicePrincipals'],
    ['PATCH', `/applications/${ownApplication?.id}`],                 ['PATCH', `/applications/${unknown}`],
    ['DELETE', `/applications/${ownApplication?.id}`],                ['DELETE', `/servicePrincipals/${objectId}`],
    ['POST', `/applications/${ownApplication?.id}/addPassword`],      ['POST', `/servicePrincipals/${objectId}/addPassword`],
    ['POST', `/servicePrincipals/${unknown}/addPassword`],            ['PATCH', `/servicePrincipals/${objectId}`],
  ] as const
  for (const [method, path] of rejected) {
    const answer = await asStranger(method, path, method === 'GET' || method === 'DELETE' ? undefined : {})
    assert.equal(answer.status, 403, `${method} ${path}`)
    const { code, message } = errorOf(answer.body)
    assert.deepEqual(
      [code, message],
      ['Authorization_RequestDenied', 'Insufficient privileges to complete the operation.'],
    )
  }
})

test('an owner of an application changes its credentials and nothing else', async (t) => {
  const { asOwner, asStranger, stranger } = await openWithStranger(t)
  const { body: application } = await asOwner('POST', '/applications', { displayName: 'made' })
  const { body: principal } = await asOwner('POST', '/servicePrincipals', { appId: application['appId'] })
  const id = String(application['id'])
  assert.equal(
    (await asOwner('POST', `/applications/${id}/owners/$ref`, reference(stranger.servicePrincipal.objectId))).status,
    204,
  )
  for (const path of [`/applications/${id}`, `/servicePrincipals/${String(principal['id'])}`]) {
    const made = await asStranger('POST', `${path}/addPassword`, {})
    assert.equal(made.status, 200)
    assert.equal((await asStranger('POST', `${path}/removePassword`, { keyId: made.body['keyId'] })).status, 204)
    assert.equal((await asStranger('PATCH', path, { keyCredentials: [] })).status, 204)
    assert.equal((await asStranger('GET', path)).status, 200)
    assert.equal((await asStranger('DELETE', path)).status, 403)
  }
  assert.equal((await asStranger('PATCH', `/applications/${id}`, { displayName: 'x' })).status, 403)
  const principalPath = `/servicePrincipals/${String(principal['id'])}`
  assert.equal((await asStranger('PATCH', principalPath, { accountEnabled: false })).status, 403)
})

test('a user reads their own account at /me, and an application is rejected there', async (t) => {
  const { as, asOwner, alice } = await openGraph(t)
  const asAlice = as(alice.objectId)
  const me = await asAlice('GET', '/me')
  assert.equal(me.body['userPrincipalName'], 'Alice@contoso.example')
  assert.ok(!JSON.stringify(me.body).includes('argon2'))
  const { body: application } = await asAlice('POST', '/applications', { displayName: 'of alice' })
  await asAlice('POST', '/servicePrincipals', { appId: application['appId'] })
  const owned = (await asAlice('GET', '/me/ownedObjects')).body['value'] as Record<string, string>[]
  assert.deepEqual(
    owned.map((object) => object['@odata.type']),
    ['#microsoft.graph.application', '#microsoft.graph.servicePrincipal'],
  )
  for (const path of ['/me', '/me/ownedObjects']) assert.equal((await asOwner('GET', path)).status, 400)
})

test('a request without a token is denied before its body is read, and unknown paths are not found', async (t) => {
  const { as, asOwner, owner } = await openGraph(t)
  for (const { method, path } of graphRoutes) {
    assert.equal(typeof method, 'string')
    const url = path.replace('/graph/v1.0', '').replace(':id', owner.servicePrincipal.objectId)
    for (const caller of [undefined, '0d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11', 'x']) {
      const answer = await as(caller)(String(method), url, method === 'GET' ? undefined : '{')
      assert.equal(answer.status, 401, `${String(method)} ${path}`)
      assert.equal(errorOf(answer.body).code, 'InvalidAuthenticationToken')
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer /)
      assert.equal(answer.headers.get('cache-control'), 'no-store')
    }
  }
  assert.equal((await asOwner('GET', '/devices')).status, 404)
  assert.equal((await asOwner('PUT', '/applications')).status, 404)
  assert.equal((await asOwner('GET', '/applications/x')).status, 404)
})

test('every change has an audit event, and no event or log line contains a secret', async (t) => {
  const { asOwner, asStranger, database, owner, log } = await openWithStranger(t)
  const { body: application } = await asOwner('POST', '/applications', { displayName: 'ci' })
  const path = `/applications/${String(application['id'])}`
  const { body: secret } = await asOwner('POST', `${path}/addPassword`, {})
  await asStranger('DELETE', path)
  await asOwner('DELETE', path)
  type Row = { action: string; outcome: string; actor_id: string; reason: string | null; correlation_id: string }
  const rows = await database
    .tables<{ audit_event: Row & { at_ms: number } }>()
    .selectFrom('audit_event')
    .selectAll()
    .execute()
  assert.deepEqual(rows.map(({ action, outcome }) => `${action} ${outcome}`).toSorted(), [
    'application.create success',
    'application.delete success',
    'client-secret.create success',
    'graph.applications.delete refused',
  ])
  const ownerId = owner.servicePrincipal.objectId
  assert.ok(rows.filter(({ outcome }) => outcome === 'success').every(({ actor_id }) => actor_id === ownerId))
  const everything = JSON.stringify(rows) + log.join('')
  assert.ok(everything.includes('correlation_id'))
  assert.ok(!everything.includes(String(secret['secretText'])))
})
