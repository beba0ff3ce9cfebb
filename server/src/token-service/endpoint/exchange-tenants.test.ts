import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { decodeJwt } from 'jose'
import { createOutbound } from '../../platform/outbound/outbound.ts'
import { openTestIssuer } from '../../../testing/platform/test-issuer.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { usualDatabaseKind, usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { openTestTokenService, roles } from '../../../testing/token-service/test-token-service.ts'

const tenantId = '72f988bf-0000-4000-8000-2d7cd011db47'
const otherTenantId = 'cab8a31a-0000-4000-8000-6e05cf5c9ab1'
const azAppId = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
const acr = 'https://containerregistry.azure.net'

/** The issuers of a tenant in Entra's form, and the locations of their configurations in the test. */
const issuersOf = (id: string) => ({
  '1.0': { issuer: `https://sts.windows.net/${id}/`, path: `/${id}/.well-known/openid-configuration` },
  '2.0': {
    issuer: `https://login.microsoftonline.com/${id}/v2.0`,
    path: `/${id}/v2.0/.well-known/openid-configuration`,
  },
})

async function open(t: TestContext, kind: DatabaseKind = usualDatabaseKind, trusted: readonly string[] = [tenantId]) {
  const entra = await openTestIssuer()
  t.after(entra.close)
  for (const id of [tenantId, otherTenantId]) {
    for (const { issuer, path } of Object.values(issuersOf(id))) {
      entra.overrides.set(path, { issuer, jwks_uri: `${entra.origin}/keys` })
    }
  }
  const outbound = createOutbound({ allowPrivateAddresses: true, allowedNetworks: [], extraCa: entra.ca })
  const trustedTenants = trusted.map((id) => ({ tenantId: id, authorityHost: entra.origin }))
  const opened = await openTestTokenService(t, kind, { outbound, trustedTenants })
  const { database, directory, time } = opened

  const claimsOf = (change: Record<string, unknown> = {}) => {
    const version = change['ver'] === '2.0' ? '2.0' : '1.0'
    const tid = typeof change['tid'] === 'string' ? change['tid'] : tenantId
    const seconds = Math.floor(time.nowMs / 1000)
    return {
      aud: acr,
      iss: issuersOf(tid)[version].issuer,
      iat: seconds,
      nbf: seconds,
      exp: seconds + 3600,
      ...(version === '1.0' ? { appid: azAppId, appidacr: '0' } : { azp: azAppId, azpacr: '0' }),
      tid,
      ver: version,
      ...change,
    }
  }
  const person = (oid: string, change: Record<string, unknown> = {}) =>
    entra.sign(
      claimsOf({ oid, sub: 'pairwise', scp: 'user_impersonation', upn: 'ada@contoso.example', name: 'Ada', ...change }),
    )
  const program = (oid: string, change: Record<string, unknown> = {}) =>
    entra.sign(claimsOf({ oid, sub: oid, idtyp: 'app', appid: azAppId, azp: azAppId, ...change }))
  const exchange = async (token: string, form: Record<string, string> = {}) => {
    const answer = await opened.inject({
      method: 'POST',
      url: '/oauth2/exchange',
      form: { grant_type: 'access_token', service: 'contoso.example', access_token: token, ...form },
    })
    const body = answer.json<{ refresh_token?: string; errors?: { message: string }[] }>()
    return { status: answer.statusCode, token: body.refresh_token ?? '', message: body.errors?.[0]?.message ?? '' }
  }
  const redeem = async (refreshToken: string) => {
    const form = { grant_type: 'refresh_token', scope: 'repository:a:pull', refresh_token: refreshToken }
    const answer = await opened.inject({
      method: 'POST',
      url: '/oauth2/token',
      form: { ...form, service: 'contoso.example' },
    })
    return { status: answer.statusCode, token: answer.json<{ access_token?: string }>().access_token ?? '' }
  }
  const foresee = (oid: string, what: 'user' | 'service-principal') =>
    database.transaction((transaction) => directory.externalPrincipals.preregister(transaction, oid, what))
  /** A principal with a role on the registry. */
  const admit = async (what: 'user' | 'service-principal') => {
    const oid = randomUUID()
    await foresee(oid, what)
    await opened.assign(oid, roles.acrPull, opened.registry.id)
    return oid
  }
  return { ...opened, entra, claimsOf, person, program, exchange, redeem, foresee, admit }
}

