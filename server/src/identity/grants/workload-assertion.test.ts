import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { openTestIssuer } from '../../platform/outbound/test-issuer.ts'
import {
  type Claims,
  addCertificate,
  azAssertion,
  exchangeAudience,
  openWithProgram,
  outsideClaims,
  trust,
} from '../test-assertions.ts'

test('a token of an outside issuer proves the application that trusts it, whatever algorithm of its kind signed it', async (t) => {
  const opened = await openWithProgram(t)
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
  const opened = await openWithProgram(t)
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
    ['ten years to live',           { exp: seconds + 10 * 365 * 86_400 },                          700024],
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
})

test('whether a subject is trusted is told only to who holds a token of the issuer', async (t) => {
  const opened = await openWithProgram(t)
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
  const opened = await openWithProgram(t)
  const { issuer, present } = opened
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
  await trust(opened, (await opened.createApplication('other')).application, stranger)
  assert.equal((await present(await stranger.sign(outsideClaims(opened, { iss: stranger.issuer })))).code, 700211)
  assert.equal(stranger.requests.length, 0)
})

test('fault 15: an outside token holds until its end and 30 seconds more', async (t) => {
  const opened = await openWithProgram(t)
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
  const opened = await openWithProgram(t)
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
  const opened = await openWithProgram(t)
  const { present, token, identity } = opened
  await trust(opened)
  assert.equal((await present(await token())).code, 700211)
  const made = await addCertificate(opened)
  const outside = await opened.issuer.sign(outsideClaims(opened))
  for (const text of [await azAssertion(opened, made), outside]) {
    assert.equal((await identity.verifyAccessToken(text, ['arm', 'acr', 'graph'])).ok, false)
  }
})
