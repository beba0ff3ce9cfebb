import assert from 'node:assert/strict'
import { X509Certificate, createHash, randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { type CryptoKey, SignJWT, decodeJwt } from 'jose'
import { selfSignedCertificate } from '../platform/tls/test-certificate.ts'
import { createOutbound } from '../platform/outbound/outbound.ts'
import type { DatabaseKind } from '../platform/sql/database.ts'
import { testDatabaseKinds } from '../platform/sql/test-database.ts'
import { type TestIssuer, openTestIssuer } from '../platform/outbound/test-issuer.ts'
import { openTestProvider, testOrigin, testTenantId } from './test-provider.ts'

/** Claims that need not be what a token should say. */
type Claims = Record<string, unknown>

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const dayMs = 24 * 60 * 60 * 1000
const exchangeAudience = 'api://AzureADTokenExchange'

async function open(t: TestContext, kind: DatabaseKind = 'sqlite') {
  const issuer = await openTestIssuer('/tenant')
  const outbound = createOutbound({
    allowPrivateAddresses: true,
    allowedNetworks: [],
    extraCa: issuer.ca,
    timeoutMs: 2000,
  })
  const provider = await openTestProvider(kind, { outbound })
  t.after(async () => {
    await provider.close()
    await issuer.close()
  })
  const graphToken = await provider.token({ scope: 'https://graph.microsoft.com/.default' })
  const graph = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${provider.base}/graph/v1.0${path}`, {
      method,
      headers: {
        authorization: `Bearer ${graphToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    assert.ok(response.ok, `${method} ${path} ${response.status} ${text}`)
    return (text === '' ? {} : JSON.parse(text)) as Record<string, string>
  }
  const application = await graph('POST', '/applications', { displayName: 'program' })
  const appId = application['appId'] ?? ''
  const principal = await graph('POST', '/servicePrincipals', { appId })
  const applicationPath = `/applications/${application['id']}`

  const audience = `${testOrigin}/${testTenantId}/oauth2/v2.0/token`
  const present = async (assertion: string, change: Record<string, string | undefined> = {}) => {
    const form = provider.form({
      client_id: appId,
      client_secret: undefined,
      client_assertion: assertion,
      client_assertion_type: jwtBearer,
      ...change,
    })
    const response = await provider.post(provider.tokenPath, form)
    const body = (await response.json()) as { access_token?: string; error?: string; error_codes?: number[] }
    return { status: response.status, token: body.access_token, error: body.error, code: body.error_codes?.[0] }
  }
  return { ...provider, issuer, graph, appId, applicationPath, objectId: principal['id'] ?? '', audience, present }
}

type Opened = Awaited<ReturnType<typeof open>>

async function addCertificate({ graph, applicationPath, time }: Opened, days = 30, others: readonly object[] = []) {
  const made = await selfSignedCertificate(new Date(time.nowMs - dayMs), new Date(time.nowMs + days * dayMs))
  const keyCredential = { keyId: randomUUID(), type: 'AsymmetricX509Cert', usage: 'Verify', key: made.wrapped }
  await graph('PATCH', applicationPath, { keyCredentials: [...others, keyCredential] })
  return { ...made, keyCredential }
}

const sha1Of = (der: Uint8Array) => createHash('sha1').update(der).digest('base64url')
const sha256Of = (der: Uint8Array) => createHash('sha256').update(der).digest('base64url')

async function signWith(privateKey: CryptoKey, header: Record<string, unknown>, claims: Claims): Promise<string> {
  const { alg = 'RS256', ...rest } = header
  // A key of Web Crypto is for one algorithm, and the same numbers are wanted for two.
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', privateKey)
  const name = String(alg).startsWith('PS') ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5'
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, { name, hash: 'SHA-256' }, false, ['sign'])
  return new SignJWT(claims).setProtectedHeader({ alg: String(alg), typ: 'JWT', ...rest }).sign(key)
}

