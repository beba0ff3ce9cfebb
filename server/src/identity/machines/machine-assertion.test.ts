import assert from 'node:assert/strict'
import { hash, randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import type { MachineEnrollment } from '@acrux/shared/wire/machine-protocol.ts'
import { SignJWT, type CryptoKey, decodeJwt, exportJWK, generateKeyPair } from 'jose'
import type { ManagedIdentity, ManagedIdentityKind } from '../../directory/index.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { usualDatabaseKind, usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { openTestProvider, testOrigin, testTenantId } from '../../../testing/identity/test-provider.ts'

const subscriptionId = '0a7a5e0e-6a5c-4c8e-8a3e-0d5a3f0b7a11'
const armResource = 'https://management.core.windows.net/'
const tokenUrl = `${testOrigin}/${testTenantId}/oauth2/token`
const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

type Answer = { readonly status: number; readonly body: Record<string, unknown> }
type Key = { readonly privateKey: CryptoKey; readonly jwk: object }

const sha256 = (text: string) => hash('sha256', text, 'base64url')

async function newKey(algorithm = 'ES256'): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  return { privateKey, jwk: await exportJWK(publicKey) }
}

function sign(key: Key, header: object, claims: Record<string, unknown>, algorithm = 'ES256'): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: algorithm, ...header }).sign(key.privateKey)
}

const proofOf = (key: Key, code: string) =>
  sign(key, { typ: 'acrux-enroll+jwt', jwk: key.jwk }, { code_sha256: sha256(code) })

