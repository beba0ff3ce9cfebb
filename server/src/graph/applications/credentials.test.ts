import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { selfSignedCertificate } from '../../../testing/platform/test-certificate.ts'
import { errorOf, openGraph } from '../../../testing/graph/test-graph.ts'

for (const kind of usualDatabaseKinds) {
  test(`a removed secret no longer authenticates, and other secrets still do (${kind})`, async (t) => {
    const { credentials, owner, asOwner: client } = await openGraph(t, kind)
    const { appId, objectId } = owner.servicePrincipal
    const added = await client('POST', `/servicePrincipals/${objectId}/addPassword`, {})
    const sibling = String(added.body['secretText'])
    const proof = await credentials.checkClientSecret(appId, owner.secret)
    assert.ok(proof.outcome === 'verified')
    assert.equal((await credentials.checkClientSecret(appId, sibling)).outcome, 'verified')
    assert.equal(await credentials.credentialStands(objectId, { kind: 'client-secret', id: proof.credentialId }), true)

    const found = await client('GET', `/applications?$filter=appId eq '${appId}'`)
    const [application] = found.body['value'] as { id: string }[]
    const removal = await client('POST', `/applications/${application?.id}/removePassword`, {
      keyId: proof.credentialId,
    })
    assert.equal(removal.status, 204)
    assert.equal((await credentials.checkClientSecret(appId, owner.secret)).outcome, 'wrong-secret')
    assert.equal(await credentials.credentialStands(objectId, { kind: 'client-secret', id: proof.credentialId }), false)
    assert.equal((await credentials.checkClientSecret(appId, sibling)).outcome, 'verified')
  })

  test(`a disabled principal is denied with the correct secret, and a deleted one is unknown (${kind})`, async (t) => {
    const { credentials, directory, deletedPrincipals, asOwner: client, makeProgram } = await openGraph(t, kind)
    const { servicePrincipal, secret } = await makeProgram('ci')
    const { appId, objectId } = servicePrincipal
    const proof = await credentials.checkClientSecret(appId, secret)
    assert.ok(proof.outcome === 'verified')
    await client('PATCH', `/servicePrincipals/${objectId}`, { accountEnabled: false })
    assert.equal((await credentials.checkClientSecret(appId, secret)).outcome, 'disabled')
    assert.equal((await credentials.checkClientSecret(appId, 'wrong')).outcome, 'wrong-secret')
    assert.equal(await credentials.credentialStands(objectId, undefined), false)
    assert.equal(await credentials.credentialStands(objectId, { kind: 'client-secret', id: proof.credentialId }), false)
    await client('PATCH', `/servicePrincipals/${objectId}`, { accountEnabled: true })
    assert.equal((await credentials.checkClientSecret(appId, secret)).outcome, 'verified')

    assert.equal((await client('DELETE', `/servicePrincipals/${objectId}`)).status, 204)
    assert.deepEqual(deletedPrincipals, [objectId])
    assert.equal((await credentials.checkClientSecret(appId, secret)).outcome, 'unknown-application')
    assert.equal(await directory.findPrincipal(objectId), undefined)
    const again = await client('POST', '/servicePrincipals', { appId, accountEnabled: true })
    assert.equal(again.status, 201)
    assert.notEqual(again.body['id'], objectId)
    assert.equal(await credentials.credentialStands(objectId, { kind: 'client-secret', id: proof.credentialId }), false)
  })

  test(`deleting an application deletes its service principal and the secrets of both (${kind})`, async (t) => {
    const { database, credentials, deletedPrincipals, owner, asOwner: client } = await openGraph(t, kind)
    const { body: application } = await client('POST', '/applications', {
      displayName: 'ci',
      identifierUris: ['api://ci'],
    })
    const { body: principal } = await client('POST', '/servicePrincipals', { appId: application['appId'] })
    await client('POST', `/applications/${String(application['id'])}/addPassword`, {})
    const { body: added } = await client('POST', `/servicePrincipals/${String(principal['id'])}/addPassword`, {})
    assert.equal((await client('DELETE', `/applications/${String(application['id'])}`)).status, 204)
    assert.deepEqual(deletedPrincipals, [principal['id']])
    const outcome = await credentials.checkClientSecret(String(application['appId']), String(added['secretText']))
    assert.equal(outcome.outcome, 'unknown-application')
    type Tables = { client_secret: { app_id: string }; application_uri: { uri: string } }
    const tables = database.tables<Tables>()
    const left = await tables.selectFrom('client_secret').select('app_id').execute()
    assert.deepEqual(
      left.map((row) => row.app_id),
      [owner.servicePrincipal.appId],
    )
    assert.deepEqual(await tables.selectFrom('application_uri').select('uri').execute(), [])
  })

  test(`an update replaces all certificates, and a certificate with a null key is kept (${kind})`, async (t) => {
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

test('fault 16: a secret is returned once, and expires after a year by default and after 732 days at most', async (t) => {
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
    const rejected = await until(end)
    assert.equal(rejected.status, 400, end)
    assert.equal(errorOf(rejected.body).code, 'Request_BadRequest')
  }
})

test('an object has at most 100 secrets', async (t) => {
  const { asOwner, owner } = await openGraph(t)
  const path = `/servicePrincipals/${owner.servicePrincipal.objectId}/addPassword`
  for (let count = 0; count < 100; count += 1) assert.equal((await asOwner('POST', path, {})).status, 200)
  const rejected = await asOwner('POST', path, {})
  assert.equal(rejected.status, 400)
  assert.equal(errorOf(rejected.body).code, 'Directory_QuotaExceeded')
})

test('a secret is removed only from the object that has it', async (t) => {
  const { asOwner, owner, makeProgram } = await openGraph(t)
  const other = await makeProgram('other')
  const { body } = await asOwner('POST', `/servicePrincipals/${owner.servicePrincipal.objectId}/addPassword`, {})
  const elsewhere = `/servicePrincipals/${other.servicePrincipal.objectId}/removePassword`
  const rejected = await asOwner('POST', elsewhere, { keyId: body['keyId'] })
  assert.equal(rejected.status, 400)
})

test('weak, malformed and expired certificates are rejected', async (t) => {
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
