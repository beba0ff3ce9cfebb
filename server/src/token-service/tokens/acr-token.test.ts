import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import * as fc from 'fast-check'
import { openSealer } from '../../platform/keys/sealing.ts'
import { type KeyRing, createKeyRing } from '../../platform/keys/key-ring.ts'
import { signingKeyMigrations } from '../../platform/keys/migrations.ts'
import { migrate } from '../../platform/sql/migrations.ts'
import type { Database } from '../../platform/sql/database.ts'
import { openSqliteDatabase } from '../../platform/sql/sqlite-database.ts'
import type { Registry } from '../../resources/index.ts'
import type { LoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import { type AcrTokens, TokenTooLongError, createAcrTokens } from './acr-token.ts'
import type { Credential } from './credential.ts'

const registry = {
  rid: 'a'.repeat(32),
  name: 'contoso',
  tokenGeneration: 0,
  loginServer: 'contoso.example:5443' as LoginServer,
} as Registry

const credential: Credential = {
  kind: 'directory',
  principalKind: 'service-principal',
  objectId: '11111111-1111-4111-8111-111111111111',
  appId: '22222222-2222-4222-8222-222222222222',
  subject: '22222222-2222-4222-8222-222222222222',
  credential: { kind: 'client-secret', id: '33333333-3333-4333-8333-333333333333' },
}
const tenantId = '44444444-4444-4444-8444-444444444444'
const access = [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }]

type TestTokens = {
  readonly tokens: AcrTokens
  readonly keys: KeyRing
  readonly time: { nowMs: number }
  readonly database: Database
}

async function openTokens(t: TestContext): Promise<TestTokens> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-tokens-'))
  const database = await openSqliteDatabase(path.join(directory, 'acrux.db'))
  t.after(async () => {
    await database.close()
    await rm(directory, { recursive: true })
  })
  await migrate(database, signingKeyMigrations, 0)
  const time = { nowMs: 1_800_000_000_000 }
  const clock = { now: () => time.nowMs }
  const keys = createKeyRing({
    database,
    clock,
    sealer: await openSealer(path.join(directory, 'master.key')),
    purpose: 'acr',
    algorithm: 'ES256',
    rotationMilliseconds: 90 * 86_400_000,
    signatureMilliseconds: 3 * 3_600_000,
  })
  return { tokens: createAcrTokens({ keys, clock }), keys, time, database }
}

function parts(token: string): { header: Record<string, unknown>; payload: Record<string, unknown> } {
  const [header = '', payload = ''] = token.split('.')
  const decode = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>
  return { header: decode(header), payload: decode(payload) }
}

test('an access token has the claims of ACR, and is accepted for its registry', async (t) => {
  const { tokens } = await openTokens(t)
  const { token } = await tokens.issue('access_token', { registry, credential, tenantId, access })
  const { header, payload } = parts(token)
  assert.deepEqual([header['alg'], header['typ']], ['ES256', 'JWT'])
  assert.equal(payload['iss'], 'Azure Container Registry')
  assert.equal(payload['aud'], 'contoso.example:5443')
  assert.equal(payload['rid'], registry.rid)
  assert.equal(payload['grant_type'], 'access_token')
  assert.equal(payload['version'], '1.0')
  assert.equal(payload['sub'], credential.subject)
  assert.deepEqual(payload['access'], access)
  assert.equal(Number(payload['exp']) - Number(payload['iat']), 4500)
  const verified = await tokens.verify('access_token', token, registry)
  assert.deepEqual(verified?.credential, credential)
  assert.deepEqual(verified?.access, access)
})

test('fault 15: a token is accepted one second before its expiry, and not at it', async (t) => {
  const { tokens, time } = await openTokens(t)
  for (const [kind, seconds] of [
    ['access_token', 4500],
    ['refresh_token', 10_800],
  ] as const) {
    const startMs = time.nowMs
    const { token } = await tokens.issue(kind, { registry, credential, tenantId })
    time.nowMs = startMs + seconds * 1000 - 1000
    assert.notEqual(await tokens.verify(kind, token, registry), undefined, `${kind} before its end`)
    time.nowMs = startMs + seconds * 1000
    assert.equal(await tokens.verify(kind, token, registry), undefined, `${kind} at its end`)
  }
})