/** An assertion as MSAL for Python makes it: padded `x5t`, times with fractions, no `nbf`. */
function azAssertion(
  opened: Opened,
  made: Awaited<ReturnType<typeof addCertificate>>,
  claims: Claims = {},
  header: Record<string, unknown> = {},
) {
  const nowSeconds = opened.time.nowMs / 1000 + 0.0970092
  return signWith(
    made.privateKey,
    { x5t: `${sha1Of(made.der)}=`, ...header },
    {
      aud: opened.audience,
      iss: opened.appId,
      sub: opened.appId,
      exp: nowSeconds + 600,
      iat: nowSeconds,
      jti: 'an id',
      ...claims,
    },
  )
}

for (const kind of testDatabaseKinds) {
  test(`a certificate proves an application as az and as MSAL for Node sign, and again while the assertion lives (${kind})`, async (t) => {
    const opened = await open(t, kind)
    const made = await addCertificate(opened)
    const az = await azAssertion(opened, made)
    for (const _again of [1, 2]) {
      const { status, token } = await opened.present(az)
      assert.equal(status, 200)
      assert.equal(decodeJwt(token ?? '')['oid'], opened.objectId)
    }
    const withChain = await azAssertion(opened, made, {}, { x5c: [made.wrapped] })
    assert.equal((await opened.present(withChain)).status, 200)
    const seconds = Math.floor(opened.time.nowMs / 1000)
    const node = await signWith(
      made.privateKey,
      { alg: 'PS256', 'x5t#S256': sha256Of(made.der) },
      {
        aud: opened.audience,
        iss: opened.appId,
        sub: opened.appId,
        iat: seconds,
        nbf: seconds,
        exp: seconds + 600,
        jti: 'x',
      },
    )
    assert.equal((await opened.present(node)).status, 200)
    assert.equal((await opened.present(node, { client_id: undefined })).status, 200)
    const byDomain = await azAssertion(opened, made, { aud: `${testOrigin}/contoso.example/oauth2/v2.0/token` })
    assert.equal((await opened.present(byDomain)).status, 200)
  })

  test(`secrets, certificates and federated credentials of one application hold side by side, and end one by one (${kind})`, async (t) => {
    const opened = await open(t, kind)
    const { graph, applicationPath, present, issuer, time, identity } = opened
    const first = await addCertificate(opened)
    const second = await addCertificate(opened, 60, [first.keyCredential])
    const secret = await graph('POST', `${applicationPath}/addPassword`, {})
    await trust(opened)
    const federated = await issuer.sign(outsideClaims(opened))
    const proofs = {
      first: { client_assertion: await azAssertion(opened, first) },
      second: { client_assertion: await azAssertion(opened, second) },
      secret: { client_assertion: undefined, client_assertion_type: undefined, client_secret: secret['secretText'] },
      federated: { client_assertion: federated },
    }
    const tokens: Record<string, string> = {}
    for (const [name, change] of Object.entries(proofs)) {
      const { status, token = '' } = await present('', change)
      assert.equal(status, 200, name)
      tokens[name] = token
    }
    const holds = async (name: string) => (await identity.verifyAccessToken(tokens[name] ?? '', ['arm'])).ok
    const standing = async () => Promise.all(Object.keys(proofs).map(holds))
    assert.deepEqual(await standing(), [true, true, true, true])
    await graph('PATCH', applicationPath, { keyCredentials: [second.keyCredential] })
    assert.deepEqual(await standing(), [false, true, true, true])
    await graph('DELETE', `${applicationPath}/federatedIdentityCredentials/outside`)
    assert.deepEqual(await standing(), [false, true, true, false])
    assert.equal((await present('', proofs.first)).code, 700027)
    assert.equal((await present('', proofs.federated)).code, 700211)
    time.nowMs += 1000
    assert.equal((await present('', proofs.second)).status, 200)
  })
}

