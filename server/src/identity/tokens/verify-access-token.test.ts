import assert from 'node:assert/strict'
import { createHmac, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { SignJWT, decodeJwt, decodeProtectedHeader, exportJWK } from 'jose'
import { createKeyRing } from '../../platform/keys/key-ring.ts'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  type TestProvider,
  openTestProvider,
  testOrigin,
  testTenantId,
} from '../../../testing/identity/test-provider.ts'
import { leastMilliseconds } from '../../../testing/platform/test-patience.ts'

const everything = ['arm', 'acr', 'graph'] as const

async function outcome({ identity }: TestProvider, token: string): Promise<string> {
  const result = await identity.verifyAccessToken(token, everything)
  return result.ok ? 'ok' : result.reason
}

/** Signs as the provider itself would, with whatever claims and header: what a leaked code path could produce. */
async function signAsProvider(provider: TestProvider, claims: Record<string, unknown>, header: object = {}) {
  const { database, clock, sealer } = provider
  const ring = createKeyRing({
    database,
    clock,
    sealer,
    purpose: 'idp',
    algorithm: 'RS256',
    rotationMilliseconds: Number.MAX_SAFE_INTEGER,
    signatureMilliseconds: 1000,
  })
  const { kid, privateKey } = await ring.current()
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid, ...header }).sign(privateKey)
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

for (const kind of usualDatabaseKinds) {
  test(`a token is valid for its own audience only (${kind})`, async (t) => {
    const provider = await openTestProvider(kind)
    t.after(provider.close)
    // prettier-ignore
    const table = [
      { scope: 'https://management.core.windows.net//.default',        audience: 'arm' },
      { scope: 'https://containerregistry.azure.net/.default',         audience: 'acr' },
      { scope: '6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26/.default',        audience: 'acr' },
      { scope: `${testOrigin}/graph//.default`,                        audience: 'graph' },
    ] as const
    for (const { scope, audience } of table) {
      const token = await provider.token({ scope })
      for (const wanted of everything) {
        const result = await provider.identity.verifyAccessToken(token, [wanted])
        assert.equal(result.ok, wanted === audience, `${scope} for ${wanted}`)
        if (!result.ok) assert.equal(result.reason, 'audience')
        else assert.equal(result.identity.principal.objectId, provider.client.servicePrincipal.objectId)
      }
    }
  })

  test(`a token is revoked when its secret or principal is deleted, or the principal disabled (${kind})`, async (t) => {
    const provider = await openTestProvider(kind)
    t.after(provider.close)
    const { change, credentials } = provider
    const { application, servicePrincipal, secret } = await provider.createApplication('ci')
    const { appId, objectId } = servicePrincipal
    const token = await provider.token({ client_id: appId, client_secret: secret })
    const enable = (enabled: boolean) =>
      change((transaction, { applications }) => applications.updateServicePrincipal(transaction, objectId, { enabled }))
    assert.equal(await outcome(provider, token), 'ok')
    await enable(false)
    assert.equal(await outcome(provider, token), 'principal')
    await enable(true)
    assert.equal(await outcome(provider, token), 'ok')
    const check = await credentials.checkClientSecret(appId, secret)
    assert.ok(check.outcome === 'verified')
    await change((transaction, { secrets }) => secrets.remove(transaction, application.objectId, check.credentialId))
    assert.equal(await outcome(provider, token), 'credential')
    await change((transaction, { applications }) => applications.deleteServicePrincipal(transaction, objectId))
    assert.equal(await outcome(provider, token), 'principal')
    const rights = { enabled: true, directoryRole: null }
    await change((transaction, { applications }) => applications.createServicePrincipal(transaction, appId, rights))
    assert.equal(await outcome(provider, token), 'principal')
  })

  test(`rotated keys verify until the tokens that they signed have expired (${kind})`, async (t) => {
    const provider = await openTestProvider(kind)
    t.after(provider.close)
    const token = await provider.token()
    await provider.identity.rotateKeys()
    const second = provider.open(testOrigin)
    assert.equal((await second.verifyAccessToken(token, everything)).ok, true)
    assert.notEqual(decodeProtectedHeader(await provider.token()).kid, decodeProtectedHeader(token).kid)
    // Another process may sign with the old key for another minute.
    provider.time.nowMs += 3600_000 + 60_000 + 60_000
    const response = await provider.get('/discovery/keys')
    const { keys } = (await response.json()) as { keys: { kid: string }[] }
    assert.deepEqual(
      keys.map(({ kid }) => kid),
      [decodeProtectedHeader(await provider.token()).kid],
    )
  })
}

