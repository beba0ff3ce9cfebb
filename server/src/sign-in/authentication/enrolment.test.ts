import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import type { User } from '../../directory/index.ts'
import { createTestAuthenticator } from '../../../testing/sign-in/test-authenticator.ts'
import {
  type FormBrowser,
  type TestPage,
  type TestPages,
  azClientId,
  codeRequest,
  enterPassword,
  openTestPages,
  testHost,
  testOrigin,
} from '../../../testing/sign-in/test-pages.ts'

type Policy = NonNullable<NonNullable<Parameters<typeof openTestPages>[0]>['secondFactorPolicy']>

async function open(t: TestContext, policy: Partial<Policy> = {}, publicOrigin = testOrigin) {
  const secondFactorPolicy = { required: 'all', enrolment: 'self', ...policy } as const
  const pages = await openTestPages({ secondFactorPolicy, publicOrigin })
  t.after(pages.close)
  const alice = await pages.createUser('alice')
  return { pages, alice, browser: pages.openBrowser() }
}

const secretOf = (page: TestPage) =>
  /<p class="secret">([A-Z2-7 ]+)<\/p>/.exec(page.text)?.[1]?.replaceAll(' ', '') ?? ''
const pictureOf = (page: TestPage) => /src="(data:image\/svg[^"]+)"/.exec(page.text)?.[1]
const codeOf = ({ time }: TestPages, page: TestPage) =>
  new TOTP({ secret: Secret.fromBase32(secretOf(page)) }).generate({ timestamp: time.nowMs })

/** Follows the link on the page with the recovery codes. */
function goOn(browser: FormBrowser, page: TestPage): Promise<TestPage> {
  assert.equal(page.heading, 'Your recovery codes')
  assert.equal([...page.text.matchAll(/<code>[a-z0-9-]{29}<\/code>/g)].length, 10)
  const [, href = ''] = /<a class="button primary" href="([^"]+)">I have saved the codes</.exec(page.text) ?? []
  return browser.get(href)
}

const eventsOf = async ({ credentials }: TestPages, { objectId }: User) =>
  (await credentials.securityEvents.list(objectId)).map(({ kind, detail }) => `${kind} ${detail}`.trim())

test('a person who needs a second factor must set one up at the next sign-in', async (t) => {
  const { pages, alice, browser } = await open(t)
  const nextPage = await enterPassword(browser, await browser.get(codeRequest().url), 'alice')
  assert.equal(nextPage.heading, 'Set up a second factor')
  assert.equal((await browser.get('/account/security')).heading, 'Sign in', 'a password alone is not enough')
  const shown = await browser.submit(nextPage, '/sign-in/enrolment')
  const wrong = await browser.submit(shown, '/sign-in/enrolment/confirm', { code: '000000' })
  assert.equal(wrong.status, 400)
  assert.match(wrong.text, /aria-invalid="true"/)
  assert.equal(pictureOf(wrong), pictureOf(shown), 'a wrong first code keeps the QR code')
  assert.equal(secretOf(wrong), secretOf(shown))
  const codes = await browser.submit(wrong, '/sign-in/enrolment/confirm', { code: codeOf(pages, wrong) })
  assert.equal((await goOn(browser, codes)).heading, 'Sign in to Azure CLI?')
  assert.deepEqual((await eventsOf(pages, alice)).toSorted(), ['method-added totp', 'new-network'])

  pages.time.nowMs += 60_000
  const other = pages.openBrowser()
  const next = await enterPassword(other, await other.get(codeRequest().url), 'alice')
  assert.equal(next.heading, 'Enter code')
})

test('a passkey can be set up as the second factor at the next sign-in, and is then required', async (t) => {
  const { pages, alice, browser } = await open(t)
  const authenticator = createTestAuthenticator({ rpId: 'login.example', origin: testOrigin })
  const nextPage = await enterPassword(browser, await browser.get(codeRequest().url), 'alice')
  const shown = await browser.submit(nextPage, '/sign-in/enrolment', { method: 'passkey' })
  assert.equal(shown.heading, 'Add a passkey')
  const wrong = await browser.submit(shown, '/sign-in/enrolment/passkey', { credential: '{}' })
  assert.deepEqual([wrong.status, wrong.heading], [400, 'Add a passkey'])
  assert.match(wrong.text, /Your browser did not create a passkey/)
  assert.equal((await browser.get('/account/security')).heading, 'Sign in', 'a password alone is not enough')
  const [, link = ''] = /<a href="([^"]+)">Use another method/.exec(wrong.text) ?? []
  assert.equal((await browser.get(link)).heading, 'Set up a second factor')
  const answer = { credential: authenticator.create(wrong), name: 'Key of Alice' }
  const codes = await browser.submit(wrong, '/sign-in/enrolment/passkey', answer)
  assert.equal((await goOn(browser, codes)).heading, 'Sign in to Azure CLI?')
  assert.deepEqual((await eventsOf(pages, alice)).toSorted(), ['method-added passkey', 'new-network'])
  const held = await pages.credentials.secondFactors.passkeysOf(alice.objectId)
  assert.deepEqual(
    held.map(({ displayName }) => displayName),
    ['Key of Alice'],
  )

  const other = pages.openBrowser()
  const next = await enterPassword(other, await other.get(codeRequest().url), 'alice')
  assert.equal(next.heading, 'Use a passkey')
  const proved = await other.submit(next, '/sign-in/passkey', { credential: authenticator.get(next) })
  assert.equal(proved.heading, 'Sign in to Azure CLI?')
})