for (const kind of usualDatabaseKinds) {
  test(`users and applications of a trusted tenant get the rights of roles on their object id (${kind})`, async (t) => {
    const { admit, person, program, exchange, redeem, ask, registry } = await open(t, kind)
    const ada = await admit('user')
    const robot = await admit('service-principal')
    for (const ver of ['1.0', '2.0']) {
      const { status, token } = await exchange(await person(ada, { ver }), { tenant: tenantId })
      assert.equal(status, 200, ver)
      assert.deepEqual([decodeJwt(token).sub, decodeJwt(token)['tenant']], ['ada@contoso.example', tenantId])
      const access = await redeem(token)
      assert.equal(await ask(registry, `Bearer ${access.token}`, 'a', 'pull'), 'ok')
      assert.equal((await exchange(await program(robot, { ver }))).status, 200)
      assert.equal((await exchange(await program(robot, { ver, idtyp: undefined }))).status, 200)
    }
  })

  test(`a principal without a role is registered without rights (${kind})`, async (t) => {
    const { person, exchange, directory, assign, registry } = await open(t, kind)
    const oid = randomUUID()
    const before = await exchange(await person(oid))
    assert.match(before.message, /has no role on this registry/)
    assert.equal((await directory.findPrincipal(oid))?.kind, 'user')
    await assign(oid, roles.acrPull, registry.id)
    assert.equal((await exchange(await person(oid))).status, 200)
  })

  test(`a removed principal loses all rights at once (${kind})`, async (t) => {
    const { admit, person, exchange, redeem, ask, registry, database, directory } = await open(t, kind)
    const ada = await admit('user')
    const { token } = await exchange(await person(ada))
    const access = await redeem(token)
    await database.transaction((transaction) => directory.externalPrincipals.remove(transaction, ada))
    assert.equal(await ask(registry, `Bearer ${access.token}`, 'a', 'pull'), 'invalid_token')
    assert.equal((await redeem(token)).status, 401)
  })
}

test('both audiences are accepted in every spelling, and that of ARM only while the registry allows it', async (t) => {
  const { admit, person, exchange, update, registry } = await open(t)
  const ada = await admit('user')
  const arm = [
    'https://management.core.windows.net/',
    'https://management.core.windows.net',
    'https://management.azure.com/',
    'https://management.azure.com',
  ]
  const ofAcr = [acr, `${acr}/`, '6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26']
  for (const aud of [...arm, ...ofAcr]) assert.equal((await exchange(await person(ada, { aud }))).status, 200, aud)
  await update(registry, {
    policies: { ...registry.policies, azureADAuthenticationAsArmPolicy: { status: 'disabled' } },
  })
  for (const aud of arm) assert.equal((await exchange(await person(ada, { aud }))).status, 401, aud)
  for (const aud of ofAcr) assert.equal((await exchange(await person(ada, { aud }))).status, 200, aud)
})

test("every claim of a tenant's token is checked", async (t) => {
  const { admit, person, program, exchange, claimsOf, entra, time } = await open(t)
  const ada = await admit('user')
  const robot = await admit('service-principal')
  const seconds = Math.floor(time.nowMs / 1000)
  // prettier-ignore
  const ofAda: readonly (readonly [why: string, change: Record<string, unknown>])[] = [
    ['another tenant, which is not trusted', { tid: otherTenantId }],
    ['the issuer of another tenant',         { iss: issuersOf(otherTenantId)['1.0'].issuer }],
    ['the tenant of another issuer',         { iss: issuersOf(tenantId)['1.0'].issuer, tid: otherTenantId }],
    ['another version',                      { iss: issuersOf(tenantId)['2.0'].issuer }],
    ['no version',                           { ver: undefined }],
    ['an issuer without its slash',          { iss: issuersOf(tenantId)['1.0'].issuer.slice(0, -1) }],
    ['the placeholder',                      { iss: 'https://login.microsoftonline.com/{tenantid}/v2.0', ver: '2.0' }],
    ['Graph',                                { aud: 'https://graph.microsoft.com' }],
    ['an application (an id token)',         { aud: azAppId }],
    ['two audiences',                        { aud: [acr, 'https://graph.microsoft.com'] }],
    ['another case of the audience',         { aud: acr.toUpperCase() }],
    ['no audience',                          { aud: undefined }],
    ['no object id',                         { oid: undefined }],
    ['an object id that is none',            { oid: 'ada' }],
    ['no client',                            { appid: undefined }],
    ['no end',                               { exp: undefined }],
    ['no beginning',                         { nbf: undefined }],
    ['no issue',                             { iat: undefined }],
    ['an end that has come',                 { exp: seconds - 30 }],
    ['a beginning to come',                  { nbf: seconds + 301 }],
    ['an application\'s',                    { idtyp: 'app' }],
    ['neither of a person nor a program',    { scp: undefined }],
    ['another kind',                         { idtyp: 'device' }],
  ]
  for (const [why, change] of ofAda) assert.equal((await exchange(await person(ada, change))).status, 401, why)
  // prettier-ignore
  const ofRobot: readonly (readonly [why: string, change: Record<string, unknown>])[] = [
    ['with scopes',              { scp: 'user_impersonation' }],
    ['about somebody else',      { sub: randomUUID() }],
    ['a person\'s',              { idtyp: 'user' }],
  ]
  for (const [why, change] of ofRobot) assert.equal((await exchange(await program(robot, change))).status, 401, why)
  assert.equal((await exchange(await program(ada))).status, 401, 'a program with the object id of a person')
  assert.equal((await exchange(await person(robot))).status, 401, 'a person with the object id of a program')
  assert.equal((await exchange(await person(ada), { tenant: otherTenantId })).status, 401)
  const byName = await entra.sign({
    ...claimsOf(),
    sub: 'x',
    scp: 'x',
    upn: 'ada@contoso.example',
    unique_name: 'ada@contoso.example',
  })
  assert.equal((await exchange(byName)).status, 401, 'nobody is known by a name')
  assert.equal((await exchange(await person(ada))).status, 200)
})

