import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { DatabaseKind } from '../platform/sql/database.ts'
import { testDatabaseKinds } from '../platform/sql/test-database.ts'
import { selfSignedCertificate } from '../platform/tls/test-certificate.ts'
import { openTestDirectory, testOrigin, testTenantId } from '../directory/test-directory.ts'
import { serveGraph } from './test-graph.ts'
import { graphRoutes } from './routes.ts'

async function openGraph(t: TestContext, kind: DatabaseKind = 'sqlite') {
  const opened = await openTestDirectory(kind)
  const graph = await serveGraph(opened)
  t.after(async () => {
    await graph.close()
    await opened.dispose()
  })
  const { database, directory, owner } = opened
  const stranger = await database.transaction((transaction) =>
    directory.createServicePrincipal(transaction, { displayName: 'stranger' }),
  )
  return {
    ...opened,
    ...graph,
    stranger,
    asOwner: graph.as(owner.servicePrincipal.objectId),
    asStranger: graph.as(stranger.servicePrincipal.objectId),
  }
}

type Named = { id: string; appId: string; displayName: string }
const listOf = (body: Record<string, unknown>) => body['value'] as Named[]
const errorOf = (body: Record<string, unknown>) => body['error'] as { code: string; message: string }
const filter = (text: string) => `?$filter=${encodeURIComponent(text)}`

for (const kind of testDatabaseKinds) {
  test(`the requests of "az ad sp create-for-rbac" make an application, its secret and its principal (${kind})`, async (t) => {
    const { asOwner, directory, time } = await openGraph(t, kind)
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
    const proof = await directory.checkClientSecret(appId, String(secretText))
    assert.ok(proof.outcome === 'proved')
    assert.equal(proof.credentialId, keyId)
    assert.equal(proof.servicePrincipal.objectId, principal.body['id'])
    time.nowMs += 1
    const again = await asOwner('POST', '/servicePrincipals', { appId })
    assert.equal(again.status, 409)
    assert.equal(errorOf(again.body).code, 'Request_MultipleObjectsWithSameKeyValue')
  })

  test(`a list is paged by $top and the next link, each object once (${kind})`, async (t) => {
    const { asOwner } = await openGraph(t, kind)
    for (let index = 0; index < 5; index += 1) await asOwner('POST', '/applications', { displayName: `page ${index}` })
    const seen: string[] = []
    let path: string | undefined = `/applications${filter("startswith(displayName,'PAGE')")}&$top=2`
    while (path !== undefined) {
      const { body } = await asOwner('GET', path)
      seen.push(...listOf(body).map(({ displayName }) => displayName))
      const next = body['@odata.nextLink'] as string | undefined
      if (next !== undefined) assert.ok(next.startsWith(`${testOrigin}/graph/v1.0/applications?`))
      path = next?.slice(`${testOrigin}/graph/v1.0`.length)
    }
    assert.deepEqual(seen.toSorted(), ['page 0', 'page 1', 'page 2', 'page 3', 'page 4'])
    for (const query of ['$top=0', '$top=1000', '$top=x', '$skiptoken=x', '$orderby=displayName', '$top=1&$top=2']) {
      const answer = await asOwner('GET', `/applications?${query}`)
      assert.equal(answer.status, 400, query)
      assert.equal(errorOf(answer.body).code, 'Request_UnsupportedQuery', query)
    }
  })

  test(`names are found without regard to case, and by whole name or prefix alone (${kind})`, async (t) => {
    const { asOwner } = await openGraph(t, kind)
    for (const displayName of ['Größe', 'grosse', 'a%b', 'a_b', 'ab', "O'Brien"]) {
      assert.equal((await asOwner('POST', '/applications', { displayName })).status, 201)
    }
    const named = async (text: string) =>
      listOf((await asOwner('GET', `/applications${filter(text)}`)).body)
        .map(({ displayName }) => displayName)
        .toSorted()
    assert.deepEqual(await named("displayName eq 'GROSSE'"), ['grosse'])
    assert.deepEqual(await named("startswith(displayName,'GR')"), ['Größe', 'grosse'])
    assert.deepEqual(await named("startswith(displayName,'a%')"), ['a%b'])
    assert.deepEqual(await named("startswith(displayName,'a_')"), ['a_b'])
    assert.deepEqual(await named("displayName eq 'o''brien'"), ["O'Brien"])
    assert.deepEqual(await named("displayName eq 'a' and startswith(displayName,'a')"), [])
  })

  test(`"az role assignment" finds a principal by application id, URI, object id and user name (${kind})`, async (t) => {
    const { asOwner, owner, alice } = await openGraph(t, kind)
    const { body: application } = await asOwner('POST', '/applications', {
      displayName: 'ci',
      identifierUris: ['api://ci/Build'],
    })
    const { body: principal } = await asOwner('POST', '/servicePrincipals', { appId: application['appId'] })
    const appId = String(application['appId'])
    for (const name of [appId, appId.toUpperCase(), 'API://CI/build']) {
      const found = await asOwner('GET', `/servicePrincipals${filter(`servicePrincipalNames/any(c:c eq '${name}')`)}`)
      assert.deepEqual(
        listOf(found.body).map(({ id }) => id),
        [principal['id']],
      )
    }
    const byName = await asOwner('GET', `/users${filter("userPrincipalName eq 'alice@CONTOSO.example'")}`)
    assert.deepEqual(
      listOf(byName.body).map(({ id }) => id),
      [alice.objectId],
    )
    const types = ['user', 'group', 'servicePrincipal', 'directoryObjectPartnerReference']
    const ids = [alice.objectId, principal['id'], owner.servicePrincipal.objectId, testTenantId, 'x', '\u0000']
    const { body } = await asOwner('POST', '/directoryObjects/getByIds', { ids, types })
    const kinds = (body['value'] as Record<string, string>[]).map((object) => object['@odata.type'] ?? '')
    assert.deepEqual(kinds.toSorted(), [
      '#microsoft.graph.servicePrincipal',
      '#microsoft.graph.servicePrincipal',
      '#microsoft.graph.user',
    ])
    const usersOnly = await asOwner('POST', '/directoryObjects/getByIds', { ids, types: ['user'] })
    assert.equal(listOf(usersOnly.body).length, 1)
  })

  test(`certificates are kept as az sends them, replaced as a whole, and kept by a null key (${kind})`, async (t) => {
    const { asOwner, database, time } = await openGraph(t, kind)
    const notBefore = new Date(time.nowMs - 1000)
    const first = await selfSignedCertificate(notBefore, new Date(time.nowMs + 366 * 24 * 3600_000))
    const credential = {
      '@odata.type': '#microsoft.graph.keyCredential',
      displayName: null,
      endDateTime: '2027-03-01T12:00:00Z',
      key: first.wrapped,
      keyId: '90b9ea6e-13f3-4f6e-8a2c-0fd7a5ef0001',
      startDateTime: '2026-03-01T12:00:00Z',
      type: 'AsymmetricX509Cert',
      usage: 'Verify',
    }
    const created = await asOwner('POST', '/applications', { displayName: 'cert', keyCredentials: [credential] })
    assert.equal(created.status, 201)
    const path = `/applications/${String(created.body['id'])}`
    const [shown] = created.body['keyCredentials'] as Record<string, unknown>[]
    assert.equal(shown?.['customKeyIdentifier'], first.thumbprint)
    assert.equal(shown?.['key'], null)
    const rows = () =>
      database
        .tables<{ client_certificate: { id: string; der: Uint8Array; thumbprint: string } }>()
        .selectFrom('client_certificate')
        .selectAll()
        .orderBy('thumbprint')
        .execute()
    const [kept] = await rows()
    assert.deepEqual(Buffer.from(kept?.der ?? []), first.der)

    const second = await selfSignedCertificate(notBefore, new Date(time.nowMs + 366 * 24 * 3600_000))
    const added = { ...credential, keyId: '90b9ea6e-13f3-4f6e-8a2c-0fd7a5ef0002', key: second.wrapped }
    assert.equal((await asOwner('PATCH', path, { keyCredentials: [shown, added] })).status, 204)
    assert.deepEqual(
      (await rows()).map(({ thumbprint }) => thumbprint),
      [first.thumbprint, second.thumbprint].toSorted(),
    )
    assert.ok((await rows()).some(({ id }) => id === kept?.id))
    assert.equal((await asOwner('PATCH', path, { keyCredentials: [] })).status, 204)
    assert.deepEqual(await rows(), [])
  })
}