test('a token is accepted from its first second to its last, with thirty seconds of skew, cached or not', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  // The secret is valid from its creation.
  provider.time.nowMs += 3600_000
  const token = await provider.token()
  const { iat = 0, exp = 0 } = decodeJwt(token)
  // prettier-ignore
  const table = [
    { atSeconds: iat - 31, means: 'not-yet-valid' },
    { atSeconds: iat - 30, means: 'ok' },
    { atSeconds: exp - 1,  means: 'ok' },
    { atSeconds: exp + 29, means: 'ok' },
    { atSeconds: exp + 30, means: 'expired' },
    { atSeconds: exp + 31, means: 'expired' },
    // The clock is set back, and the token is cached.
    { atSeconds: iat - 31, means: 'not-yet-valid' },
    { atSeconds: iat,      means: 'ok' },
  ]
  for (const { atSeconds, means } of table) {
    provider.time.nowMs = atSeconds * 1000
    const fresh = provider.open(testOrigin)
    const result = await fresh.verifyAccessToken(token, everything)
    assert.equal(result.ok ? 'ok' : result.reason, means, `fresh at ${atSeconds - iat}`)
    assert.equal(await outcome(provider, token), means, `at ${atSeconds - iat}`)
  }
})

test('a token of a request under way is accepted after its expiry, but not after a revocation', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  const { servicePrincipal, secret } = await provider.createApplication('ci')
  const { appId, objectId } = servicePrincipal
  const token = await provider.token({ client_id: appId, client_secret: secret })
  const verdicts = async () => {
    const found: string[] = []
    // The second server has no cached token.
    for (const identity of [provider.identity, provider.open(testOrigin)]) {
      for (const isUnderWay of [false, true]) {
        const result = await identity.verifyAccessToken(token, everything, isUnderWay)
        found.push(result.ok ? result.identity.appId : result.reason)
      }
    }
    return found
  }
  assert.deepEqual(await verdicts(), [appId, appId, appId, appId])
  provider.time.nowMs += 2 * 3600_000
  assert.deepEqual(await verdicts(), ['expired', appId, 'expired', appId])
  const enable = (enabled: boolean) =>
    provider.change((transaction, { applications }) =>
      applications.updateServicePrincipal(transaction, objectId, { enabled }),
    )
  await enable(false)
  assert.deepEqual(await verdicts(), ['expired', 'principal', 'expired', 'principal'])
  await enable(true)
  assert.deepEqual(await verdicts(), ['expired', appId, 'expired', appId])
  await provider.database.transaction((transaction) => provider.identity.withdrawKeys(transaction))
  assert.deepEqual(await verdicts(), ['signature', 'signature', 'signature', 'signature'])
})

