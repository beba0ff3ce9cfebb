import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { createHandles, makeHandle, makeUserCode, parseUserCode } from './handles.ts'
import { type TestPeople, azClientId, openTestPeople, testScope } from '../../../testing/identity/test-people.ts'
import { testTenantId } from '../../../testing/identity/test-provider.ts'

const dayMs = 24 * 60 * 60 * 1000

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

type Row = { readonly kind: string; readonly used_at_ms: number | null }

const rowsOf = ({ database }: TestPeople): Promise<Row[]> =>
  database.tables<{ handle: Row }>().selectFrom('handle').selectAll().execute()

const countOf = async (people: TestPeople, kind: string): Promise<number> =>
  (await rowsOf(people)).filter((row) => row.kind === kind).length

for (const kind of testDatabaseKinds) {
  test(`new handles replace expired rows while the server runs (${kind})`, async (t) => {
    const people = await openTestPeople(kind)
    t.after(people.close)
    for (let round = 0; round < 5; round += 1) await people.code()
    const used = await people.code()
    assert.equal((await people.redeem(used)).status, 200)
    assert.equal(await countOf(people, 'authorization_code'), 6)
    // Unused handles are deleted at their expiry, used ones a day later.
    people.time.nowMs += 10 * 60_000
    await people.code()
    const left = (await rowsOf(people)).map((row) => `${row.kind} ${row.used_at_ms === null ? 'open' : 'used'}`)
    assert.deepEqual(left.toSorted(), ['authorization_code open', 'authorization_code used', 'refresh_token open'])
    people.time.nowMs += dayMs
    await people.code()
    assert.equal(await countOf(people, 'authorization_code'), 1)
  })

  test(`a person has at most 20 open codes, and frequent sign-ins revoke no earlier one (${kind})`, async (t) => {
    const people = await openTestPeople(kind)
    t.after(people.close)
    const first = await people.signIn()
    const old = await people.code()
    people.time.nowMs += 1
    for (let round = 0; round < 25; round += 1) await people.code()
    const open = (await rowsOf(people)).filter((row) => row.kind === 'authorization_code' && row.used_at_ms === null)
    assert.equal(open.length, 20)
    assert.deepEqual((await people.redeem(old)).error_codes, [70000])
    for (let round = 0; round < 25; round += 1) await people.signIn()
    assert.equal((await people.refresh(first.refreshToken)).status, 200)
    assert.equal((await people.identity.verifyAccessToken(first.accessToken, ['arm'])).ok, true)
  })
}

test('a person has at most 200 refresh tokens: the oldest is deleted and its sign-in revoked', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const first = await people.signIn()
  for (let round = 0; round < 200; round += 1) {
    people.time.nowMs += 1
    await people.signIn()
  }
  assert.equal(await countOf(people, 'refresh_token'), 200)
  assert.deepEqual((await people.refresh(first.refreshToken)).error_codes, [70000])
  assert.equal((await people.identity.verifyAccessToken(first.accessToken, ['arm'])).ok, false)
})

test('at most 500 used codes of a person are stored, so that a second use is recognised', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const row = { kind: 'authorization_code', data: '{}', object_id: people.alice.objectId, sign_in_id: null }
  const times = { expires_at_ms: people.time.nowMs, kept_until_ms: people.time.nowMs + dayMs, used_at_ms: 0 }
  await people.database.transaction(async (transaction) => {
    const rows = Array.from({ length: 510 }, (_, at) => ({ ...row, ...times, hash: `used ${at}`, created_at_ms: at }))
    for (const each of rows) await transaction.tables<{ handle: object }>().insertInto('handle').values(each).execute()
  })
  await people.code()
  const used = (await rowsOf(people)).filter(({ used_at_ms: usedAtMs }) => usedAtMs !== null)
  assert.equal(used.length, 500)
})

test('handles of one tenant are denied in another', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { refreshToken } = await people.signIn()
  const code = await people.code()
  const form = new URLSearchParams({ client_id: azClientId, scope: testScope }).toString()
  const codes = (await (await people.post('/common/oauth2/v2.0/devicecode', form)).json()) as Record<string, string>
  const device = { device_code: codes['device_code'], client_id: azClientId, grant_type: deviceGrant }
  assert.equal((await people.ask(device)).error, 'authorization_pending')
  // There is one tenant, so the test changes the tenant of stored handles.
  const moved = sql<string>`replace(data, ${testTenantId}, '3b9fdb7b-d30c-4d8a-8f9a-1f2e3d4c5b6a')`
  await people.database.transaction((transaction) =>
    transaction.tables<{ handle: { data: string } }>().updateTable('handle').set({ data: moved }).execute(),
  )
  for (const answer of [await people.redeem(code), await people.refresh(refreshToken), await people.ask(device)]) {
    assert.deepEqual([answer.status, answer.error_codes], [400, [700005]])
  }
})

test('a used or expired handle is neither changed nor extended', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { database, credentials, time } = people
  const handles = createHandles({ database, credentials, clock: { now: () => time.nowMs } })
  const put = async (lifetimeMs: number) => {
    const text = makeHandle('device_code')
    const resource = { audience: 'arm', aud: 'a' } as const
    const data = { tenantId: 't', clientId: 'c', scope: 's', resource, requestedFrom: '', answer: undefined }
    const hash = await database.transaction((transaction) =>
      handles.put(transaction, 'device_code', text, { data, lifetimeMs }),
    )
    const bind = () =>
      database.transaction((transaction) => handles.bind(transaction, 'device_code', hash, { data, objectId: 'o' }))
    const extend = () => database.transaction((transaction) => handles.extend(transaction, 'device_code', hash, 1000))
    const use = () => database.transaction((transaction) => handles.use(transaction, 'device_code', text))
    return { bind, extend, use }
  }
  const [used, expired] = [await put(1000), await put(10)]
  assert.deepEqual([await used.bind(), await expired.bind(), await used.extend()], [true, true, true])
  assert.equal((await used.use()).outcome, 'used')
  time.nowMs += 10
  for (const change of [used.bind, used.extend, expired.bind, expired.extend]) assert.equal(await change(), false)
  assert.deepEqual([(await used.use()).outcome, (await expired.use()).outcome], ['replayed', 'expired'])
})

test('a user code is parsed as people type it, and any other text is not', () => {
  const code = makeUserCode()
  for (const typed of [code, code.toLowerCase(), ` ${code.slice(0, 4)}-${code.slice(4)} `, code.split('').join(' ')]) {
    assert.equal(parseUserCode(typed), code)
  }
  for (const text of ['', 'BCDF', 'AEIOUAEIO', `${code}B`, '000000000', 'BCDFGHJK\u0130', 'x'.repeat(10_000)]) {
    assert.equal(parseUserCode(text), undefined, text.slice(0, 20))
  }
  assert.equal(new Set(Array.from({ length: 1000 }, makeUserCode)).size, 1000)
})
