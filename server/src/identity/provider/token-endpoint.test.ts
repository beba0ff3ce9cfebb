import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { usualDatabaseKind, usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { armScope, openTestProvider, testOrigin, testTenantId } from '../../../testing/identity/test-provider.ts'
import { leastMilliseconds } from '../../../testing/platform/test-patience.ts'

type Rejection = {
  error: string
  error_codes: number[]
  error_description: string
  trace_id: string
  correlation_id: string
}

test('the secret of an application is in use also if its users sign in', async (t) => {
  const provider = await openTestProvider(usualDatabaseKind)
  t.after(provider.close)
  const lastUses = async () => {
    await provider.credentialUses.flush(true)
    return provider.credentialUses.lastUses('service-principal', [provider.client.servicePrincipal.objectId])
  }
  const code = { grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://app.example.com/' }
  const wrong = provider.form({ ...code, client_secret: 'wrong' })
  assert.equal((await provider.post(provider.tokenPath, wrong)).status, 401)
  assert.equal((await lastUses()).size, 0)
  assert.equal((await provider.post(provider.tokenPath, provider.form(code))).status, 400)
  assert.deepEqual([...(await lastUses()).values()], [provider.time.nowMs])
})

for (const kind of usualDatabaseKinds) {
  test(`client_credentials issues a token with Entra's claims (${kind}) [az-cli-wire 3.1]`, async (t) => {
    const provider = await openTestProvider(kind)
    t.after(provider.close)
    const claims = '{"access_token": {"xms_cc": {"values": ["CP1"]}}}'
    const response = await provider.post(provider.tokenPath, provider.form({ client_info: '1', claims }), {
      'client-request-id': testTenantId,
      'x-client-sku': 'MSAL.Python',
    })
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('cache-control'), 'no-store')
    const { access_token, ...rest } = (await response.json()) as { access_token: string }
    assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599 })
    const { uti, acrux_cred, acrux_cred_kind, acrux_cred_exp, ...payload } = decodeJwt(access_token)
    const { appId, objectId } = provider.client.servicePrincipal
    const now = provider.time.nowMs / 1000
    assert.deepEqual(payload, {
      aud: 'https://management.core.windows.net/',
      iss: `${testOrigin}/${testTenantId}/v2.0`,
      iat: now,
      nbf: now,
      exp: now + 3600,
      appid: appId,
      appidacr: '1',
      azp: appId,
      azpacr: '1',
      idp: `${testOrigin}/${testTenantId}/`,
      idtyp: 'app',
      oid: objectId,
      sub: objectId,
      tid: testTenantId,
      ver: '2.0',
    })
    assert.match(String(uti), /^[A-Za-z0-9_-]{22}$/)
    assert.equal(acrux_cred_kind, 'client-secret')
    assert.equal(acrux_cred_exp, now + 365 * 24 * 3600)
    assert.equal(
      await provider.credentials.credentialStands(objectId, { kind: 'client-secret', id: String(acrux_cred) }),
      true,
    )
    const { kid, ...header } = decodeProtectedHeader(access_token)
    assert.deepEqual(header, { alg: 'RS256', typ: 'at+jwt' })
    assert.equal(typeof kid, 'string')
  })
}

test('version 1 accepts a resource and returns numbers as strings', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  const body = provider.form({ scope: undefined, resource: 'https://management.azure.com/' })
  const response = await provider.post('/contoso.example/oauth2/token', body)
  assert.equal(response.status, 200)
  const { access_token, ...rest } = (await response.json()) as { access_token: string }
  const now = provider.time.nowMs / 1000
  assert.deepEqual(rest, {
    token_type: 'Bearer',
    expires_in: '3599',
    ext_expires_in: '3599',
    expires_on: String(now + 3600),
    not_before: String(now),
    resource: 'https://management.azure.com/',
  })
  const { aud, iss, ver } = decodeJwt(access_token)
  assert.deepEqual(
    { aud, iss, ver },
    { aud: 'https://management.azure.com/', iss: `${testOrigin}/${testTenantId}/`, ver: '1.0' },
  )
})