test('keys and URLs in headers are ignored, and forged tokens are denied without a request to anyone', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  const requested: string[] = []
  const listener = createServer((request, response) => {
    requested.push(request.url ?? '')
    response.end('{}')
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.after(() => listener.close())
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/keys`

  const token = await provider.token()
  const [header = '', payload = '', signature = ''] = token.split('.')
  const { kid = '' } = decodeProtectedHeader(token)
  const claims = decodeJwt(token)
  const attacker = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = await exportJWK(attacker.publicKey)
  const forge = (extra: object) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid, ...extra }).sign(attacker.privateKey)
  const published = (await (await provider.get('/discovery/keys')).json()) as { keys: [{ n: string; e: string }] }
  const pem = createPublicKey({ key: { kty: 'RSA', ...published.keys[0] }, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  })
  const hmacHeader = encode({ alg: 'HS256', typ: 'at+jwt', kid })
  const hmac = createHmac('sha256', pem).update(`${hmacHeader}.${payload}`).digest('base64url')
  // prettier-ignore
  const table = [
    { token: await forge({}),                                       means: 'signature', why: 'our key id, another key' },
    { token: await forge({ jwk }),                                  means: 'malformed', why: 'its key in jwk' },
    { token: await forge({ jku: url }),                             means: 'malformed', why: 'its keys at jku' },
    { token: await forge({ x5u: url }),                             means: 'malformed', why: 'its certificate at x5u' },
    { token: await forge({ x5c: ['MIIB'] }),                        means: 'malformed', why: 'its certificate in x5c' },
    { token: await signAsProvider(provider, claims, { jwk }),       means: 'malformed', why: 'a foreign key beside our own signature' },
    { token: await signAsProvider(provider, claims, { typ: 'JWT' }), means: 'malformed', why: 'the type of an id token' },
    { token: await forge({ kid: `${kid.slice(0, -4)}AAAA` }),       means: 'signature', why: 'an unknown key id' },
    { token: await forge({ kid: '../../etc/passwd' }),              means: 'malformed', why: 'a path as key id' },
    { token: `${encode({ alg: 'none', typ: 'at+jwt', kid })}.${payload}.`, means: 'malformed', why: 'no signature' },
    { token: `${encode({ alg: 'none', typ: 'at+jwt', kid })}.${payload}.${signature}`, means: 'malformed', why: 'alg none' },
    { token: `${hmacHeader}.${payload}.${hmac}`,                    means: 'malformed', why: 'HMAC with our public key' },
    { token: `${encode({ alg: 'RS256', typ: 'at+jwt', kid, crit: ['b64'], b64: false })}.${payload}.${signature}`, means: 'malformed', why: 'crit and b64' },
    { token: `${encode({ alg: 'RS256', typ: 'at+jwt', kid, zip: 'DEF' })}.${payload}.${signature}`, means: 'malformed', why: 'zip' },
    { token: `${encode({ alg: 'RSA-OAEP', enc: 'A256GCM', typ: 'at+jwt', kid })}.a.b.c.d`, means: 'malformed', why: 'an encrypted token' },
    { token: `${header}.${encode({ ...claims, oid: randomUUID() })}.${signature}`, means: 'signature', why: 'another payload' },
    { token: `${header}.${payload}.${signature.slice(0, -4)}AAAA`,  means: 'signature', why: 'another signature' },
    { token: `${header}.${payload}.`,                               means: 'malformed', why: 'an empty signature' },
    { token: `${header}.${payload}`,                                means: 'malformed', why: 'two parts' },
    { token: `${token}.x`,                                          means: 'malformed', why: 'four parts' },
    { token: `${token}=`,                                           means: 'malformed', why: 'padding' },
    { token: ` ${token}`,                                           means: 'malformed', why: 'a blank' },
    { token: '',                                                    means: 'malformed', why: 'nothing' },
    { token: '..',                                                  means: 'malformed', why: 'dots' },
    { token: `${encode([])}.${payload}.${signature}`,               means: 'malformed', why: 'a header that is a list' },
    { token: `${encode(null)}.${payload}.${signature}`,             means: 'malformed', why: 'a header that is null' },
    { token: `${Buffer.from(`{"alg":"RS256","typ":"at+jwt","kid":"${kid}","kid":"x"}`).toString('base64url')}.${payload}.${signature}`, means: 'malformed', why: 'a key id twice' },
  ]
  for (const { token: forged, means, why } of table) assert.equal(await outcome(provider, forged), means, why)
  assert.deepEqual(requested, [])
  assert.equal(await outcome(provider, token), 'ok')
})

test('each claim is required, has one form, and must match the others', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  const claims = decodeJwt(await provider.token())
  const other = await provider.createClient('other')
  const withOnly = async (change: Record<string, unknown>) => signAsProvider(provider, { ...claims, ...change })
  assert.equal(await outcome(provider, await withOnly({ uti: 'x' })), 'ok')
  const read = ['aud', 'iss', 'iat', 'nbf', 'exp', 'appid', 'azp', 'idtyp', 'oid', 'sub', 'tid', 'ver']
  for (const name of [...read, 'acrux_cred', 'acrux_cred_kind', 'acrux_cred_exp']) {
    for (const value of [undefined, null, '', 'x', -1, [], {}, [claims[name]]]) {
      const result = await outcome(provider, await withOnly({ [name]: value }))
      assert.notEqual(result, 'ok', `${name} = ${JSON.stringify(value)}`)
    }
  }
  const { iat = 0, exp = 0 } = claims
  // prettier-ignore
  const table = [
    { change: { aud: ['https://management.core.windows.net/'] },         means: 'claims',        why: 'a list of one audience' },
    { change: { aud: other.servicePrincipal.appId },                     means: 'audience',      why: 'an id token: its audience is a client' },
    { change: { aud: 'myregistry.example' },                             means: 'audience',      why: 'a registry is no audience' },
    { change: { iss: `${testOrigin}/${testTenantId}/` },                 means: 'issuer',        why: 'the issuer of another version' },
    { change: { iss: 'https://sts.windows.net/' },                       means: 'issuer',        why: 'another issuer' },
    { change: { iss: `${testOrigin}/0d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11/v2.0` }, means: 'issuer', why: 'another tenant’s issuer' },
    { change: { tid: '0d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11' },           means: 'claims',        why: 'another tenant' },
    { change: { idtyp: 'user' },                                         means: 'claims',        why: 'not an application' },
    { change: { oid: other.servicePrincipal.objectId },                  means: 'claims',        why: 'sub and oid differ' },
    { change: { oid: other.servicePrincipal.objectId, sub: other.servicePrincipal.objectId }, means: 'principal', why: 'another principal’s application' },
    { change: { appid: other.servicePrincipal.appId },                   means: 'claims',        why: 'appid and azp differ' },
    { change: { acrux_cred: randomUUID() },                              means: 'credential',    why: 'no such credential' },
    { change: { iat: iat + 31 },                                         means: 'not-yet-valid', why: 'issued in the future' },
    { change: { nbf: iat + 31 },                                         means: 'not-yet-valid', why: 'not yet valid' },
    { change: { exp: exp + 1 },                                          means: 'claims',        why: 'longer than any of ours' },
    { change: { exp: iat - 31, nbf: iat - 60, iat: iat - 60 },           means: 'expired',       why: 'expired' },
    { change: { acrux_cred_exp: exp - 1 },                               means: 'claims',        why: 'longer than its credential' },
    { change: { iat: 1e308 },                                            means: 'claims',        why: 'a time beyond all times' },
  ]
  for (const { change, means, why } of table) assert.equal(await outcome(provider, await withOnly(change)), means, why)
})

test('tokens of another installation, and of another origin with the same keys, are denied', async (t) => {
  const [here, elsewhere] = [await openTestProvider(), await openTestProvider()]
  t.after(async () => {
    await here.close()
    await elsewhere.close()
  })
  const token = await elsewhere.token()
  assert.equal(await outcome(here, token), 'signature')
  assert.equal(await outcome(elsewhere, token), 'ok')
  const moved = await elsewhere.open('https://other.example').verifyAccessToken(token, everything)
  assert.deepEqual(moved, { ok: false, reason: 'issuer' })
})

test('ten megabytes of dots, a huge header and a huge payload are denied without being parsed', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  const token = await provider.token()
  const [header = '', payload = '', signature = ''] = token.split('.')
  for (const text of [
    '.'.repeat(10_000_000),
    `${'a'.repeat(1_000_000)}.${payload}.${signature}`,
    `${header}.${'a'.repeat(9000)}.${signature}`,
    `${encode({ alg: 'x'.repeat(2000) })}.${payload}.${signature}`,
  ]) {
    const { took } = await leastMilliseconds(5, {
      took: async () => assert.equal(await outcome(provider, text), 'malformed'),
    })
    assert.ok(took < 50, `${took} ms`)
  }
})

test('only a token for Graph authenticates a caller of Graph', async (t) => {
  const provider = await openTestProvider()
  t.after(provider.close)
  const { authenticateGraph } = provider.identity
  const graphToken = await provider.token({ scope: `${testOrigin}/graph//.default` })
  const sender = await authenticateGraph(`bearer ${graphToken}`)
  assert.equal(sender?.principal.objectId, provider.client.servicePrincipal.objectId)
  const armToken = await provider.token()
  const basic = Buffer.from(`${provider.client.servicePrincipal.appId}:${provider.client.secret}`).toString('base64')
  for (const authorization of [
    `Bearer ${armToken}`,
    `Basic ${basic}`,
    graphToken,
    'Bearer',
    `Bearer ${graphToken} x`,
    'Bearer \u00e9',
  ]) {
    assert.equal(await authenticateGraph(authorization), undefined, authorization.slice(0, 20))
  }
  assert.equal(await authenticateGraph(undefined), undefined)
})