test('fault 16: a secret is shown once, lives a year unless told, and at most 732 days', async (t) => {
  const { asOwner, owner } = await openGraph(t)
  const path = `/servicePrincipals/${owner.servicePrincipal.objectId}`
  const made = await asOwner('POST', `${path}/addPassword`)
  assert.equal(made.body['endDateTime'], '2027-03-01T12:00:00Z')
  const { body } = await asOwner('GET', path)
  assert.ok(!JSON.stringify(body).includes(String(made.body['secretText'])))
  const [shown] = body['passwordCredentials'] as Record<string, unknown>[]
  assert.deepEqual(shown, { ...made.body, secretText: null })
  const until = (endDateTime: string) => asOwner('POST', `${path}/addPassword`, { passwordCredential: { endDateTime } })
  assert.equal((await until('2028-03-01T12:00:00Z')).status, 200)
  for (const end of [
    '2028-03-03T14:00:00Z',
    '2299-12-31T00:00:00Z',
    '2026-03-01T12:00:00Z',
    '1969-01-01T00:00:00Z',
    'x',
  ]) {
    const refused = await until(end)
    assert.equal(refused.status, 400, end)
    assert.equal(errorOf(refused.body).code, 'Request_BadRequest')
  }
})

test('at most 100 secrets stand at a time', async (t) => {
  const { asOwner, owner } = await openGraph(t)
  const path = `/servicePrincipals/${owner.servicePrincipal.objectId}/addPassword`
  for (let count = 0; count < 100; count += 1) assert.equal((await asOwner('POST', path, {})).status, 200)
  const refused = await asOwner('POST', path, {})
  assert.equal(refused.status, 400)
  assert.equal(errorOf(refused.body).code, 'Directory_QuotaExceeded')
})

