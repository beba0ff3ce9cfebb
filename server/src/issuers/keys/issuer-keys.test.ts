import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createOutbound } from '../../platform/outbound/outbound.ts'
import { OutboundError } from '../../platform/outbound/outbound-error.ts'
import { IssuerUnavailableError, createIssuerKeys } from './issuer-keys.ts'
import { openTestIssuer } from '../../../testing/platform/test-issuer.ts'

const minuteMs = 60_000

async function open(t: TestContext, path?: string) {
  const issuer = await openTestIssuer(path)
  t.after(issuer.close)
  const time = { nowMs: Date.parse('2026-03-01T12:00:00Z') }
  const outbound = createOutbound({ allowPrivateAddresses: true, allowedNetworks: [], extraCa: issuer.ca })
  const keys = createIssuerKeys({ outbound, clock: { now: () => time.nowMs } })
  const find = async (kid: string | undefined, alg = 'RS256') => keys.find({ issuer: issuer.issuer }, { kid, alg })
  const kidOf = (index: number) => issuer.state.keys[index]?.kid
  return { ...issuer, time, keys, find, kidOf }
}

test('keys are found by discovery below the issuer, with and without a path', async (t) => {
  for (const path of ['', '/', '/tenant', '/tenant/']) {
    const { find, kidOf, requests, configurationPath } = await open(t, path)
    assert.ok(await find(kidOf(0)), path)
    assert.deepEqual(requests, [configurationPath, '/keys'])
  }
})

test('keys are fetched once for any number of concurrent callers', async (t) => {
  const { find, kidOf, requests } = await open(t)
  const found = await Promise.all(Array.from({ length: 50 }, () => find(kidOf(0))))
  assert.ok(found.every((key) => key !== undefined))
  assert.equal(requests.length, 2)
})

test('keys are cached as long as the issuer allows, but at least a minute and at most an hour', async (t) => {
  const cases = [
    { cacheControl: 'no-store', freshMs: minuteMs },
    { cacheControl: 'max-age=1', freshMs: minuteMs },
    { cacheControl: 'max-age=300', freshMs: 5 * minuteMs },
    { cacheControl: undefined, freshMs: 10 * minuteMs },
    { cacheControl: 'max-age=86400', freshMs: 60 * minuteMs },
  ]
  for (const { cacheControl, freshMs } of cases) {
    const { find, kidOf, requests, state, time } = await open(t)
    state.cacheControl = cacheControl
    await find(kidOf(0))
    time.nowMs += freshMs - 1
    await find(kidOf(0))
    assert.equal(requests.length, 2, String(cacheControl))
    time.nowMs += 1
    await find(kidOf(0))
    assert.equal(requests.length, 4, String(cacheControl))
  }
})

test('an unknown key causes a request, at most once a minute', async (t) => {
  const { find, kidOf, requests, addKey, time } = await open(t)
  await find(kidOf(0))
  await addKey()
  for (let count = 0; count < 100; count++) assert.equal(await find(`unknown-${count}`), undefined)
  assert.equal(await find(kidOf(1)), undefined)
  assert.equal(requests.length, 2)
  time.nowMs += 59_999
  assert.equal(await find(kidOf(1)), undefined)
  assert.equal(requests.length, 2)
  time.nowMs += 1
  assert.ok(await find(kidOf(1)))
  assert.equal(requests.length, 4)
  for (let count = 0; count < 100; count++) assert.equal(await find(`unknown-${count}`), undefined)
  assert.equal(requests.length, 4)
})

test('a revoked key is not used after the next request', async (t) => {
  const { find, kidOf, state, addKey, time } = await open(t)
  const withdrawn = kidOf(0)
  assert.ok(await find(withdrawn))
  await addKey()
  state.keys = state.keys.slice(1)
  time.nowMs += 10 * minuteMs
  assert.equal(await find(withdrawn), undefined)
  assert.ok(await find(kidOf(0)))
})