async function open(t: TestContext, kind: DatabaseKind = usualDatabaseKind) {
  const provider = await openTestProvider(kind)
  t.after(provider.close)
  const { database, credentials, directory, time } = provider
  const put = async (what: ManagedIdentityKind, name: string) => {
    const wanted = { kind: what, subscriptionId, resourceGroup: 'team', name, location: 'local', tags: {} }
    return (await database.transaction((transaction) => directory.managedIdentities.put(transaction, wanted))).identity
  }
  const newCode = async (machine: ManagedIdentity) => {
    const code = { ...credentials.machines.prepareEnrollmentCode(), createdBy: 'an owner' }
    await database.transaction((transaction) => credentials.machines.insertEnrollmentCode(transaction, machine, code))
    return code.code
  }
  const post = async (path: string, form: Record<string, string>): Promise<Answer> => {
    const response = await provider.post(path, new URLSearchParams(form).toString())
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const enroll = async (code: string, key: Key, proof?: string): Promise<Answer> =>
    post('/common/machines/enroll', { code, proof: proof ?? (await proofOf(key, code)) })
  const enrolled = async (name: string) => {
    const machine = await put('machine', name)
    const key = await newKey()
    const answer = await enroll(await newCode(machine), key)
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    return { machine, key, enrollment: answer.body as unknown as MachineEnrollment }
  }
  type Enrolled = Awaited<ReturnType<typeof enrolled>>
  const claimsOf = ({ machine }: Pick<Enrolled, 'machine'>, changes: Record<string, unknown> = {}) => {
    const iat = Math.floor(time.nowMs / 1000)
    const { appId } = machine
    return { iss: appId, sub: appId, aud: tokenUrl, iat, exp: iat + 120, jti: randomUUID(), ...changes }
  }
  const assertionOf = (by: Enrolled, changes: Record<string, unknown> = {}) =>
    sign(by.key, { typ: 'acrux-machine+jwt', kid: by.enrollment.keyId }, claimsOf(by, changes))
  const ask = (by: Enrolled, assertion: string, changes: Record<string, string> = {}): Promise<Answer> =>
    post(`/${testTenantId}/oauth2/token`, {
      grant_type: 'client_credentials',
      client_id: by.machine.appId,
      client_assertion_type: jwtBearer,
      client_assertion: assertion,
      resource: armResource,
      ...changes,
    })
  const codeOf = ({ body }: Answer) => (body['error_codes'] as number[] | undefined)?.[0]
  return { ...provider, put, newCode, post, enroll, enrolled, claimsOf, assertionOf, ask, codeOf }
}

for (const kind of usualDatabaseKinds) {
  test(`a machine is enrolled with its code and authenticates with its own key (${kind})`, async (t) => {
    const { identity, enrolled, assertionOf, ask } = await open(t, kind)
    const by = await enrolled('build-1')
    assert.partialDeepStrictEqual(by.enrollment, {
      tenantId: testTenantId,
      tokenEndpoint: tokenUrl,
      resourceId: by.machine.id,
      clientId: by.machine.appId,
      objectId: by.machine.objectId,
    })
    const answer = await ask(by, await assertionOf(by))
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    assert.partialDeepStrictEqual(answer.body, { token_type: 'Bearer', resource: armResource, expires_in: '3599' })
    const verified = await identity.verifyAccessToken(String(answer.body['access_token']), ['arm'])
    assert.ok(verified.ok)
    assert.equal(verified.identity.principal.objectId, by.machine.objectId)
  })

  test(`a token is revoked immediately with the attachment, the key and the machine (${kind})`, async (t) => {
    const { identity, database, credentials, directory, put, newCode, enroll, enrolled, assertionOf, ask } = await open(
      t,
      kind,
    )
    const by = await enrolled('build-1')
    const attached = await put('user-assigned', 'deploy')
    const attach = () =>
      database.transaction((transaction) => credentials.machines.attach(transaction, by.machine, attached))
    await attach()
    const tokenFor = async (wanted?: Record<string, string>, as = by) => {
      const answer = await ask(as, await assertionOf(as, wanted === undefined ? {} : { acrux_identity: wanted }))
      assert.equal(answer.status, 200, JSON.stringify(answer.body))
      return String(answer.body['access_token'])
    }
    const holds = async (token: string) => (await identity.verifyAccessToken(token, ['arm'])).ok
    const own = await tokenFor()
    const other = await tokenFor({ client_id: attached.appId })
    assert.deepEqual([await holds(own), await holds(other)], [true, true])
    await database.transaction((transaction) => credentials.machines.detach(transaction, by.machine, attached))
    assert.deepEqual([await holds(own), await holds(other)], [true, false])
    await attach()
    const again = await tokenFor({ object_id: attached.objectId })
    const key = await newKey()
    const renewed = await enroll(await newCode(by.machine), key)
    assert.deepEqual([await holds(own), await holds(again)], [false, false])
    assert.equal((await ask(by, await assertionOf(by))).status, 401, 'the old key is denied')
    const now = { ...by, key, enrollment: renewed.body as unknown as MachineEnrollment }
    const last = [await tokenFor(undefined, now), await tokenFor({ resource_id: attached.id.toUpperCase() }, now)]
    await database.transaction((transaction) => directory.managedIdentities.delete(transaction, by.machine))
    assert.deepEqual(await Promise.all(last.map(holds)), [false, false])
    assert.equal((await ask(now, await assertionOf(now))).status, 401)
  })
}

test('a disabled machine gets no token of any identity', async (t) => {
  const { database, credentials, put, enrolled, assertionOf, ask, codeOf } = await open(t)
  const by = await enrolled('build-1')
  const attached = await put('user-assigned', 'deploy')
  await database.transaction((transaction) => credentials.machines.attach(transaction, by.machine, attached))
  const askAs = async (wanted: Record<string, unknown>) => ask(by, await assertionOf(by, wanted))
  const asAttached = { acrux_identity: { client_id: attached.appId } }
  assert.equal((await askAs(asAttached)).status, 200)
  const set = (objectId: string, enabled: number) =>
    database.transaction((transaction) =>
      transaction
        .tables<{ service_principal: { object_id: string; enabled: number } }>()
        .updateTable('service_principal')
        .set({ enabled })
        .where('object_id', '=', objectId)
        .execute(),
    )
  await set(by.machine.objectId, 0)
  assert.deepEqual([codeOf(await askAs({})), codeOf(await askAs(asAttached))], [7000112, 7000112])
  await set(by.machine.objectId, 1)
  await set(attached.objectId, 0)
  assert.deepEqual([(await askAs({})).status, codeOf(await askAs(asAttached))], [200, 7000112])
})

test('a wrong, used or expired code is denied, and so is a proof by another key', async (t) => {
  const { time, put, newCode, enroll, post, codeOf } = await open(t)
  const machine = await put('machine', 'build-1')
  const key = await newKey()
  assert.equal(codeOf(await enroll('0000-0000-0000-0000-0000', key)), 7000215)
  const code = await newCode(machine)
  assert.equal(codeOf(await post('/common/machines/enroll', { code })), 900144)
  const other = await newKey()
  const claims = { code_sha256: sha256(code) }
  const typ = 'acrux-enroll+jwt'
  const bad: Record<string, string> = {
    'signed by another key than it shows': await sign(other, { typ, jwk: key.jwk }, claims),
    'made for another code': await proofOf(key, 'another'),
    'of another type': await sign(key, { typ: 'JWT', jwk: key.jwk }, claims),
    'with a private key in it': await sign(key, { typ, jwk: await exportJWK(key.privateKey) }, claims),
    'with more in its header': await sign(key, { typ, jwk: key.jwk, kid: 'x' }, claims),
    'no JWT': 'x.y.z',
    'on another curve': await sign(await newKey('ES384'), { typ, jwk: (await newKey('ES384')).jwk }, claims, 'ES384'),
  }
  for (const [why, proof] of Object.entries(bad)) assert.equal((await enroll(code, key, proof)).status, 400, why)
  assert.equal((await enroll(code, key)).status, 200, 'the code was not used up by what was malformed')
  assert.equal(codeOf(await enroll(code, key)), 7000215)
  const late = await newCode(machine)
  time.nowMs += 15 * 60_000
  assert.equal(codeOf(await enroll(late, key)), 7000215)
})

test('attempts at enrollment codes are limited by address, and each denial below the limit is audited', async (t) => {
  const { put, newCode, enroll, database } = await open(t)
  const machine = await put('machine', 'build-1')
  const key = await newKey()
  const statuses = []
  for (let attempt = 0; attempt < 22; attempt += 1) statuses.push((await enroll(`WRONG-${attempt}`, key)).status)
  assert.deepEqual(statuses.slice(0, 20), Array(20).fill(401))
  assert.deepEqual(statuses.slice(20), [429, 429])
  assert.equal((await enroll(await newCode(machine), key)).status, 200, 'whoever has the code is not held up')
  const rows = await database
    .tables<{ audit_event: { action: string; outcome: string; detail: string | null } }>()
    .selectFrom('audit_event')
    .selectAll()
    .where('action', '=', 'machine.enroll')
    .execute()
  assert.equal(rows.filter(({ outcome }) => outcome === 'success').length, 1)
  assert.equal(rows.filter(({ outcome }) => outcome === 'refused').length, 20)
})

test('an assertion authenticates a machine only if all its claims are valid', async (t) => {
  const { time, enrolled, claimsOf, assertionOf, ask, codeOf } = await open(t)
  const by = await enrolled('build-1')
  const other = await enrolled('build-2')
  const iat = Math.floor(time.nowMs / 1000)
  const header = { typ: 'acrux-machine+jwt', kid: by.enrollment.keyId }
  const bad: Record<string, string> = {
    'signed by another machine': await sign(other.key, header, claimsOf(by)),
    'in the name of another machine': await assertionOf(by, { iss: other.machine.appId, sub: other.machine.appId }),
    'issued by another': await assertionOf(by, { iss: other.machine.appId }),
    'for another server': await assertionOf(by, { aud: 'https://other.example/oauth2/token' }),
    'for two audiences': await assertionOf(by, { aud: [tokenUrl, 'https://other.example'] }),
    'without an id': await assertionOf(by, { jti: undefined }),
    'too long a life': await assertionOf(by, { exp: iat + 301 }),
    'out of the future': await assertionOf(by, { iat: iat + 121, exp: iat + 200 }),
    'an unknown key': await sign(by.key, { ...header, kid: randomUUID() }, claimsOf(by)),
    'asking for two identities': await assertionOf(by, {
      acrux_identity: { client_id: by.machine.appId, object_id: by.machine.objectId },
    }),
  }
  for (const [why, assertion] of Object.entries(bad)) assert.equal(codeOf(await ask(by, assertion)), 700027, why)
  const good = await assertionOf(by)
  assert.equal(codeOf(await ask(by, good, { client_id: other.machine.appId })), 700027)
  assert.equal(codeOf(await ask(by, good, { client_secret: 'x' })), 9002313)
  assert.equal(codeOf(await ask(by, good, { resource: 'https://unknown.example' })), 500011)
  assert.equal((await ask(by, await assertionOf(by))).status, 200)
})

test('fault 15: the tokens of a machine and of its attached identities are accepted until 30 seconds after their expiry', async (t) => {
  const { time, identity, database, credentials, put, enrolled, assertionOf, ask } = await open(t)
  const by = await enrolled('build-1')
  const attached = await put('user-assigned', 'deploy')
  await database.transaction((transaction) => credentials.machines.attach(transaction, by.machine, attached))
  for (const object_id of [by.machine.objectId, attached.objectId]) {
    const answer = await ask(by, await assertionOf(by, { acrux_identity: { object_id } }))
    const token = String(answer.body['access_token'])
    const { exp = 0, oid } = decodeJwt(token)
    assert.equal(oid, object_id)
    const at = async (ms: number) => {
      time.nowMs = ms
      return (await identity.verifyAccessToken(token, ['arm'])).ok
    }
    assert.deepEqual(
      [await at(exp * 1000 - 1000), await at(exp * 1000 + 29_999), await at(exp * 1000 + 30_000)],
      [true, true, false],
    )
  }
})

test('an assertion is accepted until its expiry and the clock skew', async (t) => {
  const { time, enrolled, assertionOf, ask, codeOf } = await open(t)
  const by = await enrolled('build-1')
  const iat = Math.floor(time.nowMs / 1000)
  const next = () => assertionOf(by, { iat, exp: iat + 120 })
  time.nowMs += 119_000
  assert.equal((await ask(by, await next())).status, 200, 'a second before it expires')
  time.nowMs += 120_000
  assert.equal((await ask(by, await next())).status, 200, 'within the skew')
  time.nowMs += 1000
  assert.equal(codeOf(await ask(by, await next())), 700027)
})

for (const kind of usualDatabaseKinds) {
  test(`an assertion is accepted once, and its row is deleted after its expiry (${kind})`, async (t) => {
    const { time, database, enrolled, assertionOf, ask, codeOf } = await open(t, kind)
    const by = await enrolled('build-1')
    const other = await enrolled('build-2')
    const jti = randomUUID()
    const assertion = await assertionOf(by, { jti })
    assert.equal((await ask(by, assertion)).status, 200)
    for (const seconds of [0, 119, 120]) {
      time.nowMs += seconds * 1000
      assert.equal(codeOf(await ask(by, assertion)), 700027, `after ${seconds} seconds more`)
    }
    assert.equal(codeOf(await ask(by, await assertionOf(by, { jti }))), 700027, 'the same id, signed again')
    assert.equal((await ask(other, await assertionOf(other, { jti }))).status, 200, 'ids are of one key each')
    const parallel = await assertionOf(by)
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(by, parallel)))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    time.nowMs += 3600_000
    await ask(by, await assertionOf(by))
    const rows = await database
      .tables<{ used_assertion: { id_hash: string } }>()
      .selectFrom('used_assertion')
      .select('id_hash')
      .execute()
    assert.equal(rows.length, 1)
  })
}