test('a secret is removed only from the object that holds it', async (t) => {
  const { asOwner, owner, stranger } = await openGraph(t)
  const { body } = await asOwner('POST', `/servicePrincipals/${owner.servicePrincipal.objectId}/addPassword`, {})
  const elsewhere = `/servicePrincipals/${stranger.servicePrincipal.objectId}/removePassword`
  const refused = await asOwner('POST', elsewhere, { keyId: body['keyId'] })
  assert.equal(refused.status, 400)
})

test('certificates that are weak, foreign or out of their time are refused', async (t) => {
  const { asOwner, time } = await openGraph(t)
  const yearMs = 365 * 24 * 3600_000
  const notBefore = new Date(time.nowMs - 1000)
  const good = await selfSignedCertificate(notBefore, new Date(time.nowMs + yearMs))
  const weak = await selfSignedCertificate(notBefore, new Date(time.nowMs + yearMs), { modulusLength: 1024 })
  const curve = await selfSignedCertificate(notBefore, new Date(time.nowMs + yearMs), 'P-256')
  const eternal = await selfSignedCertificate(notBefore, new Date(time.nowMs + 10 * yearMs))
  const credential = { type: 'AsymmetricX509Cert', usage: 'Verify', key: good.wrapped }
  // prettier-ignore
  const table = [
    { change: {},                                                     status: 201, why: 'the dates are the certificate’s own' },
    { change: { key: weak.wrapped },                                  status: 400, why: '1024 bits' },
    { change: { key: curve.wrapped },                                 status: 400, why: 'no RSA key' },
    { change: { key: eternal.wrapped },                               status: 400, why: 'ten years' },
    { change: { key: eternal.wrapped, endDateTime: '2027-03-01T12:00:00Z' }, status: 201, why: 'one year of ten' },
    { change: { endDateTime: '2027-06-01T00:00:00Z' },                status: 400, why: 'longer than the certificate' },
    { change: { startDateTime: '2025-01-01T00:00:00Z' },              status: 400, why: 'before the certificate' },
    { change: { key: Buffer.concat([good.der, Buffer.from('x')]).toString('base64') }, status: 400, why: 'something follows' },
    { change: { key: Buffer.from(good.pem).toString('base64') },      status: 400, why: 'PEM within base64' },
    { change: { key: '!' },                                           status: 400, why: 'no base64' },
    { change: { key: '' },                                            status: 400, why: 'empty' },
    { change: { key: null },                                          status: 400, why: 'nothing known by this id' },
    { change: { usage: 'Sign' },                                      status: 400, why: 'another usage' },
    { change: { type: 'Symmetric' },                                  status: 400, why: 'another type' },
    { change: { privateKey: 'x' },                                    status: 400, why: 'an unknown property' },
  ]
  for (const { change, status, why } of table) {
    const body = { displayName: 'c', keyCredentials: [{ ...credential, ...change }] }
    assert.equal((await asOwner('POST', '/applications', body)).status, status, why)
  }
})

test('what a client may only read cannot be set, and what is unknown is refused by name', async (t) => {
  const { asOwner, stranger, database } = await openGraph(t)
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

test('who is not a directory owner reads what is their own, and nothing tells them what else there is', async (t) => {
  const { asStranger, asOwner, stranger, owner, alice } = await openGraph(t)
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
  const refused = [
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
  for (const [method, path] of refused) {
    const answer = await asStranger(method, path, method === 'GET' || method === 'DELETE' ? undefined : {})
    assert.equal(answer.status, 403, `${method} ${path}`)
    const { code, message } = errorOf(answer.body)
    assert.deepEqual(
      [code, message],
      ['Authorization_RequestDenied', 'Insufficient privileges to complete the operation.'],
    )
  }
})

test('who owns an application changes its credentials, and nothing else of it', async (t) => {
  const { asOwner, asStranger, stranger } = await openGraph(t)
  const { body: application } = await asOwner('POST', '/applications', { displayName: 'made' })
  const { body: principal } = await asOwner('POST', '/servicePrincipals', { appId: application['appId'] })
  const id = String(application['id'])
  const reference = { '@odata.id': `${testOrigin}/graph/v1.0/directoryObjects/${stranger.servicePrincipal.objectId}` }
  assert.equal((await asOwner('POST', `/applications/${id}/owners/$ref`, reference)).status, 204)
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

test('a person reads themselves at /me, and an application is told that it is none', async (t) => {
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

test('without a token everything is refused before anything is read, and nothing else is served', async (t) => {
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

test('every change has its event, and no event, answer or log line holds a secret or a hash of one', async (t) => {
  const { asOwner, asStranger, database, owner, log } = await openGraph(t)
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