test('keys are used for six more hours while the issuer is down, and it is contacted every 30 seconds', async (t) => {
  const { find, kidOf, state, requests, time } = await open(t)
  await find(kidOf(0))
  state.isDown = true
  time.nowMs += 10 * minuteMs
  assert.ok(await find(kidOf(0)))
  assert.ok(await find(kidOf(0)))
  assert.equal(requests.length, 3)
  time.nowMs += 30_000
  assert.ok(await find(kidOf(0)))
  assert.equal(requests.length, 4)
  time.nowMs += 360 * minuteMs - 30_000 - 1
  assert.ok(await find(kidOf(0)))
  time.nowMs += 1
  await assert.rejects(find(kidOf(0)), IssuerUnavailableError)
  time.nowMs += 30_000
  state.isDown = false
  assert.ok(await find(kidOf(0)))
})

test('a configuration without the exact issuer is not used', async (t) => {
  const changes = [
    (issuer: string) => `${issuer}/`,
    (issuer: string) => issuer.toUpperCase(),
    () => 'https://issuer.example',
    () => undefined,
    (issuer: string) => [issuer],
  ]
  for (const change of changes) {
    const { find, kidOf, overrides, configurationPath, issuer, origin } = await open(t, '/tenant')
    overrides.set(configurationPath, { issuer: change(issuer), jwks_uri: `${origin}/keys` })
    await assert.rejects(
      find(kidOf(0)),
      (error) => error instanceof IssuerUnavailableError && error.cause instanceof OutboundError,
    )
  }
})

test('keys at a blocked address are not fetched', async (t) => {
  const { find, kidOf, overrides, configurationPath, issuer } = await open(t)
  for (const url of ['http://169.254.169.254/keys', 'https://169.254.169.254/keys', 'file:///etc/passwd', 7]) {
    overrides.set(configurationPath, { issuer, jwks_uri: url })
    await assert.rejects(find(kidOf(0)), IssuerUnavailableError)
  }
})

test('a token without a key id is verified only if one key fits its algorithm, and a key fits one algorithm', async (t) => {
  const { find, kidOf, addKey, time } = await open(t)
  assert.ok(await find(undefined))
  assert.equal(await find(undefined, 'ES256'), undefined)
  await addKey('ES256')
  time.nowMs += minuteMs
  assert.ok(await find(undefined, 'ES256'))
  assert.equal(await find(kidOf(0), 'ES256'), undefined)
  assert.equal(await find(kidOf(0), 'PS256'), undefined, 'the key says RS256')
  for (const alg of ['HS256', 'none', 'RSA-OAEP', '']) assert.equal(await find(kidOf(0), alg), undefined, alg)
  await addKey('RS256')
  time.nowMs += 10 * minuteMs
  assert.equal(await find(undefined), undefined)
})

test('a JWK that is not a public key for signatures is ignored', async (t) => {
  const { find, overrides, state, time } = await open(t)
  const jwk = state.keys[0]?.jwk ?? {}
  // prettier-ignore
  const keys: readonly (readonly [string, Record<string, unknown>])[] = [
    ['for encryption',       { ...jwk, use: 'enc' }],
    ['for signing only',     { ...jwk, key_ops: ['sign'] }],
    ['a secret',             { kty: 'oct', k: 'c2VjcmV0', alg: 'RS256' }],
    ['a short key',          { kty: 'RSA', n: 'u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0_IzW7yWR7QkrmBL7jTKEn5u', e: 'AQAB' }],
    ['a huge exponent',      { ...jwk, e: 'AQAB'.repeat(100) }],
    ['a huge modulus',       { ...jwk, n: 'A'.repeat(5000) }],
    ['no numbers',           { kty: 'RSA' }],
    ['another curve',        { kty: 'EC', crv: 'secp256k1', x: 'AA', y: 'AA' }],
    ['a list',               { kty: ['RSA'], n: 'AQAB', e: 'AQAB' }],
  ]
  overrides.set('/keys', { keys: [...keys.map(([, key], index) => ({ ...key, kid: `bad-${index}` })), null, 'x', [1]] })
  time.nowMs += minuteMs
  for (const [index, [why]] of keys.entries()) {
    for (const alg of ['RS256', 'ES256']) assert.equal(await find(`bad-${index}`, alg), undefined, why)
  }
})

test('a key set that is too large is denied', async (t) => {
  const { find, kidOf, overrides, state } = await open(t)
  const [{ jwk } = { jwk: {} }] = state.keys
  overrides.set('/keys', { keys: Array.from({ length: 65 }, () => jwk) })
  await assert.rejects(find(kidOf(0)), IssuerUnavailableError)
})