test('a machine gets no token of an identity that is not attached to it, nor of another machine', async (t) => {
  const { database, credentials, put, enrolled, assertionOf, ask, codeOf } = await open(t)
  const [by, other] = [await enrolled('build-1'), await enrolled('build-2')]
  const attached = await put('user-assigned', 'deploy')
  const foreign = await put('user-assigned', 'foreign')
  await database.transaction((transaction) => credentials.machines.attach(transaction, by.machine, attached))
  await database.transaction((transaction) => credentials.machines.attach(transaction, other.machine, foreign))
  for (const wanted of [
    { client_id: foreign.appId },
    { object_id: foreign.objectId },
    { resource_id: foreign.id },
    { client_id: other.machine.appId },
    { client_id: attached.objectId },
    { resource_id: 'x' },
  ]) {
    assert.equal(codeOf(await ask(by, await assertionOf(by, { acrux_identity: wanted }))), 700016)
  }
  for (const wanted of [
    { client_id: attached.appId.toUpperCase() },
    { object_id: attached.objectId },
    { resource_id: attached.id.toLowerCase() },
  ]) {
    assert.equal((await ask(by, await assertionOf(by, { acrux_identity: wanted }))).status, 200)
  }
})

test('no token or proof of one kind is accepted as another', async (t) => {
  const { identity, put, newCode, enroll, enrolled, assertionOf, ask } = await open(t)
  const by = await enrolled('build-1')
  const assertion = await assertionOf(by)
  const token = String((await ask(by, assertion)).body['access_token'])
  const code = await newCode(await put('machine', 'build-2'))
  const proof = await proofOf(by.key, code)
  for (const audience of ['arm', 'acr', 'graph'] as const) {
    assert.equal((await identity.verifyAccessToken(assertion, [audience])).ok, false)
    assert.equal((await identity.verifyAccessToken(proof, [audience])).ok, false)
  }
  for (const wrong of [token, proof]) assert.notEqual((await ask(by, wrong)).status, 200)
  for (const wrong of [token, assertion]) assert.equal((await enroll(code, by.key, wrong)).status, 400)
  assert.equal((await enroll(code, by.key, proof)).status, 200)
})