test('a server with an IP address offers and accepts no passkeys', async (t) => {
  const { browser } = await open(t, {}, 'https://192.0.2.1')
  const nextPage = await enterPassword(browser, await browser.get(codeRequest().url), 'alice')
  assert.equal(nextPage.heading, 'Set up a second factor')
  assert.doesNotMatch(nextPage.text, /passkey/i)
  const sent = await browser.submit(nextPage, '/sign-in/enrolment', { method: 'passkey' })
  assert.deepEqual([sent.status, sent.heading], [404, 'Passkeys are not available'])
})

test('a person who must also change the password does that first', async (t) => {
  const { pages, browser } = await open(t)
  await pages.createUser('carol', { mustChangePassword: true })
  const first = await enterPassword(browser, await browser.get(codeRequest().url), 'carol')
  assert.equal(first.heading, 'Choose a new password')
  const chosen = 'four words that are hers'
  const second = await browser.submit(first, '/sign-in/new-password', { 'new-password': chosen, repeated: chosen })
  assert.equal(second.heading, 'Set up a second factor')
  assert.equal((await browser.get('/account/security')).heading, 'Sign in')
  const shown = await browser.submit(second, '/sign-in/enrolment')
  const codes = await browser.submit(shown, '/sign-in/enrolment/confirm', { code: codeOf(pages, shown) })
  assert.equal((await goOn(browser, codes)).heading, 'Sign in to Azure CLI?')
})

test('if only owners need a second factor, other people sign in without one', async (t) => {
  const { pages, alice, browser } = await open(t, { required: 'owners' })
  assert.equal(
    (await enterPassword(browser, await browser.get(codeRequest().url), 'alice')).heading,
    'Sign in to Azure CLI?',
  )
  await pages.change((transaction, { roles }) => roles.assign(transaction, alice.objectId, 'owner'))
  assert.equal(
    (await browser.get('/account/security')).heading,
    'Sign in',
    'a session made before is not enough either',
  )
  const other = pages.openBrowser()
  const nextPage = await enterPassword(other, await other.get(codeRequest().url), 'alice')
  assert.equal(nextPage.heading, 'Set up a second factor')
})

test('a token from a password-only sign-in ends when its person becomes an owner who needs a second factor', async (t) => {
  const { pages, alice, browser } = await open(t, { required: 'owners' })
  const { url, verifier } = codeRequest({ scope: 'openid profile' })
  const nextPage = await enterPassword(browser, await browser.get(url), 'alice')
  const { left } = await browser.submit(nextPage, '/sign-in/answer', { decision: 'accept' })
  const code = left?.searchParams.get('code') ?? ''
  const grant = { client_id: azClientId, code, redirect_uri: 'http://localhost:36805', code_verifier: verifier }
  const { body } = await pages.token({ grant_type: 'authorization_code', ...grant })
  const headers = { host: testHost, authorization: `Bearer ${body['access_token']}` }
  const statusOf = async () => (await pages.app.inject({ method: 'GET', url: '/oidc/userinfo', headers })).statusCode
  assert.equal(await statusOf(), 200)
  await pages.change((transaction, { roles }) => roles.assign(transaction, alice.objectId, 'reader'))
  assert.equal(await statusOf(), 200)
  await pages.change((transaction, { roles }) => roles.assign(transaction, alice.objectId, 'owner'))
  assert.equal(await statusOf(), 401)
})

test('with enrolment by owner code, a password alone cannot set up an authenticator app', async (t) => {
  const { pages, alice, browser } = await open(t, { enrolment: 'owner-code' })
  const { accessPasses } = pages.credentials
  const nextPage = await enterPassword(browser, await browser.get(codeRequest().url), 'alice')
  const without = await browser.submit(nextPage, '/sign-in/enrolment')
  assert.match(without.text, /Incorrect or expired access pass/)
  const code = await pages.change((transaction) =>
    accessPasses.create(transaction, alice.objectId, { lifetimeMs: 60_000, createdBy: null }),
  )
  const shown = await browser.submit(without, '/sign-in/enrolment', { access_pass: code.toUpperCase() })
  const confirm = { code: codeOf(pages, shown) }
  const stripped = await browser.submit(shown, '/sign-in/enrolment/confirm', { ...confirm, access_pass: '' })
  assert.equal(stripped.status, 400, 'every step requires the code')
  assert.match(stripped.text, /Incorrect or expired access pass/)
  assert.equal((await pages.credentials.secondFactors.of(alice.objectId)).totp, false)
  const codes = await browser.submit(shown, '/sign-in/enrolment/confirm', confirm)
  assert.equal((await goOn(browser, codes)).heading, 'Sign in to Azure CLI?')
  assert.equal(await accessPasses.isValid(alice.objectId, code), false, 'the code works once')
})