test('a refresh token that is cached is rejected when the clock was set back to before its issue', async (t) => {
  const { tokens, time } = await openTokens(t)
  const startMs = time.nowMs
  const { token } = await tokens.issue('refresh_token', { registry, credential, tenantId })
  for (const [aheadMs, isValid] of [
    [0, true],
    [-10 * 60_000, false],
    [-1000, true],
  ] as const) {
    time.nowMs = startMs + aheadMs
    const verified = await tokens.verify('refresh_token', token, registry)
    assert.equal(verified !== undefined, isValid, `at ${aheadMs / 1000} seconds`)
  }
})

test('a token never outlives the credential that it was obtained by', async (t) => {
  const { tokens, time } = await openTokens(t)
  const notAfterMs = time.nowMs + 60_000
  const { token, expiresAtMs } = await tokens.issue('refresh_token', { registry, credential, tenantId, notAfterMs })
  assert.equal(expiresAtMs, notAfterMs)
  time.nowMs = notAfterMs
  assert.equal(await tokens.verify('refresh_token', token, registry), undefined)
})

test('fault 6: a token of one kind, registry or generation is rejected in place of another', async (t) => {
  const { tokens } = await openTokens(t)
  const refresh = await tokens.issue('refresh_token', { registry, credential, tenantId })
  const accessToken = await tokens.issue('access_token', { registry, credential, tenantId, access })
  const reborn: Registry = { ...registry, rid: 'b'.repeat(32) }
  const other: Registry = { ...registry, loginServer: 'fabrikam.example' as LoginServer }
  // A refresh token is cached after its verification, and must not pass for an access token.
  assert.notEqual(await tokens.verify('refresh_token', refresh.token, registry), undefined)
  assert.notEqual(await tokens.verify('access_token', accessToken.token, registry), undefined)
  assert.equal(await tokens.verify('access_token', refresh.token, registry), undefined, 'refresh as access')
  assert.equal(await tokens.verify('refresh_token', accessToken.token, registry), undefined, 'access as refresh')
  assert.equal(
    await tokens.verify('access_token', accessToken.token, reborn),
    undefined,
    'the registry was created again',
  )
  assert.equal(await tokens.verify('access_token', accessToken.token, other), undefined, 'another registry')
})

test('trap 8: payloads of refresh tokens contain only characters of the standard base64 alphabet', async (t) => {
  const { tokens } = await openTokens(t)
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 40 }), async (subject) => {
      const named: Credential = { ...credential, principalKind: 'user', subject: subject.toWellFormed() }
      const { token } = await tokens.issue('refresh_token', { registry, credential: named, tenantId })
      const payload = token.split('.')[1] ?? ''
      assert.doesNotMatch(payload, /[-_]/)
      assert.equal(parts(token).payload['sub'], subject.toWellFormed())
    }),
    { numRuns: 100 },
  )
})

