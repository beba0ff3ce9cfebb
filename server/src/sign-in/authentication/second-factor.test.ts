import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import {
  type FormBrowser,
  type TestPage,
  type TestPages,
  armScope,
  azClientId,
  codeRequest,
  enterPassword,
  openTestPages,
  passwordOf,
} from '../../../testing/sign-in/test-pages.ts'
import { pageRoutes } from '../routes.ts'

const session = '__Host-acrux-session'
const known = '__Host-acrux-known'

async function open(t: TestContext) {
  const pages = await openTestPages()
  t.after(pages.close)
  const alice = await pages.createUser('alice')
  return { pages, alice, browser: pages.openBrowser() }
}

const codeOf = ({ time }: TestPages, secret: string) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: time.nowMs })

/** Opens the page with the secret for an authenticator app. */
async function beginApp(browser: FormBrowser) {
  const security = await enterPassword(browser, await browser.get('/account/security'), 'alice')
  const shown = await browser.submit(security, '/account/security/authenticator/new')
  const secret = /<p class="secret">([A-Z2-7 ]+)<\/p>/.exec(shown.text)?.[1]?.replaceAll(' ', '') ?? ''
  assert.match(shown.text, /<img\s+class="qr"\s+src="data:image\/svg\+xml;base64,/)
  return { shown, secret }
}

/** Sets up an authenticator app on the account pages, and returns its secret and the recovery codes. */
async function setUpApp(pages: TestPages, browser: FormBrowser) {
  const { shown, secret } = await beginApp(browser)
  const done = await browser.submit(shown, '/account/security/authenticator', { code: codeOf(pages, secret) })
  assert.equal(done.heading, 'Your recovery codes')
  const codes = [...done.text.matchAll(/<code>([a-z0-9-]+)<\/code>/g)].map(([, code]) => code ?? '')
  assert.equal(codes.length, 10)
  pages.time.nowMs += 60_000
  return { secret, codes }
}

const enterCode = (browser: FormBrowser, page: TestPage, code: string) =>
  browser.submit(page, '/sign-in/code', { code })

test('a person with an authenticator app must enter its code to sign in', async (t) => {
  const { pages, browser } = await open(t)
  const { secret } = await setUpApp(pages, browser)
  const other = pages.openBrowser()
  const nextPage = await enterPassword(other, await other.get(codeRequest().url), 'alice')
  assert.equal(nextPage.heading, 'Enter code')
  const half = other.cookies.get(session)
  assert.equal((await other.get('/account/security')).heading, 'Sign in', 'a password alone is not enough')
  assert.equal((await other.submit(nextPage, '/sign-in/answer', { decision: 'accept' })).left, undefined)
  const wrong = await enterCode(other, nextPage, '000000')
  assert.equal(wrong.status, 400)
  assert.match(wrong.text, /aria-invalid="true"/)
  const code = codeOf(pages, secret)
  const confirmation = await enterCode(other, nextPage, code)
  assert.equal(confirmation.heading, 'Sign in to Azure CLI?')
  assert.notEqual(other.cookies.get(session), half, 'fault 37: another id once more was proved')
  const third = pages.openBrowser()
  const again = await enterPassword(third, await third.get(codeRequest().url), 'alice')
  assert.equal((await enterCode(third, again, code)).status, 400, 'a code is good for one sign-in')
})

test('a new second factor ends sign-ins with only a password, but not those with a second factor', async (t) => {
  const { pages, browser } = await open(t)
  const attacker = pages.openBrowser()
  await enterPassword(attacker, await attacker.get('/account/security'), 'alice')
  const { url, verifier } = codeRequest()
  const { left } = await attacker.submit(await attacker.get(url), '/sign-in/answer', { decision: 'accept' })
  const code = left?.searchParams.get('code') ?? ''
  const grant = { client_id: azClientId, code, redirect_uri: 'http://localhost:36805', code_verifier: verifier }
  const { body } = await pages.token({ grant_type: 'authorization_code', ...grant })
  const refresh = (token = '') =>
    pages.token({ grant_type: 'refresh_token', client_id: azClientId, refresh_token: token, scope: armScope })
  const stolen = body['refresh_token'] ?? ''
  assert.equal((await refresh(stolen)).status, 200)
  const pendingCode = await attacker.submit(await attacker.get(url), '/sign-in/answer', { decision: 'accept' })

  const { secret, codes } = await setUpApp(pages, browser)
  assert.match((await refresh(stolen)).body['error_description'] ?? '', /AADSTS50173/)
  const again = { ...grant, code: pendingCode.left?.searchParams.get('code') ?? '' }
  assert.equal((await pages.token({ grant_type: 'authorization_code', ...again })).status, 400)
  assert.equal((await attacker.get('/account/security')).heading, 'Sign in')
  assert.equal((await browser.get('/account/security')).heading, 'Security', 'the session of the setup continues')

  const strong = pages.openBrowser()
  const nextPage = await enterPassword(strong, await strong.get('/account/security'), 'alice')
  await enterCode(strong, nextPage, codeOf(pages, secret))
  const owner = await pages.directory.findUserByName('alice@contoso.example')
  assert.ok(owner !== undefined && codes.length > 0)
  await pages.change((transaction, { secondFactors }) =>
    secondFactors.addPasskey(transaction, {
      objectId: owner.objectId,
      credentialId: 'a passkey',
      publicKey: new Uint8Array([1]),
      counter: 0,
      transports: [],
      displayName: 'Key',
    }),
  )
  assert.equal((await strong.get('/account/security')).heading, 'Security', 'this sign-in used a second factor')
})

test('the second factor must follow the password within ten minutes', async (t) => {
  const { pages, browser } = await open(t)
  const { secret } = await setUpApp(pages, browser)
  for (const [afterMs, heading] of [
    [10 * 60_000 - 1, 'Sign in to Azure CLI?'],
    [10 * 60_000, 'Sign in'],
  ] as const) {
    const other = pages.openBrowser()
    const nextPage = await enterPassword(other, await other.get(codeRequest().url), 'alice')
    pages.time.nowMs += afterMs
    assert.equal((await enterCode(other, nextPage, codeOf(pages, secret))).heading, heading)
  }
})

test('the code of one person is rejected for another', async (t) => {
  const { pages, browser } = await open(t)
  const { secret } = await setUpApp(pages, browser)
  await pages.createUser('bob')
  const other = pages.openBrowser()
  const nextPage = await enterPassword(other, await other.get(codeRequest().url), 'alice')
  const second = await other.get(codeRequest({ login_hint: 'bob@contoso.example' }).url)
  await enterPassword(other, second, 'bob')
  assert.equal(
    (await enterCode(other, nextPage, codeOf(pages, secret))).heading,
    'Sign in',
    'the first is no longer pending',
  )
})

test('a recovery code works once', async (t) => {
  const { pages, browser } = await open(t)
  const { codes } = await setUpApp(pages, browser)
  const [code = ''] = codes
  const use = async () => {
    const other = pages.openBrowser()
    const nextPage = await enterPassword(other, await other.get(codeRequest().url), 'alice')
    const [, link = ''] = /href="(\/sign-in\/recovery\?flow=[\w-]+)"/.exec(nextPage.text) ?? []
    const page = await other.get(link)
    assert.equal(page.heading, 'Enter recovery code')
    return enterCode(other, page, code.toUpperCase())
  }
  assert.equal((await use()).heading, 'Sign in to Azure CLI?')
  assert.match((await use()).text, /already used code/)
})

test('after ten incorrect codes, even a correct code must wait, but not in a known browser or network', async (t) => {
  const { pages, browser } = await open(t)
  const { secret } = await setUpApp(pages, browser)
  const other = pages.openBrowser('203.0.113.1')
  const nextPage = await enterPassword(other, await other.get(codeRequest().url), 'alice')
  for (let attempt = 0; attempt < 10; attempt++) await enterCode(other, nextPage, '000000')
  assert.equal((await enterCode(other, nextPage, codeOf(pages, secret))).status, 429)

  const atHome = pages.openBrowser()
  const there = await enterPassword(atHome, await atHome.get(codeRequest().url), 'alice')
  assert.equal((await enterCode(atHome, there, codeOf(pages, secret))).heading, 'Sign in to Azure CLI?')

  pages.time.nowMs += 60_000
  const travelling = pages.openBrowser('203.0.113.2')
  travelling.cookies.set(known, atHome.cookies.get(known) ?? '')
  const again = await enterPassword(travelling, await travelling.get(codeRequest().url), 'alice')
  assert.equal((await enterCode(travelling, again, codeOf(pages, secret))).heading, 'Sign in to Azure CLI?')
})

test('a hundred incorrect codes in a row block the app permanently, but not other factors, and are recorded', async (t) => {
  const { pages, browser } = await open(t)
  const { secret, codes } = await setUpApp(pages, browser)
  const other = pages.openBrowser()
  const nextPage = await enterPassword(other, await other.get(codeRequest().url), 'alice')
  for (let attempt = 0; attempt < 99; attempt++) assert.equal((await enterCode(other, nextPage, '000000')).status, 400)
  assert.equal((await enterCode(other, nextPage, '000000')).status, 403)
  assert.match((await enterCode(other, nextPage, codeOf(pages, secret))).text, /app is blocked/)
  const closed = await pages.database
    .tables<{ audit_event: { action: string } }>()
    .selectFrom('audit_event')
    .selectAll()
    .where('action', '=', 'second-factor.close')
    .execute()
  assert.equal(closed.length, 1)
  const { url } = nextPage
  const recovery = await other.get(url.replace('/sign-in?', '/sign-in/recovery?'))
  assert.equal((await enterCode(other, recovery, codes[0] ?? '')).heading, 'Sign in to Azure CLI?')
})

test('after many failed attempts, unknown browsers and networks need a second factor together with the password', async (t) => {
  const { pages, browser } = await open(t)
  const { secret } = await setUpApp(pages, browser)
  const stranger = pages.openBrowser('203.0.113.1')
  const page = await stranger.get(codeRequest().url)
  await enterPassword(stranger, page, 'alice', 'a wrong password')
  await pages.database.transaction((transaction) =>
    transaction
      .tables<{ password_failure: { failures: number } }>()
      .updateTable('password_failure')
      .set({ failures: 100 })
      .execute(),
  )
  const nextPage = await enterPassword(stranger, page, 'alice')
  assert.match(nextPage.text, /many failed sign-in attempts/)
  const fields = { username: 'alice@contoso.example', password: passwordOf('alice') }
  const wrong = await stranger.submit(nextPage, '/sign-in/password', { ...fields, code: '000000' })
  assert.match(wrong.text, /many failed sign-in attempts/)
  const done = await stranger.submit(wrong, '/sign-in/password', { ...fields, code: codeOf(pages, secret) })
  assert.equal(done.heading, 'Sign in to Azure CLI?')
})

const removalOf = ({ text }: TestPage) =>
  /href="(\/account\/security\/remove\?[^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? ''

test('changing second factors requires an authentication within ten minutes', async (t) => {
  const { pages, browser } = await open(t)
  const { secret } = await setUpApp(pages, browser)
  // One of the ten minutes has already passed.
  pages.time.nowMs += 9 * 60_000 - 1
  assert.equal((await browser.get('/account/security/passkey')).heading, 'Add a passkey')
  pages.time.nowMs += 1
  assert.equal((await browser.get('/account/security/passkey')).heading, 'Sign in')
  const page = await browser.get('/account/security')
  assert.equal(page.heading, 'Security')
  const nextPage = await browser.get(removalOf(page))
  assert.equal(nextPage.heading, 'Sign in')
  assert.match(nextPage.text, /value="alice@contoso\.example"/)
  const code = await enterPassword(browser, nextPage, 'alice')
  assert.equal(code.heading, 'Enter code', 'a password is not enough to remove the second factor')
  const back = await enterCode(browser, code, codeOf(pages, secret))
  assert.equal(back.heading, 'Security')
  assert.match(back.text, /An authenticator app is set up/)
  const question = await browser.get(removalOf(back))
  assert.equal(question.heading, 'Remove the app?')
  assert.match(question.text, /This is your last second factor/)
  const removed = await browser.submit(question, '/account/security/authenticator/remove')
  assert.match(removed.text, /Set up an app/)
  assert.match(removed.text, /Sign out everywhere else/, 'another person may be signed in, too')
  const other = pages.openBrowser()
  const next = await enterPassword(other, await other.get(codeRequest().url), 'alice')
  assert.equal(next.heading, 'Sign in to Azure CLI?')
})

test('every account page has a button to sign out, also those for one step', async (t) => {
  const { pages, browser } = await open(t)
  const { shown, secret } = await beginApp(browser)
  const steps: [string, TestPage][] = [['the secret of an app', shown]]
  const codes = await browser.submit(shown, '/account/security/authenticator', { code: codeOf(pages, secret) })
  steps.push(['recovery codes', codes], ['the removal of an app', await browser.get('/account/security/remove')])
  const shows = pageRoutes.filter(({ path, method }) => path.startsWith('/account/') && method === 'GET')
  for (const { path } of shows) steps.push([path, await browser.get(path)])
  for (const [what, page] of steps) {
    assert.equal(page.status, 200, what)
    assert.match(page.text, /action="\/sign-out"[^]*Sign out<\/button>/, `${what}: ${page.heading}`)
  }
})

test('a browser with a password-only sign-in must sign in again after a second factor was added', async (t) => {
  const { pages, browser } = await open(t)
  const older = pages.openBrowser()
  assert.equal((await enterPassword(older, await older.get('/account/security'), 'alice')).heading, 'Security')
  const { secret } = await setUpApp(pages, browser)
  assert.equal((await browser.get('/account/security')).heading, 'Security', 'the setup used the second factor')
  assert.equal((await older.get('/account/security')).heading, 'Sign in')
  const nextPage = await enterPassword(older, await older.get(codeRequest().url), 'alice')
  assert.equal(nextPage.heading, 'Enter code')
  assert.equal((await enterCode(older, nextPage, codeOf(pages, secret))).heading, 'Sign in to Azure CLI?')
})

test('an incorrect first code does not set up the app, and keeps the QR code and the secret', async (t) => {
  const { pages, browser } = await open(t)
  const { shown, secret } = await beginApp(browser)
  const result = await browser.submit(shown, '/account/security/authenticator', { code: '123' })
  assert.equal(result.status, 400)
  assert.match(result.text, /aria-invalid="true"/)
  const picture = /src="(data:image\/svg[^"]+)"/
  assert.equal(picture.exec(result.text)?.[1], picture.exec(shown.text)?.[1])
  const other = pages.openBrowser()
  const next = await enterPassword(other, await other.get(codeRequest().url), 'alice')
  assert.equal(next.heading, 'Sign in to Azure CLI?')
  const done = await browser.submit(result, '/account/security/authenticator', { code: codeOf(pages, secret) })
  assert.equal(done.heading, 'Your recovery codes', 'a typing error does not require a new setup')
})