test('a client authenticates with Basic and form-encoded parts [RFC 6749 §2.3.1]', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  const { servicePrincipal, secret } = provider.client
  const basic = (id: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}`,
  })
  const body = provider.form({ client_id: undefined, client_secret: undefined })
  const encoded = secret.replaceAll('~', '%7E')
  for (const password of [secret, encoded]) {
    const response = await provider.post(provider.tokenPath, body, basic(servicePrincipal.appId, password))
    assert.equal(response.status, 200)
  }
  const wrong = await provider.post(provider.tokenPath, body, basic(servicePrincipal.appId, 'x'))
  assert.equal(wrong.status, 401)
  assert.match(wrong.headers.get('www-authenticate') ?? '', /^Basic realm=/)
  const twice = await provider.post(provider.tokenPath, provider.form(), basic(servicePrincipal.appId, secret))
  assert.equal(twice.status, 400)
  const another = provider.form({ client_id: testTenantId, client_secret: undefined })
  assert.equal((await provider.post(provider.tokenPath, another, basic(servicePrincipal.appId, secret))).status, 400)
  assert.equal((await provider.post(provider.tokenPath, body, { authorization: 'Bearer x' })).status, 400)
  assert.equal((await provider.post(provider.tokenPath, body, basic('%', 'x'))).status, 400)
})

// prettier-ignore
const rejections = [
  { change: { client_secret: 'wrong' },                          status: 401, error: 'invalid_client',         code: 7000215, why: 'a wrong secret' },
  { change: { client_secret: undefined },                        status: 401, error: 'invalid_client',         code: 7000216, why: 'no secret' },
  { change: { client_secret: undefined, client_assertion: 'x' }, status: 400, error: 'invalid_request',        code: 900144,  why: 'an assertion without a type' },
  { change: { client_id: testTenantId },                         status: 400, error: 'unauthorized_client',    code: 700016,  why: 'an unknown application' },
  { change: { client_id: 'owner\u0000\u001b[2J' },               status: 400, error: 'unauthorized_client',    code: 700016,  why: 'an id with control characters' },
  { change: { client_id: undefined },                            status: 400, error: 'invalid_request',        code: 900144,  why: 'no client' },
  { change: { grant_type: undefined },                           status: 400, error: 'invalid_request',        code: 900144,  why: 'no grant type' },
  { change: { grant_type: 'password', username: 'a', password: 'b' }, status: 400, error: 'unsupported_grant_type', code: 70003, why: 'a grant that is off' },
  { change: { scope: undefined },                                status: 400, error: 'invalid_request',        code: 90014,   why: 'no scope' },
  { change: { scope: 'openid' },                                 status: 400, error: 'invalid_request',        code: 90014,   why: 'only OpenID' },
  { change: { scope: `${armScope} https://graph.microsoft.com/.default` }, status: 400, error: 'invalid_scope', code: 70011,  why: 'two resources' },
  { change: { scope: 'https://graph.microsoft.com/User.Read' },  status: 400, error: 'invalid_scope',          code: 1002012, why: 'a delegated scope' },
  { change: { scope: 'https://vault.azure.net/.default' },       status: 400, error: 'invalid_resource',       code: 500011,  why: 'an unknown resource' },
  { change: { resource: 'https://management.azure.com/' },       status: 400, error: 'invalid_request',        code: 901002,  why: 'a resource in version 2' },
] as const

