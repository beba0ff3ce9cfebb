import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { openTestIssuer } from '../../../testing/platform/test-issuer.ts'
import {
  type Claims,
  addCertificate,
  azAssertion,
  exchangeAudience,
  openTestApplication,
  workloadClaims,
  trust,
} from '../../../testing/identity/test-assertions.ts'

test('a workload token authenticates the application that trusts it, with every accepted algorithm', async (t) => {
  const opened = await openTestApplication(t)
  const { issuer, present, objectId } = opened
  await trust(opened)
  for (const alg of ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']) {
    await issuer.addKey(alg)
    opened.time.nowMs += 60_000
    const { status, token = '' } = await present(await issuer.sign(workloadClaims(opened)))
    assert.equal(status, 200, alg)
    assert.equal(decodeJwt(token)['oid'], objectId)
  }
  assert.equal((await present(await issuer.sign(workloadClaims(opened, { aud: exchangeAudience })))).status, 200)
})

test('fault 5: issuer, subject, audience and times of a workload token are verified, each with its own error', async (t) => {
  const opened = await openTestApplication(t)
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
    ['several audiences',           { aud: [exchangeAudience, 'other'] },                          700212],
    ['several, of which it is last', { aud: ['other', exchangeAudience] },                         700212],
    ['the same audience twice',     { aud: [exchangeAudience, exchangeAudience] },                 700212],
    ['a lifetime of years',         { exp: seconds + 10 * 365 * 86_400 },                          700024],
    ['a prefix of the audience',    { aud: 'api://AzureADTokenExchange/' },                        700212],
    ['another issuer',              { iss: `${issuer.issuer}/` },                                  700211],
    ['no issuer',                   { iss: undefined },                                            50027],
    ['no expiry',                      { exp: undefined },                                            700024],
    ['no iat',                      { iat: undefined },                                            700024],
    ['a future iat',                { iat: seconds + 400 },                                        700024],
    ['a future nbf',                { nbf: seconds + 400 },                                        700024],
    ['an nbf that is a string',    { nbf: 'x' },                             700024],
    ['a past expiry',               { exp: seconds - 3600 },                                       700024],
    ['an exp that is no instant',   { exp: 1e300 },                                                700024],
  ]
  for (const [why, change, code] of cases) {
    const answer = await present(await issuer.sign(workloadClaims(opened, change)))
    assert.deepEqual([answer.code, answer.token], [code, undefined], why)
  }
})

test('the response says whether a subject is trusted only if the signature is valid', async (t) => {
  const opened = await openTestApplication(t)
  const { present } = opened
  await trust(opened)
  const forger = await openTestIssuer()
  t.after(forger.close)
  for (const change of [{}, { sub: 'other' }, { aud: 'other' }, { exp: 1 }]) {
    const forged = await forger.sign(workloadClaims(opened, change), { kid: opened.issuer.state.keys[0]?.kid ?? '' })
    assert.equal((await present(forged)).code, 700027)
  }
  assert.equal(forger.requests.length, 0)
})

test('an issuer that no credential trusts is never contacted, nor is one that a header names', async (t) => {
  const opened = await openTestApplication(t)
  const { issuer, present } = opened
  const stranger = await openTestIssuer()
  t.after(stranger.close)
  assert.equal((await present(await stranger.sign(workloadClaims(opened, { iss: stranger.issuer })))).code, 700211)
  const [key] = stranger.state.keys
  await trust(opened)
  const headers = [
    { jku: `${stranger.origin}/keys` },
    { x5u: `${stranger.origin}/keys` },
    { jwk: key?.jwk },
    { x5c: ['AAAA'] },
  ]
  for (const header of headers) {
    const forged = await stranger.sign(workloadClaims(opened), { kid: issuer.state.keys[0]?.kid ?? '', ...header })
    assert.equal((await present(forged)).code, 700027)
  }
  // The trust of another application does not cause a request either.
  await trust(opened, (await opened.createApplication('other')).application, stranger)
  assert.equal((await present(await stranger.sign(workloadClaims(opened, { iss: stranger.issuer })))).code, 700211)
  assert.equal(stranger.requests.length, 0)
})

test('fault 15: a workload token is accepted until 30 seconds after its expiry', async (t) => {
  const opened = await openTestApplication(t)
  const { issuer, present, time } = opened
  await trust(opened)
  const exp = Math.floor(time.nowMs / 1000) + 300
  const token = await issuer.sign(workloadClaims(opened, { exp }))
  const at = async (ms: number) => {
    time.nowMs = ms
    return (await present(token)).code ?? 200
  }
  assert.equal(await at(exp * 1000 - 1000), 200)
  assert.equal(await at(exp * 1000), 200)
  assert.equal(await at(exp * 1000 + 29_999), 200)
  assert.equal(await at(exp * 1000 + 30_000), 700024)
})

test("an issuer's key rotation takes effect, and its outage is reported", async (t) => {
  const opened = await openTestApplication(t)
  const { issuer, present, time } = opened
  await trust(opened)
  const [first] = issuer.state.keys
  assert.equal((await present(await issuer.sign(workloadClaims(opened)))).status, 200)
  const second = await issuer.addKey()
  time.nowMs += 60_000
  assert.equal((await present(await issuer.sign(workloadClaims(opened), {}, second))).status, 200)
  issuer.state.keys = [second]
  time.nowMs += 10 * 60_000
  assert.equal((await present(await issuer.sign(workloadClaims(opened), {}, first))).code, 700027)
  issuer.state.isDown = true
  time.nowMs += 7 * 60 * 60_000
  const failed = await present(await issuer.sign(workloadClaims(opened), {}, second))
  assert.deepEqual([failed.code, failed.status, failed.error], [90061, 400, 'invalid_request'])
})

test('no token of this provider is a workload token, and no assertion is an access token', async (t) => {
  const opened = await openTestApplication(t)
  const { present, token, identity } = opened
  await trust(opened)
  assert.equal((await present(await token())).code, 700211)
  const made = await addCertificate(opened)
  const workloadToken = await opened.issuer.sign(workloadClaims(opened))
  for (const text of [await azAssertion(opened, made), workloadToken]) {
    assert.equal((await identity.verifyAccessToken(text, ['arm', 'acr', 'graph'])).ok, false)
  }
})