test('an assertion is refused with the number of what is wrong with it, and no token comes of it', async (t) => {
  const opened = await open(t)
  const made = await addCertificate(opened)
  const stranger = await selfSignedCertificate(new Date(opened.time.nowMs - dayMs), new Date(opened.time.nowMs + dayMs))
  const other = await opened.createClient('other')
  const az = (claims: Claims = {}, header: Record<string, unknown> = {}) => azAssertion(opened, made, claims, header)
  const good = await az()
  const [header = '', payload = '', signature = ''] = good.split('.')
  const changed = Buffer.from(JSON.stringify({ ...decodeJwt(good), extra: 1 })).toString('base64url')
  // prettier-ignore
  const cases: readonly (readonly [why: string, assertion: string, change: Record<string, string | undefined>, code: number])[] = [
    ['another endpoint',           await az({ aud: `${testOrigin}/${testTenantId}/oauth2/token` }),   {}, 700023],
    ['another server',             await az({ aud: `https://other.example/${testTenantId}/oauth2/v2.0/token` }), {}, 700023],
    ['two audiences',              await az({ aud: [opened.audience, 'x'] }),                         {}, 700023],
    ['no audience',                await az({ aud: undefined }),                                      {}, 700023],
    ['about somebody else',        await az({ sub: other.servicePrincipal.appId }),                   {}, 700021],
    ['about nobody',               await az({ sub: undefined }),                                      {}, 700021],
    ['for another client',         good, { client_id: other.servicePrincipal.appId },                     700211],
    ['an unknown client',          good, { client_id: testTenantId },                                     700016],
    ['no end',                     await az({ exp: undefined }),                                      {}, 700024],
    ['an end that is text',        await az({ exp: '9' }),                       {}, 700024],
    ['a life of a day',            await az({ exp: opened.time.nowMs / 1000 + 86_400 }),              {}, 700024],
    ['a beginning to come',        await az({ nbf: opened.time.nowMs / 1000 + 400 }),                 {}, 700024],
    ['no thumbprint',              await az({}, { x5t: undefined }),                                  {}, 700027],
    ['another thumbprint',         await az({}, { x5t: sha1Of(stranger.der) }),                       {}, 700027],
    ['another key',                await signWith(stranger.privateKey, { x5t: sha1Of(made.der) }, decodeJwt(good)), {}, 700027],
    ['its own certificate',        await signWith(stranger.privateKey, { x5t: sha1Of(made.der), x5c: [stranger.der.toString('base64')] }, decodeJwt(good)), {}, 700027],
    ['changed claims',             `${header}.${changed}.${signature}`,                               {}, 700027],
    ['no signature',               `${header}.${payload}.`,                                           {}, 50027],
    ['padding',                    `${header}.${payload}.${signature}=`,                              {}, 50027],
    ['a secret as well',           good, { client_secret: opened.client.secret },                         9002313],
    ['no type',                    good, { client_assertion_type: undefined },                            900144],
    ['another type',               good, { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' }, 9002313],
    ['a type and no assertion',    good, { client_assertion: undefined },                                 900144],
    ['rubbish',                    'x', {},                                                               50027],
  ]
  for (const [why, assertion, change, code] of cases) {
    const answer = await opened.present(assertion, change)
    assert.deepEqual([answer.code, answer.token], [code, undefined], why)
    assert.ok(answer.status === 400 || answer.status === 401, why)
  }
})

test('fault 15: an assertion holds until its end and 30 seconds more, and 10 minutes at most', async (t) => {
  const opened = await open(t)
  const { time, present } = opened
  const made = await addCertificate(opened)
  const startMs = time.nowMs
  const exp = startMs / 1000 + 600
  const assertion = await azAssertion(opened, made, { exp, iat: startMs / 1000 })
  const at = async (ms: number) => {
    time.nowMs = ms
    return (await present(assertion)).code ?? 200
  }
  assert.equal(await at(exp * 1000 - 1000), 200)
  assert.equal(await at(exp * 1000), 200)
  assert.equal(await at(exp * 1000 + 29_999), 200)
  assert.equal(await at(exp * 1000 + 30_000), 700024)
  // A client whose clock is five minutes ahead of ours is let in, one that is more ahead is not.
  assert.equal(await at(startMs - 300_000), 200)
  assert.equal(await at(startMs - 300_001), 700024)
})

test('fault 15: a certificate proves nobody before its time and from its end on, and a token ends with it', async (t) => {
  const opened = await open(t)
  const { time, present, identity } = opened
  const made = await addCertificate(opened, 1)
  const certificate = new X509Certificate(made.der)
  const endMs = certificate.validToDate.getTime()
  time.nowMs = endMs - 1000
  const { token = '' } = await present(await azAssertion(opened, made))
  assert.equal((decodeJwt(token).exp ?? 0) * 1000, endMs)
  assert.equal((await identity.verifyAccessToken(token, ['arm'])).ok, true)
  time.nowMs = endMs
  assert.equal((await present(await azAssertion(opened, made))).code, 700027)
  assert.deepEqual(await identity.verifyAccessToken(token, ['arm']), { ok: false, reason: 'credential' })
  time.nowMs = certificate.validFromDate.getTime() - 1
  assert.equal((await present(await azAssertion(opened, made))).code, 700027)
})

const outsideClaims = ({ issuer, time }: Opened, change: Claims = {}): Claims => ({
  iss: issuer.issuer,
  sub: 'system:serviceaccount:team:builder',
  aud: [exchangeAudience],
  iat: Math.floor(time.nowMs / 1000),
  nbf: Math.floor(time.nowMs / 1000),
  exp: Math.floor(time.nowMs / 1000) + 3600,
  ...change,
})

async function trust({ graph, applicationPath, issuer }: Opened, change: Record<string, unknown> = {}) {
  await graph('POST', `${applicationPath}/federatedIdentityCredentials`, {
    name: 'outside',
    issuer: issuer.issuer,
    subject: 'system:serviceaccount:team:builder',
    audiences: [exchangeAudience],
    ...change,
  })
}

test('a token of an outside issuer proves the application that trusts it, whatever algorithm of its kind signed it', async (t) => {
  const opened = await open(t)
  const { issuer, present, objectId } = opened
  await trust(opened)
  for (const alg of ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']) {
    await issuer.addKey(alg)
    opened.time.nowMs += 30_000
    const { status, token = '' } = await present(await issuer.sign(outsideClaims(opened)))
    assert.equal(status, 200, alg)
    assert.equal(decodeJwt(token)['oid'], objectId)
  }
  assert.equal((await present(await issuer.sign(outsideClaims(opened, { aud: exchangeAudience })))).status, 200)
})

test('fault 5: issuer, subject, audience and times of an outside token are all held to, and told precisely', async (t) => {
  const opened = await open(t)
  const { issuer, present, time } = opened
  await trust(opened)
  const seconds = Math.floor(time.nowMs / 1000)
  // prettier-ignore
  const cases: readonly (readonly [why: string, change: Claims, code: number])[] = [
    ['another subject',             { sub: 'system:serviceaccount:team:builder2' },                700213],
    ['another case',                { sub: 'System:serviceaccount:team:builder' },                 700213],
    ['no subject',                  { sub: undefined },                                            50027],
    ['an empty subject',            { sub: '' },                                                   700213],
    ['another audience',            { aud: 'other' },                                              700212],
    ['no audience',                 { aud: undefined },                                            700212],
    ['an empty list of audiences',  { aud: [] },                                                   700212],
    ['an audience that is a number', { aud: [7] },                          700212],
    ['a prefix of the audience',    { aud: 'api://AzureADTokenExchange/' },                        700212],
    ['another issuer',              { iss: `${issuer.issuer}/` },                                  700211],
    ['no issuer',                   { iss: undefined },                                            50027],
    ['no end',                      { exp: undefined },                                            700024],
    ['no issue',                    { iat: undefined },                                            700024],
    ['an issue to come',            { iat: seconds + 400 },                                        700024],
    ['a beginning to come',         { nbf: seconds + 400 },                                        700024],
    ['a beginning that is text',    { nbf: 'x' },                             700024],
    ['an end long ago',             { exp: seconds - 3600 },                                       700024],
    ['an end that is no instant',   { exp: 1e300 },                                                700024],
  ]
  for (const [why, change, code] of cases) {
    const answer = await present(await issuer.sign(outsideClaims(opened, change)))
    assert.deepEqual([answer.code, answer.token], [code, undefined], why)
  }
  const withSeveral = await issuer.sign(outsideClaims(opened, { aud: ['other', exchangeAudience, exchangeAudience] }))
  assert.equal((await present(withSeveral)).status, 200)
})

test('whether a subject is trusted is told only to who holds a token of the issuer', async (t) => {
  const opened = await open(t)
  const { present } = opened
  await trust(opened)
  const forger = await openTestIssuer()
  t.after(forger.close)
  for (const change of [{}, { sub: 'other' }, { aud: 'other' }, { exp: 1 }]) {
    const forged = await forger.sign(outsideClaims(opened, change), { kid: opened.issuer.state.keys[0]?.kid ?? '' })
    assert.equal((await present(forged)).code, 700027)
  }
  assert.equal(forger.requests.length, 0)
})

test('an issuer that nobody trusts is never asked for anything, nor is one that a header names', async (t) => {
  const opened = await open(t)
  const { issuer, present, graph } = opened
  const stranger = await openTestIssuer()
  t.after(stranger.close)
  assert.equal((await present(await stranger.sign(outsideClaims(opened, { iss: stranger.issuer })))).code, 700211)
  const [key] = stranger.state.keys
  await trust(opened)
  const headers = [
    { jku: `${stranger.origin}/keys` },
    { x5u: `${stranger.origin}/keys` },
    { jwk: key?.jwk },
    { x5c: ['AAAA'] },
  ]
  for (const header of headers) {
    const forged = await stranger.sign(outsideClaims(opened), { kid: issuer.state.keys[0]?.kid ?? '', ...header })
    assert.equal((await present(forged)).code, 700027)
  }
  // That another application trusts an issuer is no reason to ask it for this one.
  const other = await graph('POST', '/applications', { displayName: 'other' })
  await graph('POST', `/applications/${other['id']}/federatedIdentityCredentials`, {
    name: 'stranger',
    issuer: stranger.issuer,
    subject: 'x',
    audiences: ['x'],
  })
  assert.equal((await present(await stranger.sign(outsideClaims(opened, { iss: stranger.issuer })))).code, 700211)
  assert.equal(stranger.requests.length, 0)
})

test('fault 15: an outside token holds until its end and 30 seconds more', async (t) => {
  const opened = await open(t)
  const { issuer, present, time } = opened
  await trust(opened)
  const exp = Math.floor(time.nowMs / 1000) + 300
  const token = await issuer.sign(outsideClaims(opened, { exp }))
  const at = async (ms: number) => {
    time.nowMs = ms
    return (await present(token)).code ?? 200
  }
  assert.equal(await at(exp * 1000 - 1000), 200)
  assert.equal(await at(exp * 1000), 200)
  assert.equal(await at(exp * 1000 + 29_999), 200)
  assert.equal(await at(exp * 1000 + 30_000), 700024)
})

test('the rotation of an issuer is followed, and its failure is told', async (t) => {
  const opened = await open(t)
  const { issuer, present, time } = opened
  await trust(opened)
  const [first] = issuer.state.keys
  assert.equal((await present(await issuer.sign(outsideClaims(opened)))).status, 200)
  const second = await issuer.addKey()
  time.nowMs += 30_000
  assert.equal((await present(await issuer.sign(outsideClaims(opened), {}, second))).status, 200)
  issuer.state.keys = [second]
  time.nowMs += 10 * 60_000
  assert.equal((await present(await issuer.sign(outsideClaims(opened), {}, first))).code, 700027)
  issuer.state.isDown = true
  time.nowMs += 7 * 60 * 60_000
  const failed = await present(await issuer.sign(outsideClaims(opened), {}, second))
  assert.deepEqual([failed.code, failed.status, failed.error], [90061, 400, 'invalid_request'])
})

test('no token of our own is an outside one, and no assertion is a token', async (t) => {
  const opened = await open(t)
  const { present, token, identity } = opened
  await trust(opened)
  assert.equal((await present(await token())).code, 700211)
  const made = await addCertificate(opened)
  const outside = await signOutside(opened.issuer, opened)
  for (const text of [await azAssertion(opened, made), outside]) {
    assert.equal((await identity.verifyAccessToken(text, ['arm', 'acr', 'graph'])).ok, false)
  }
})

const signOutside = (issuer: TestIssuer, opened: Opened) => issuer.sign(outsideClaims(opened))