test('each denial has its AADSTS number and no token', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  for (const { change, status, error, code, why } of rejections) {
    const response = await provider.post(provider.tokenPath, provider.form(change), {
      'client-request-id': testTenantId,
    })
    const text = await response.text()
    assert.equal(response.status, status, why)
    assert.equal(response.headers.get('cache-control'), 'no-store')
    const body = JSON.parse(text) as Rejection
    assert.deepEqual([body.error, body.error_codes], [error, [code]], why)
    assert.ok(body.error_description.startsWith(`AADSTS${code}: `), why)
    assert.equal(body.correlation_id, testTenantId)
    assert.equal(body.trace_id, response.headers.get('x-ms-correlation-request-id'))
    assert.doesNotMatch(body.error_description.replaceAll('\r\n', ''), /[^ -~]/, why)
    assert.ok(!text.includes('access_token'), why)
  }
})

test('an application is denied if its secret is expired, or if it is disabled or deleted', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  const code = async () =>
    ((await (await provider.post(provider.tokenPath, provider.form())).json()) as Rejection).error_codes?.[0]
  const { objectId } = provider.client.servicePrincipal
  // The last owner cannot be disabled.
  await provider.createClient('second', 'owner')
  provider.time.nowMs += 365 * 24 * 3600_000 - 1
  assert.equal(await code(), undefined)
  provider.time.nowMs += 1
  assert.equal(await code(), 7000222)
  provider.time.nowMs -= 365 * 24 * 3600_000
  await provider.change((transaction, { applications }) =>
    applications.updateServicePrincipal(transaction, objectId, { enabled: false }),
  )
  assert.equal(await code(), 7000112)
  await provider.change((transaction, { applications }) => applications.deleteServicePrincipal(transaction, objectId))
  assert.equal(await code(), 700016)
})

test('a token does not outlive the secret that it was issued for', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  provider.time.nowMs += 365 * 24 * 3600_000 - 60_000
  const response = await provider.post(provider.tokenPath, provider.form())
  const body = (await response.json()) as { access_token: string; expires_in: number }
  assert.equal(body.expires_in, 59)
  const { exp, iat } = decodeJwt(body.access_token)
  assert.equal((exp ?? 0) - (iat ?? 0), 60)
})

test('a duplicate parameter, or a parameter in the URL, is denied whatever its value', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  const { secret } = provider.client
  for (const [name, value] of [
    ['grant_type', 'client_credentials'],
    ['scope', armScope],
    ['client_secret', secret],
    ['anything', 'x'],
  ] as const) {
    const pair = `${name}=${encodeURIComponent(value)}`
    const doubled = await provider.post(provider.tokenPath, `${provider.form()}&${pair}&${pair}`)
    assert.equal(doubled.status, 400, name)
    assert.deepEqual(((await doubled.json()) as Rejection).error_codes, [9000411])
  }
  for (const query of [`client_secret=${encodeURIComponent(secret)}`, 'scope=x', 'grant_type=client_credentials']) {
    assert.equal((await provider.post(`${provider.tokenPath}?${query}`, provider.form())).status, 400, query)
  }
})

test('a body that is not a form causes neither a token nor a 5xx, whatever its content type', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  const form = provider.form()
  const json = JSON.stringify(Object.fromEntries(new URLSearchParams(form)))
  // prettier-ignore
  const table = [
    { type: 'application/json', body: json },
    { type: 'application/json; charset=utf-8', body: form },
    { type: 'text/plain', body: form },
    { type: 'multipart/form-data; boundary=x', body: form },
    { type: '', body: form },
    { type: 'application/x-www-form-urlencoded', body: '' },
    { type: 'application/x-www-form-urlencoded', body: '%' },
    { type: 'application/x-www-form-urlencoded', body: 'a=%ff' },
    { type: 'application/x-www-form-urlencoded', body: 'a&'.repeat(1000) },
    { type: 'application/x-www-form-urlencoded', body: 'x'.repeat(2_000_000) },
    { type: 'application/x-www-form-urlencoded', body: '__proto__=1&constructor=2' },
  ]
  for (const { type, body } of table) {
    const response = await provider.post(provider.tokenPath, body, { 'content-type': type })
    assert.ok(response.status >= 400 && response.status < 500, `${type} ${body.slice(0, 20)}: ${response.status}`)
    assert.equal(typeof ((await response.json()) as Rejection).error, 'string')
  }
  const spaced = await provider.post(provider.tokenPath, form, {
    'content-type': 'Application/X-WWW-Form-Urlencoded ; charset=UTF-8',
  })
  assert.equal(spaced.status, 200)
})