test('an invalid passkey is rejected without a failure', async (t) => {
  const { pages, browser } = await open(t)
  const first = await browser.get(codeRequest().url)
  const [, link = ''] = /href="(\/sign-in\/passkey\?flow=[\w-]+)"/.exec(first.text) ?? []
  const page = await browser.get(link)
  assert.match(page.text, /data-options="\{&quot;rpId&quot;:&quot;login\.example&quot;/)
  const id = 'AAAA'
  const response = { clientDataJSON: 'e30', authenticatorData: 'AAAA', signature: 'AAAA' }
  const shapes = [
    '',
    'x',
    '[]',
    '{}',
    'null',
    '{"id":1,"response":{}}',
    '{"id":"AAAA","response":1}',
    '{"id":"a","id":"b","response":{}}',
  ]
  shapes.push(JSON.stringify({ id, rawId: id, type: 'public-key', clientExtensionResults: {}, response }))
  shapes.push(JSON.stringify({ id: 'x'.repeat(20_000), response }), `${'['.repeat(10_000)}${']'.repeat(10_000)}`)
  for (const credential of shapes) {
    const result = await browser.submit(page, '/sign-in/passkey', { credential })
    assert.equal(result.status, 400, credential.slice(0, 80))
    assert.match(result.text, /Unknown passkey/)
  }
  assert.equal(browser.cookies.has(session), false)
  const security = await enterPassword(browser, await browser.get('/account/security'), 'alice')
  assert.match(security.text, /Add a passkey/)
  const adding = await browser.get('/account/security/passkey')
  for (const credential of shapes) {
    const result = await browser.submit(adding, '/account/security/passkey', { credential })
    assert.equal(result.status, 400, credential.slice(0, 80))
  }
  assert.ok(pages.logLines.every((line) => !line.includes('"level":50')))
})

test('a person of an external provider cannot add a sign-in method here', async (t) => {
  const { pages, alice, browser } = await open(t)
  const before = await enterPassword(browser, await browser.get('/account/security'), 'alice')
  await pages.database.transaction((transaction) =>
    transaction
      .tables<{ directory_user: { object_id: string; external: number } }>()
      .updateTable('directory_user')
      .set({ external: 1 })
      .where('object_id', '=', alice.objectId)
      .execute(),
  )
  const page = await browser.get('/account/security')
  assert.match(page.text, /identity provider manages your account/)
  assert.doesNotMatch(page.text, /Add a passkey|Set up an app|\/account\/password/)
  assert.equal((await browser.get('/account/security/passkey')).status, 403)
  assert.equal((await browser.get('/account/password')).status, 403)
  assert.equal((await browser.submit(before, '/account/security/authenticator/new')).status, 403)
})

test('a password change does not count as a second factor: an old session cannot remove a method', async (t) => {
  const { pages, browser } = await open(t)
  await setUpApp(pages, browser)
  pages.time.nowMs += 11 * 60_000
  const page = await browser.get('/account/password')
  const chosen = 'four words that are hers'
  const fields = { current: passwordOf('alice'), 'new-password': chosen, repeated: chosen }
  assert.match((await browser.submit(page, '/account/password', fields)).text, /Password changed\./)
  assert.equal((await browser.get('/account/security')).heading, 'Security', 'the session continues')
  assert.equal((await browser.get('/account/security/remove')).heading, 'Sign in')
})

test('an incorrect code with a correct password that blocks the app is also in the audit log', async (t) => {
  const { pages, browser } = await open(t)
  await setUpApp(pages, browser)
  const stranger = pages.openBrowser('203.0.113.1')
  const form = await stranger.get(codeRequest().url)
  await enterPassword(stranger, form, 'alice', 'a wrong password')
  type Counters = { password_failure: { failures: number }; totp: { failures_in_row: number } }
  await pages.database.transaction(async (transaction) => {
    await transaction.tables<Counters>().updateTable('password_failure').set({ failures: 100 }).execute()
    await transaction.tables<Counters>().updateTable('totp').set({ failures_in_row: 99 }).execute()
  })
  const fields = { username: 'alice@contoso.example', password: passwordOf('alice'), code: '000000' }
  const rejected = await stranger.submit(form, '/sign-in/password', fields)
  assert.match(rejected.text, /Enter your password and a code/)
  const actions = await pages.database
    .tables<{ audit_event: { action: string } }>()
    .selectFrom('audit_event')
    .select('action')
    .where('action', '=', 'second-factor.close')
    .execute()
  assert.equal(actions.length, 1)
})