test('with enrolment by owner code, a password alone cannot set up a passkey', async (t) => {
  const { pages, alice, browser } = await open(t, { enrolment: 'owner-code' })
  const { accessPasses, secondFactors } = pages.credentials
  const method = 'passkey'
  const nextPage = await enterPassword(browser, await browser.get(codeRequest().url), 'alice')
  const without = await browser.submit(nextPage, '/sign-in/enrolment', { method })
  assert.match(without.text, /Incorrect or expired access pass/)
  const code = await pages.change((transaction) =>
    accessPasses.create(transaction, alice.objectId, { lifetimeMs: 60_000, createdBy: null }),
  )
  const shown = await browser.submit(without, '/sign-in/enrolment', { method, access_pass: code })
  const credential = createTestAuthenticator({ rpId: 'login.example', origin: testOrigin }).create(shown)
  const stripped = await browser.submit(shown, '/sign-in/enrolment/passkey', { credential, access_pass: '' })
  assert.equal(stripped.status, 400, 'every step requires the code')
  assert.match(stripped.text, /Incorrect or expired access pass/)
  assert.equal((await secondFactors.of(alice.objectId)).passkeys, 0)
  const codes = await browser.submit(shown, '/sign-in/enrolment/passkey', { credential })
  assert.equal((await goOn(browser, codes)).heading, 'Sign in to Azure CLI?')
  assert.equal(await accessPasses.isValid(alice.objectId, code), false, 'the code works once')
})

test('a setup that was started with an owner’s code does not show its secret without the code', async (t) => {
  const { pages, alice, browser } = await open(t, { enrolment: 'owner-code' })
  const code = await pages.change((transaction, { accessPasses }) =>
    accessPasses.create(transaction, alice.objectId, { lifetimeMs: 60_000, createdBy: null }),
  )
  const attacker = pages.openBrowser()
  const nextPage = await enterPassword(attacker, await attacker.get(codeRequest().url), 'alice')
  const own = await enterPassword(browser, await browser.get(codeRequest().url), 'alice')
  const shown = await browser.submit(own, '/sign-in/enrolment', { access_pass: code })
  assert.notEqual(secretOf(shown), '')
  const [, token = ''] = /name="token" value="([^"]+)"/.exec(nextPage.text) ?? []
  const [, flow = ''] = /name="flow" value="([^"]+)"/.exec(nextPage.text) ?? []
  const attempted = await attacker.post('/sign-in/enrolment/confirm', { token, flow, code: '000000' })
  assert.equal(secretOf(attempted), '')
  assert.match(attempted.text, /Incorrect or expired access pass/)
  const codes = await browser.submit(shown, '/sign-in/enrolment/confirm', { code: codeOf(pages, shown) })
  assert.equal((await goOn(browser, codes)).heading, 'Sign in to Azure CLI?')
})

test('the account pages require the owner’s code for the first second factor, even if the second factor is optional', async (t) => {
  const { pages, alice, browser } = await open(t, { required: 'none', enrolment: 'owner-code' })
  const security = await enterPassword(browser, await browser.get('/account/security'), 'alice')
  assert.equal(security.heading, 'Security')
  const nextPage = await browser.submit(security, '/account/security/authenticator/new')
  assert.equal(nextPage.heading, 'Set up a second factor')
  assert.equal((await browser.get('/account/security/passkey')).heading, 'Set up a second factor')
  for (const path of ['/account/security/authenticator', '/account/security/recovery-codes']) {
    const { cookies } = browser
    assert.ok(cookies.size > 0)
    const form = /name="token" value="([^"]+)"/.exec(security.text)?.[1] ?? ''
    const sent = await browser.post(path, { token: form, account: alice.objectId, code: '000000' })
    assert.equal(sent.status, 403, path)
  }
  const code = await pages.change((transaction, { accessPasses }) =>
    accessPasses.create(transaction, alice.objectId, { lifetimeMs: 60_000, createdBy: null }),
  )
  const shown = await browser.submit(nextPage, '/sign-in/enrolment', { access_pass: code })
  pages.time.nowMs += 1000
  const codes = await browser.submit(shown, '/sign-in/enrolment/confirm', { code: codeOf(pages, shown) })
  const end = await goOn(browser, codes)
  assert.equal(end.heading, 'Security')
  assert.match(end.text, /An authenticator app is set up/)
})

test('a setup cannot be confirmed after the password was reset', async (t) => {
  const { pages, alice, browser } = await open(t)
  const nextPage = await enterPassword(browser, await browser.get(codeRequest().url), 'alice')
  const shown = await browser.submit(nextPage, '/sign-in/enrolment')
  await pages.resetPassword(alice, 'seven brass kettles')
  const sent = await browser.submit(shown, '/sign-in/enrolment/confirm', { code: codeOf(pages, shown) })
  assert.deepEqual([sent.status, sent.heading], [200, 'Sign in'])
  assert.equal((await pages.credentials.secondFactors.of(alice.objectId)).totp, false)
})