test('faults 1 and 7: forged headers of tokens are rejected', async (t) => {
  const { tokens, keys } = await openTokens(t)
  const { kid } = await keys.current()
  const { token } = await tokens.issue('access_token', { registry, credential, tenantId, access })
  const payload = token.split('.')[1] ?? ''
  const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = attacker.publicKey.export({ format: 'jwk' })
  const forge = (header: object, key = attacker.privateKey) => {
    const input = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}`
    return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  const [ownJwk] = await keys.publicKeys()
  const ownPublicPem = createPublicKey({ key: ownJwk ?? {}, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const good = { alg: 'ES256', typ: 'JWT', kid }
  const forgeries: Record<string, string> = {
    'another key under our id': forge(good),
    'jwk beside our id': forge({ ...good, jwk }),
    jku: forge({ ...good, jku: 'https://attacker.example/keys' }),
    x5u: forge({ ...good, x5u: 'https://attacker.example/cert' }),
    x5c: forge({ ...good, x5c: ['MIIB'] }),
    'no algorithm': `${Buffer.from(JSON.stringify({ ...good, alg: 'none' })).toString('base64url')}.${payload}.`,
    'a symmetric algorithm with our public key': forge({ ...good, alg: 'HS256', key: ownPublicPem }),
    'an unknown critical header': forge({ ...good, crit: ['acrux'], acrux: 1 }),
    'an unencoded payload': forge({ ...good, b64: false, crit: ['b64'] }),
    'another type': forge({ ...good, typ: 'at+jwt' }),
    'no key id': forge({ alg: 'ES256', typ: 'JWT' }),
    'our signature over another payload': token.replace(payload, Buffer.from('{}').toString('base64url')),
    'ten million dots': '.'.repeat(10_000_000),
    'an encrypted token': `${token}.x.y`,
    nothing: '',
  }
  for (const [what, forged] of Object.entries(forgeries)) {
    assert.equal(await tokens.verify('access_token', forged, registry), undefined, what)
  }
})

test('fault 4: a signed token without a claim is rejected', async (t) => {
  const { tokens, keys } = await openTokens(t)
  const { token } = await tokens.issue('access_token', { registry, credential, tenantId, access })
  const { payload } = parts(token)
  const { CompactSign } = await import('jose')
  const key = await keys.current()
  for (const claim of ['iat', 'nbf', 'exp', 'aud', 'sub', 'iss', 'rid', 'jti', 'grant_type', 'acrux']) {
    const { [claim]: _left, ...rest } = payload
    const lacking = await new CompactSign(Buffer.from(JSON.stringify(rest)))
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: key.kid })
      .sign(key.privateKey)
    assert.equal(await tokens.verify('access_token', lacking, registry), undefined, claim)
  }
})

test('a signed token whose credential has no kind or no id is rejected', async (t) => {
  const { tokens, keys } = await openTokens(t)
  const { token } = await tokens.issue('access_token', { registry, credential, tenantId, access })
  const { payload } = parts(token)
  const { CompactSign } = await import('jose')
  const key = await keys.current()
  const own = payload['acrux'] as { credential: object }
  const id = '33333333-3333-4333-8333-333333333333'
  for (const c of [id, { id }, { k: 'client-secret' }, { k: 'another', id }]) {
    const changed = { ...payload, acrux: { ...own, credential: { ...own.credential, c } } }
    const signed = await new CompactSign(Buffer.from(JSON.stringify(changed)))
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: key.kid })
      .sign(key.privateKey)
    assert.equal(await tokens.verify('access_token', signed, registry), undefined, JSON.stringify(c))
  }
  const genuine = await new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: key.kid })
    .sign(key.privateKey)
  assert.deepEqual((await tokens.verify('access_token', genuine, registry))?.credential, credential)
})

test('a token that was signed before a rotation of keys is accepted after it', async (t) => {
  const { tokens, keys, time } = await openTokens(t)
  const { token } = await tokens.issue('refresh_token', { registry, credential, tenantId })
  time.nowMs += 1000
  await keys.rotate()
  assert.notEqual(await tokens.verify('refresh_token', token, registry), undefined)
})

test('a token whose signing key was withdrawn is denied, although it was verified before', async (t) => {
  const { tokens, keys, database } = await openTokens(t)
  const kinds = ['access_token', 'refresh_token'] as const
  const issued = await Promise.all(
    kinds.map(async (kind) => {
      const { token } = await tokens.issue(kind, { registry, credential, tenantId, access })
      return () => tokens.verify(kind, token, registry)
    }),
  )
  for (const verify of issued) assert.notEqual(await verify(), undefined)
  await database.transaction((transaction) => keys.withdraw(transaction))
  for (const verify of issued) assert.equal(await verify(), undefined)
})

test('untag is omitted from the public claim, and read back', async (t) => {
  const { tokens } = await openTokens(t)
  const asked = [{ type: 'repository', name: 'team/app', actions: ['pull', 'untag'] }]
  const { token } = await tokens.issue('access_token', { registry, credential, tenantId, access: asked })
  assert.deepEqual(parts(token).payload['access'], [{ type: 'repository', name: 'team/app', actions: ['pull'] }])
  const verified = await tokens.verify('access_token', token, registry)
  assert.equal(
    verified?.access.some(({ actions }) => actions.includes('untag')),
    true,
  )
})

test('access that makes a token too long for a header is rejected', async (t) => {
  const { tokens } = await openTokens(t)
  const many = Array.from({ length: 500 }, (_, index) => ({
    type: 'repository',
    name: `team/${index}/${'a'.repeat(60)}`,
    actions: ['pull'],
  }))
  const minting = async () => tokens.issue('access_token', { registry, credential, tenantId, access: many })
  await assert.rejects(minting, TokenTooLongError)
})

test('a token is accepted while the registry has the generation in which it was issued', async (t) => {
  const { tokens } = await openTokens(t)
  const next = { ...registry, tokenGeneration: 1 }
  for (const [at, other] of [
    [registry, next],
    [next, registry],
    [next, { ...registry, tokenGeneration: 2 }],
  ] as const) {
    const { token } = await tokens.issue('refresh_token', { registry: at, credential, tenantId })
    assert.notEqual(await tokens.verify('refresh_token', token, at), undefined)
    assert.equal(await tokens.verify('refresh_token', token, other), undefined)
    assert.notEqual(await tokens.verify('refresh_token', token, at), undefined)
  }
})