test('fault 13: two users with one address are two principals, and a name decides nothing', async (t) => {
  const { admit, person, exchange } = await open(t)
  const ada = await admit('user')
  assert.equal((await exchange(await person(ada, { upn: 'ada@contoso.example', email: 'a@b.example' }))).status, 200)
  const other = await exchange(await person(randomUUID(), { upn: 'ada@contoso.example', email: 'a@b.example' }))
  assert.match(other.message, /has no role/)
})

test('fault 31: an external object id is never that of a local principal, or of another tenant', async (t) => {
  const { createPrincipal, assign, registry, person, program, exchange, foresee } = await open(t, usualDatabaseKind, [
    tenantId,
    otherTenantId,
  ])
  const { servicePrincipal } = await createPrincipal('local')
  await assign(servicePrincipal.objectId, roles.acrPush, registry.id)
  for (const token of [await program(servicePrincipal.objectId), await person(servicePrincipal.objectId)]) {
    const answer = await exchange(token)
    const { iss, sub } = decodeJwt(token)
    const reason = `Reason: token validation failed (issuer ${iss}, subject ${sub}).`
    assert.deepEqual([answer.status, answer.message.includes(reason)], [401, true], answer.message)
  }
  const oid = randomUUID()
  assert.match((await exchange(await person(oid))).message, /has no role/)
  await assign(oid, roles.acrPull, registry.id)
  assert.equal((await exchange(await person(oid))).status, 200)
  assert.equal((await exchange(await person(oid, { tid: otherTenantId }))).status, 401, 'the same id of another tenant')
  assert.equal(await foresee(randomUUID(), 'user'), undefined, 'of two tenants nobody can tell whose it is')
})

test("fault 15: a trusted tenant's token is exchanged until its expiry and 30 seconds more", async (t) => {
  const { admit, person, exchange, time } = await open(t)
  const exp = Math.floor(time.nowMs / 1000) + 3600
  const token = await person(await admit('user'), { exp })
  const at = async (ms: number) => {
    time.nowMs = ms
    return (await exchange(token)).status
  }
  assert.deepEqual(
    [await at(exp * 1000 - 1000), await at(exp * 1000), await at(exp * 1000 + 29_999), await at(exp * 1000 + 30_000)],
    [200, 200, 200, 401],
  )
})

test('without a trusted tenant, there is no request to Entra, and no principal is preregistered', async (t) => {
  const { person, exchange, entra, foresee } = await open(t, usualDatabaseKind, [])
  const answer = await exchange(await person(randomUUID()))
  assert.match(answer.message, /the issuer of the token is not trusted/)
  assert.equal(entra.requests.length, 0)
  assert.equal(await foresee(randomUUID(), 'user'), undefined)
})

test('a key that Entra publishes for one issuer is not accepted for another', async (t) => {
  const { admit, person, exchange, entra, time } = await open(t)
  const ada = await admit('user')
  entra.state.keys = []
  await entra.addKey('RS256', { issuer: issuersOf(otherTenantId)['1.0'].issuer })
  assert.equal((await exchange(await person(ada))).status, 401)
  entra.state.keys = []
  await entra.addKey('RS256', { issuer: issuersOf(tenantId)['1.0'].issuer })
  time.nowMs += 60_000
  assert.equal((await exchange(await person(ada))).status, 200)
})
