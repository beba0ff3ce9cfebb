import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { type TestPeople, azClientId, openTestPeople, testScope } from '../../../testing/identity/test-people.ts'
import { testOrigin, testTenantId } from '../../../testing/identity/test-provider.ts'

const urn = 'urn:ietf:params:oauth:grant-type:device_code'
const browser = '203.0.113.7'

type DeviceAnswer = {
  readonly user_code: string
  readonly device_code: string
  readonly message: string
  readonly verification_uri: string
  readonly expires_in: number
  readonly interval: number
}

async function start(people: TestPeople, change: Record<string, string> = {}): Promise<DeviceAnswer> {
  const form = new URLSearchParams({ client_id: azClientId, scope: testScope, ...change }).toString()
  const response = await people.post('/organizations/oauth2/v2.0/devicecode', form)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('cache-control'), 'no-store')
  return (await response.json()) as DeviceAnswer
}

/** As MSAL asks: with the code under both names. */
const poll = (people: TestPeople, code: string, change: Record<string, string> = {}) =>
  people.ask({ grant_type: urn, client_id: azClientId, client_info: '1', code, device_code: code, ...change })

for (const kind of testDatabaseKinds) {
  test(`a device gets its tokens once, after its person approved it (${kind}) [RFC 8628; az-cli-wire 3.4]`, async (t) => {
    const people = await openTestPeople(kind)
    t.after(people.close)
    const device = await start(people)
    assert.match(device.user_code, /^[BCDFGHJKLMNPQRTVWXYZ3479]{9}$/)
    assert.equal(device.verification_uri, `${testOrigin}/devicelogin`)
    assert.ok(device.message.includes(device.user_code) && device.message.includes(device.verification_uri))
    assert.deepEqual([device.expires_in, device.interval], [600, 5])
    const pending = await poll(people, device.device_code)
    assert.deepEqual([pending.status, pending.error, pending.error_codes], [400, 'authorization_pending', [70016]])

    const typed = `${device.user_code.slice(0, 4).toLowerCase()} - ${device.user_code.slice(4)}`
    const shown = await people.identity.findDeviceRequest(typed, browser)
    assert.ok(typeof shown === 'object')
    assert.deepEqual([shown.client.displayName, shown.resource.audience], ['Azure CLI', 'arm'])
    assert.equal(shown.requestedFrom, '127.0.0.1')
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        people.identity.answerDeviceRequest(typed, { person: people.signedIn() }, browser),
      ),
    )
    assert.equal(answers.filter(Boolean).length, 1)
    assert.equal(await people.identity.findDeviceRequest(typed, browser), undefined)

    const polls = await Promise.all(Array.from({ length: 10 }, () => poll(people, device.device_code)))
    const succeeded = polls.filter(({ status }) => status === 200)
    assert.equal(succeeded.length, 1)
    assert.equal(succeeded[0]?.scope, testScope)
    assert.equal(typeof succeeded[0]?.refresh_token, 'string')
    assert.equal(typeof succeeded[0]?.id_token, 'string')
  })
}

test("MSAL Node's short name of the grant issues valid tokens", async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const device = await start(people)
  await people.identity.answerDeviceRequest(device.user_code, { person: people.signedIn() }, browser)
  const answer = await poll(people, device.device_code, { grant_type: 'device_code' })
  assert.equal(answer.status, 200)
  const verified = await people.identity.verifyAccessToken(answer.access_token ?? '', ['arm'])
  assert.ok(verified.ok && verified.identity.principal.kind === 'user')
})

test('a declined device gets an error, and its code cannot be approved afterwards', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const device = await start(people)
  assert.equal(await people.identity.answerDeviceRequest(device.user_code, 'declined', browser), true)
  assert.equal(
    await people.identity.answerDeviceRequest(device.user_code, { person: people.signedIn() }, browser),
    false,
  )
  const answer = await poll(people, device.device_code)
  assert.deepEqual([answer.error, answer.error_codes], ['authorization_declined', [65004]])
})

