import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { selfSignedCertificate } from '../../../testing/platform/test-certificate.ts'
import {
  type Claims,
  addCertificate,
  azAssertion,
  dayMs,
  openTestApplication,
  workloadClaims,
  sha1Of,
  sha256Of,
  signWith,
  trust,
} from '../../../testing/identity/test-assertions.ts'
import { presentedIn, testOrigin, testTenantId } from '../../../testing/identity/test-provider.ts'

for (const kind of usualDatabaseKinds) {
  test(`an application authenticates with a certificate as az and MSAL for Node sign, repeatedly until the assertion expires (${kind})`, async (t) => {
    const opened = await openTestApplication(t, kind)
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

  test(`secrets, certificates and federated credentials of one application are valid together and revoked separately (${kind})`, async (t) => {
    const opened = await openTestApplication(t, kind)
    const { change, application, secret, present, issuer, time, identity } = opened
    const first = await addCertificate(opened)
    const second = await addCertificate(opened, 60, [first.keyCredential])
    await trust(opened)
    const federated = await issuer.sign(workloadClaims(opened))
    const credentials = {
      first: { client_assertion: await azAssertion(opened, first) },
      second: { client_assertion: await azAssertion(opened, second) },
      secret: { client_assertion: undefined, client_assertion_type: undefined, client_secret: secret },
      federated: { client_assertion: federated },
    }
    const tokens: Record<string, string> = {}
    for (const [name, change] of Object.entries(credentials)) {
      const { status, token = '' } = await present('', change)
      assert.equal(status, 200, name)
      tokens[name] = token
    }
    const isValid = async (name: string) => (await identity.verifyAccessToken(tokens[name] ?? '', ['arm'])).ok
    const areValid = async () => Promise.all(Object.keys(credentials).map(isValid))
    assert.deepEqual(await areValid(), [true, true, true, true])
    const keyCredentials = [second.keyCredential]
    await change((transaction, modules) =>
      modules.replaceCertificates(transaction, 'applications', application.objectId, keyCredentials),
    )
    assert.deepEqual(await areValid(), [false, true, true, true])
    await change((transaction, { federatedCredentials }) =>
      federatedCredentials.remove(transaction, application.objectId, 'external'),
    )
    assert.deepEqual(await areValid(), [false, true, true, false])
    assert.equal((await present('', credentials.first)).code, 700027)
    assert.equal((await present('', credentials.federated)).code, 700211)
    time.nowMs += 1000
    assert.equal((await present('', credentials.second)).status, 200)
  })
}

test('an invalid assertion is denied with the number of its error', async (t) => {
  const opened = await openTestApplication(t)
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

test('fault 15: an assertion is accepted until 30 seconds after its expiry, with a maximum lifetime of 10 minutes', async (t) => {
  const opened = await openTestApplication(t)
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
  // A client's clock may be five minutes ahead, and no more.
  assert.equal(await at(startMs - 300_000), 200)
  assert.equal(await at(startMs - 300_001), 700024)
})

test('fault 15: a certificate is accepted only during its validity, and its tokens expire with it', async (t) => {
  const opened = await openTestApplication(t)
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
  const { oid, acrux_cred: credentialId } = decodeJwt(token)
  const owner = { kind: 'service-principal', objectId: oid, credentialId }
  const rejected = await identity.verifyAccessToken(token, ['arm'])
  assert.deepEqual(rejected, { ok: false, reason: 'credential', owner, presented: presentedIn(token) })
  time.nowMs = certificate.validFromDate.getTime() - 1
  assert.equal((await present(await azAssertion(opened, made))).code, 700027)
})