test('an application cannot sign in to "common" and "organizations"', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  for (const tenant of ['common', 'organizations']) {
    const response = await provider.post(`/${tenant}/oauth2/v2.0/token`, provider.form())
    assert.deepEqual([response.status, ((await response.json()) as Rejection).error_codes], [400, [50059]])
  }
  const get = await provider.get(provider.tokenPath)
  assert.deepEqual([get.status, get.headers.get('allow')], [405, 'POST'])
})

test('an unknown application and a wrong secret take the same time', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  const { appId } = provider.client.servicePrincipal
  const check = (clientId: string) => provider.credentials.checkClientSecret(clientId, `ac~${crypto.randomUUID()}`)
  const works = { known: () => check(appId), unknown: () => check(crypto.randomUUID()) }
  await leastMilliseconds(400, works)
  const { known, unknown } = await leastMilliseconds(400, works)
  assert.ok(Math.abs(known - unknown) < 0.1, `${known} ms and ${unknown} ms`)
})

test('every token and every denial is audited; neither the audit log nor the log contains secrets or tokens', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  const token = await provider.token()
  await provider.post(provider.tokenPath, provider.form({ client_secret: `${provider.client.secret}x` }))
  await provider.post(`${provider.tokenPath}?client_secret=${provider.client.secret}`, provider.form())
  const rows = await provider.database
    .tables<{ audit_event: Record<string, string | number | null> }>()
    .selectFrom('audit_event')
    .selectAll()
    .execute()
  const told = rows.map((row) => [row['action'], row['outcome'], row['actor_kind'], row['actor_id'], row['reason']])
  const { appId, objectId } = provider.client.servicePrincipal
  assert.deepEqual(told, [
    ['identity-token.issue', 'success', 'service-principal', objectId, null],
    ['identity-token.issue', 'refused', 'claimed', appId, 'AADSTS7000215'],
    ['identity-token.issue', 'refused', 'claimed', '', 'AADSTS900144'],
  ])
  const everything = JSON.stringify(rows) + provider.logLines.join('')
  assert.ok(provider.logLines.length >= 3)
  for (const secret of [provider.client.secret, token, token.split('.')[2] ?? '']) {
    assert.ok(!everything.includes(secret))
  }
})

test('a client in a loop of denials is throttled and no longer audited, and its correct secret still works', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  const body = provider.form({ client_secret: 'x' })
  const statuses: number[] = []
  for (let round = 0; round < 65; round += 1) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => provider.post(provider.tokenPath, body)))
    statuses.push(...answers.map(({ status }) => status))
  }
  assert.equal(statuses.filter((status) => status === 401).length, 600)
  assert.equal(statuses.filter((status) => status === 429).length, 50)
  const rejected = await provider.post(provider.tokenPath, body)
  assert.equal(rejected.headers.get('retry-after'), '5')
  assert.equal((await provider.post(provider.tokenPath, provider.form())).status, 200)
  provider.time.nowMs += 1000
  assert.equal((await provider.post(provider.tokenPath, body)).status, 401)
})

test('a client in a loop of denials cannot avoid the limit with invented names', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  let last = 0
  for (let round = 0; round < 61; round += 1) {
    const bodies = Array.from({ length: 10 }, () => provider.form({ client_id: randomUUID(), client_secret: 'x' }))
    const answers = await Promise.all(bodies.map((body) => provider.post(provider.tokenPath, body)))
    last = answers.at(-1)?.status ?? 0
  }
  assert.equal(last, 429)
})