test('fault 15: a device code expires after exactly ten minutes', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const device = await start(people)
  people.time.nowMs += 600_000 - 1000
  assert.equal((await poll(people, device.device_code)).error, 'authorization_pending')
  assert.equal(typeof (await people.identity.findDeviceRequest(device.user_code, browser)), 'object')
  people.time.nowMs += 1000
  assert.equal((await poll(people, device.device_code)).error, 'expired_token')
  assert.equal(await people.identity.findDeviceRequest(device.user_code, browser), undefined)
})

test('an approval in the last second is accepted, and expires with the code', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const device = await start(people)
  people.time.nowMs += 599_000
  await people.identity.answerDeviceRequest(device.user_code, { person: people.signedIn() }, browser)
  people.time.nowMs += 1000
  assert.equal((await poll(people, device.device_code)).error, 'expired_token')
})

test('a device that polls too fast must slow down, and its polls are not audited', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { device_code } = await start(people)
  const errors: (string | undefined)[] = []
  for (const seconds of [0, 5, 1, 10, 5, 15]) {
    people.time.nowMs += seconds * 1000
    errors.push((await poll(people, device_code)).error)
  }
  const [pending, slow] = ['authorization_pending', 'slow_down']
  assert.deepEqual(errors, [pending, pending, slow, pending, slow, pending])
  const events = await people.database.tables<{ audit_event: object }>().selectFrom('audit_event').selectAll().execute()
  assert.ok(!JSON.stringify(events).includes('AADSTS70016'))
})

test('a device code is denied to another client, and an unknown code to everyone', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const device = await start(people)
  await people.identity.answerDeviceRequest(device.user_code, { person: people.signedIn() }, browser)
  const powershell = { client_id: '1950a258-227b-4e31-a9cf-717495945fc2' }
  assert.deepEqual((await poll(people, device.device_code, powershell)).error_codes, [700005])
  for (const code of ['x', device.user_code, `${device.device_code}x`]) {
    assert.equal((await poll(people, code)).error, 'bad_verification_code')
  }
  assert.equal((await poll(people, device.device_code)).status, 200)
})

test('an application may use device codes only if it is registered for that', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { appId } = people.client.servicePrincipal
  const form = new URLSearchParams({ client_id: appId, scope: testScope }).toString()
  const rejected = await people.post(`/${testTenantId}/oauth2/v2.0/devicecode`, form)
  assert.deepEqual(
    [rejected.status, ((await rejected.json()) as { error_codes: number[] }).error_codes],
    [401, [7000218]],
  )
})

test('the attempts at user codes are limited, for correct codes too', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { user_code } = await start(people)
  const outcomes: unknown[] = []
  for (let guess = 0; guess < 130; guess += 1)
    outcomes.push(await people.identity.findDeviceRequest('BBBBBBBBB', browser))
  assert.equal(outcomes.filter((outcome) => outcome === undefined).length, 120)
  assert.equal(await people.identity.findDeviceRequest(user_code, browser), 'throttled')
  // Other addresses are not limited.
  assert.equal(typeof (await people.identity.findDeviceRequest(user_code, '198.51.100.1')), 'object')
})

test('a thousand addresses that try user codes do not block others', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { user_code } = await start(people)
  let throttled = 0
  for (let index = 0; index < 1000; index += 1) {
    for (let guess = 0; guess < 12; guess += 1) {
      if ((await people.identity.findDeviceRequest('x', `10.${index >> 8}.${index & 255}.1`)) === 'throttled')
        throttled += 1
    }
  }
  assert.ok(throttled > 4000, `${throttled} were rejected`)
  for (const [who, address] of [
    ['a stranger', '198.51.100.7'],
    ['a stranger with IPv6', '2001:db8::7'],
  ] as const) {
    for (let guess = 0; guess < 5; guess += 1) {
      assert.equal(typeof (await people.identity.findDeviceRequest(user_code, address)), 'object', who)
    }
  }
  const known = '127.0.0.1'
  await people.token()
  for (let guess = 0; guess < 120; guess += 1) {
    assert.equal(typeof (await people.identity.findDeviceRequest(user_code, known)), 'object', 'who proved something')
  }
})

test('the number of device codes of an address is limited', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const form = new URLSearchParams({ client_id: azClientId, scope: testScope }).toString()
  let last = 0
  for (let round = 0; round < 121; round += 1) {
    last = (await people.post('/common/oauth2/v2.0/devicecode', form)).status
  }
  assert.equal(last, 429)
})
