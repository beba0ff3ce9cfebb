import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { JWTPayload } from 'jose'
import { Secret, TOTP } from 'otpauth'
import { loadConfiguration } from '../../configuration/index.ts'
import { usualDatabaseKind, usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  type FormBrowser,
  type TestPage,
  type TestPagesOptions,
  azClientId,
  codeRequest,
  enterPassword,
  openTestPages,
  testHost,
} from '../../../testing/sign-in/test-pages.ts'
import { startTestProvider } from '../../../testing/issuers/test-upstream-provider.ts'

const hourMs = 60 * 60 * 1000
const session = '__Host-acrux-session'
const alice = { sub: 'alice-1', name: 'Alice', groups: ['developers'] }

async function open(
  t: TestContext,
  kind = usualDatabaseKind,
  extra: Readonly<Record<string, unknown>> = {},
  policy: Pick<TestPagesOptions, 'secondFactorPolicy' | 'acceptsProviderMfa'> = {},
) {
  const provider = await startTestProvider()
  t.after(provider.close)
  const settings = {
    name: 'fabrikam',
    displayName: 'Fabrikam <b>',
    issuer: provider.issuer,
    clientId: 'acrux',
    clientSecretFile: provider.secretFile,
    caFile: provider.caFile,
    privateNetwork: true,
    ...extra,
  }
  const flags = { identityProviders: JSON.stringify([settings]) }
  const providers = (await loadConfiguration({ flags })).identityProviders
  const pages = await openTestPages({ kind, providers, ...policy })
  t.after(pages.close)

  /** Follows the provider's link on a sign-in page, and signs in there. */
  async function signIn(browser: FormBrowser, page: TestPage, claims: JWTPayload = alice): Promise<TestPage> {
    const left = await leave(browser, page)
    return browser.get(`/sign-in/fabrikam/callback?${provider.signIn(left.href, claims).toString()}`)
  }
  return { provider, pages, signIn }
}

async function leave(browser: FormBrowser, page: TestPage): Promise<URL> {
  const [, href = ''] =
    /<a href="(\/sign-in\/fabrikam\/start\?flow=[^"]+)">Sign in with Fabrikam &lt;b&gt;</.exec(page.text) ?? []
  const { left } = await browser.get(href)
  assert.ok(left !== undefined, href)
  return left
}

for (const kind of usualDatabaseKinds) {
  test(`the link of a provider signs a person in and returns a code to the client [${kind}]`, async (t) => {
    const { pages, signIn, provider } = await open(t, kind)
    const browser = pages.openBrowser()
    const { url, verifier } = codeRequest()
    const nextPage = await signIn(browser, await browser.get(url), { ...alice, amr: ['mfa'] })
    assert.equal(nextPage.heading, 'Sign in to Azure CLI?')
    assert.ok(browser.cookies.has(session))
    const { left } = await browser.submit(nextPage, '/sign-in/answer', { decision: 'accept' })
    const code = left?.searchParams.get('code') ?? ''
    const grant = { client_id: azClientId, code, redirect_uri: 'http://localhost:36805', code_verifier: verifier }
    const tokens = await pages.token({ grant_type: 'authorization_code', ...grant })
    assert.equal(tokens.status, 200)
    const payload = tokens.body['access_token']?.split('.')[1] ?? ''
    assert.partialDeepStrictEqual(JSON.parse(Buffer.from(payload, 'base64url').toString()), {
      name: 'Alice',
      amr: ['fed', 'mfa'],
    })
    const found = await pages.directory.findExternalUser({ issuer: provider.issuer, subject: 'alice-1' })
    assert.equal(found?.displayName, 'Alice')

    // The tokens are valid for eight hours, regardless of refreshes (fault 15).
    const refresh = () =>
      pages.token({
        grant_type: 'refresh_token',
        client_id: azClientId,
        refresh_token: tokens.body['refresh_token'] ?? '',
        scope: 'https://management.core.windows.net//.default',
      })
    pages.time.nowMs += 8 * hourMs - 1000
    assert.equal((await refresh()).status, 200)
    pages.time.nowMs += 1000
    assert.equal((await refresh()).body['error'], 'invalid_grant')
    assert.equal((await browser.get('/account/security')).heading, 'Sign in', 'the session is expired')
  })
}

test('the session gets a new id after a sign-in at a provider (fault 37)', async (t) => {
  const { pages, signIn } = await open(t)
  const browser = pages.openBrowser()
  await signIn(browser, await browser.get('/account/security'))
  const first = browser.cookies.get(session)
  pages.time.nowMs += 1000
  const again = await browser.get(codeRequest({ prompt: 'login' }).url)
  await signIn(browser, again, { ...alice, auth_time: Math.floor(pages.time.nowMs / 1000) })
  assert.notEqual(browser.cookies.get(session), first)
})

test('a new authentication is accepted only if the provider confirms it', async (t) => {
  const { pages, signIn } = await open(t)
  const browser = pages.openBrowser()
  const { url } = codeRequest({ prompt: 'login' })
  for (const auth_time of [undefined, Math.floor(pages.time.nowMs / 1000) - 3600]) {
    const page = await signIn(browser, await browser.get(url), { ...alice, auth_time })
    assert.deepEqual([page.status, page.heading], [403, 'Sign-in not confirmed'])
    assert.match(page.text, /<a [^>]*href="\/sign-in\?flow=/, 'the page links to other ways to sign in')
  }
  assert.ok(!browser.cookies.has(session))
  const auth_time = Math.floor(pages.time.nowMs / 1000)
  assert.equal(
    (await signIn(browser, await browser.get(url), { ...alice, auth_time })).heading,
    'Sign in to Azure CLI?',
  )
})

test('an authentication without a time is accepted, has no auth_time and does not satisfy max_age', async (t) => {
  const { pages, signIn } = await open(t)
  const browser = pages.openBrowser()
  const { url, verifier } = codeRequest()
  const nextPage = await signIn(browser, await browser.get(url))
  const { left } = await browser.submit(nextPage, '/sign-in/answer', { decision: 'accept' })
  const code = left?.searchParams.get('code') ?? ''
  const grant = { client_id: azClientId, code, redirect_uri: 'http://localhost:36805', code_verifier: verifier }
  const tokens = await pages.token({ grant_type: 'authorization_code', ...grant })
  for (const name of ['access_token', 'id_token']) {
    const payload = tokens.body[name]?.split('.')[1] ?? ''
    assert.ok(!('auth_time' in JSON.parse(Buffer.from(payload, 'base64url').toString())), name)
  }
  const silent = await browser.get(codeRequest({ prompt: 'none', max_age: '999999' }).url)
  assert.equal(silent.left?.searchParams.get('error'), 'login_required')
})

test('an application does not get an e-mail address that the provider reports as unverified, even if it was verified before', async (t) => {
  const { pages, signIn } = await open(t)
  const emailOf = async (claims: JWTPayload) => {
    const browser = pages.openBrowser()
    const { url, verifier } = codeRequest({ scope: 'openid email profile' })
    const nextPage = await signIn(browser, await browser.get(url), { ...alice, ...claims })
    const { left } = await browser.submit(nextPage, '/sign-in/answer', { decision: 'accept' })
    const code = left?.searchParams.get('code') ?? ''
    const grant = { client_id: azClientId, code, redirect_uri: 'http://localhost:36805', code_verifier: verifier }
    const { body } = await pages.token({ grant_type: 'authorization_code', ...grant })
    const payload = body['id_token']?.split('.')[1] ?? ''
    const inToken = (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>)['email']
    const headers = { host: testHost, authorization: `Bearer ${body['access_token']}` }
    const result = await pages.app.inject({ method: 'GET', url: '/oidc/userinfo', headers })
    assert.equal(result.json<Record<string, unknown>>()['email'], inToken)
    return inToken
  }
  const email = 'ceo@victim.example'
  assert.equal(await emailOf({ email, email_verified: true }), email)
  assert.equal(await emailOf({ email, email_verified: false }), undefined)
  assert.equal(await emailOf({ email, email_verified: 'false' }), undefined)
  assert.equal(await emailOf({ email }), email)
})

test('the error message of a provider is escaped on the page', async (t) => {
  const { pages, provider } = await open(t)
  const browser = pages.openBrowser()
  const left = await leave(browser, await browser.get('/account/security'))
  const query = provider.signIn(left.href, alice)
  query.delete('code')
  query.set('error', 'access_denied')
  query.set('error_description', '<script>alert(1)</script>"\'><a href=//evil.example>x</a>')
  const page = await browser.get(`/sign-in/fabrikam/callback?${query.toString()}`)
  assert.deepEqual([page.status, page.heading], [403, 'The provider did not sign you in'])
  assert.match(page.text, /Message from the provider: access_denied: &lt;script&gt;alert\(1\)&lt;\/script&gt;&quot;/)
  assert.doesNotMatch(page.text, /<script>alert|<a href=\/\/evil/)
  assert.match(String(page.headers['content-security-policy']), /^default-src 'none'/)
  assert.ok(!browser.cookies.has(session))
})

test('a disabled user cannot sign in at a provider, and the denial is recorded', async (t) => {
  const { pages, signIn, provider } = await open(t)
  const first = pages.openBrowser()
  await signIn(first, await first.get('/account/security'))
  const user = await pages.directory.findExternalUser({ issuer: provider.issuer, subject: 'alice-1' })
  assert.ok(user !== undefined)
  await pages.updateUser(user, { enabled: false })
  assert.equal((await first.get('/account/security')).heading, 'Sign in')
  const page = await signIn(first, await first.get('/account/security'))
  assert.deepEqual([page.status, page.heading], [403, 'Your account is disabled'])
})

test('with createUsers off, only linked people can sign in', async (t) => {
  const { pages, signIn, provider } = await open(t, usualDatabaseKind, { createUsers: false })
  const browser = pages.openBrowser()
  const page = await signIn(browser, await browser.get('/account/security'))
  assert.deepEqual([page.status, page.heading], [403, 'Unknown account'])
  const bob = await pages.createUser('bob')
  const identities = [{ issuer: provider.issuer, subject: 'alice-1' }]
  await pages.change((transaction, { people }) => people.setIdentities(transaction, bob.objectId, identities))
  const inside = await signIn(browser, await browser.get('/account/security'))
  assert.match(inside.text, /bob@contoso\.example/)
})

test('a linked user with a second factor here must use it, unless the provider required one', async (t) => {
  const { pages, signIn, provider } = await open(t)
  const bob = await pages.createUser('bob')
  const identities = [{ issuer: provider.issuer, subject: 'alice-1' }]
  await pages.change((transaction, { people }) => people.setIdentities(transaction, bob.objectId, identities))
  const owner = pages.openBrowser()
  const security = await enterPassword(owner, await owner.get('/account/security'), 'bob')
  const shown = await owner.submit(security, '/account/security/authenticator/new')
  const secret = /<p class="secret">([A-Z2-7 ]+)<\/p>/.exec(shown.text)?.[1]?.replaceAll(' ', '') ?? ''
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: pages.time.nowMs })
  await owner.submit(shown, '/account/security/authenticator', { code })

  const one = pages.openBrowser()
  const nextPage = await signIn(one, await one.get('/account/security'))
  assert.equal(nextPage.heading, 'Enter code')
  assert.equal((await one.get('/account/security')).heading, 'Sign in', 'nobody is signed in yet')
  const other = pages.openBrowser()
  const inside = await signIn(other, await other.get('/account/security'), { ...alice, amr: ['mfa'] })
  assert.notEqual(inside.heading, 'Enter code')
})

test('the provider of a linked user cannot change the sign-in methods of that user', async (t) => {
  const { pages, signIn, provider } = await open(t)
  const bob = await pages.createUser('bob')
  const identities = [{ issuer: provider.issuer, subject: 'alice-1' }]
  await pages.change((transaction, { people }) => people.setIdentities(transaction, bob.objectId, identities))
  const browser = pages.openBrowser()
  const now = { ...alice, amr: ['mfa'], auth_time: Math.floor(pages.time.nowMs / 1000) }
  const security = await signIn(browser, await browser.get('/account/security'), now)
  assert.equal(security.heading, 'Security')
  for (const action of [
    'authenticator/new',
    'authenticator',
    'authenticator/remove',
    'passkey',
    'passkey/remove',
    'recovery-codes',
  ]) {
    const fields = { account: bob.objectId, code: '000000', passkey: 'x', token: formTokenOf(security) }
    const page = await browser.post(`/account/security/${action}`, fields)
    assert.equal(page.heading, 'Sign in', action)
    assert.match(page.text, /enter your password or use a passkey/)
    assert.doesNotMatch(page.text, /Sign in with Fabrikam/, 'the provider is not offered')
  }
  // Signing in at the provider again is not enough.
  const nextPage = await browser.get('/account/security/passkey')
  const [, flow = ''] = /name="flow" value="([^"]+)"/.exec(nextPage.text) ?? []
  const { left } = await browser.get(`/sign-in/fabrikam/start?flow=${flow}`)
  assert.ok(left !== undefined)
  const back = await browser.get(`/sign-in/fabrikam/callback?${provider.signIn(left.href, now).toString()}`)
  assert.equal(back.heading, 'Sign in')
  assert.deepEqual(await pages.credentials.secondFactors.of(bob.objectId), {
    totp: false,
    passkeys: 0,
    recoveryCodes: 0,
  })
  const inside = await enterPassword(browser, back, 'bob')
  assert.equal(
    (await browser.submit(inside, '/account/security/authenticator/new')).heading,
    'Set up an authenticator app',
  )
})

test('after a password reset, the page for the new password lists the other sign-in methods and offers to remove them', async (t) => {
  const { pages, provider } = await open(t)
  const bob = await pages.createUser('bob')
  await pages.change(async (transaction, { people, secondFactors }) => {
    await people.setIdentities(transaction, bob.objectId, [{ issuer: provider.issuer, subject: 'alice-1' }])
    const passkey = { credentialId: 'b2YgYSB0aGllZg', publicKey: new Uint8Array([1]), counter: 0, transports: [] }
    await secondFactors.addPasskey(transaction, { ...passkey, objectId: bob.objectId, displayName: 'Thief <i>' })
  })
  const codes = await pages.change((transaction, { secondFactors }) =>
    secondFactors.newRecoveryCodes(transaction, bob.objectId),
  )
  await pages.updateUser(bob, { mustChangePassword: true })
  const browser = pages.openBrowser()
  const passkeys = await enterPassword(browser, await browser.get('/account/security'), 'bob')
  assert.equal(passkeys.heading, 'Use a passkey')
  const [, recovery = ''] = /href="(\/sign-in\/recovery\?flow=[^"]+)"/.exec(passkeys.text) ?? []
  const page = await browser.submit(await browser.get(recovery), '/sign-in/code', { code: codes[0] ?? '' })
  assert.equal(page.heading, 'Choose a new password')
  assert.match(page.text, /The passkey “Thief &lt;i&gt;”, added/)
  assert.ok(page.text.includes(provider.issuer))
  const chosen = { 'new-password': 'seven brass kettles', repeated: 'seven brass kettles', 'remove-methods': 'all' }
  const done = await browser.submit(page, '/sign-in/new-password', chosen)
  assert.equal(done.heading, 'Security')
  assert.deepEqual(await pages.credentials.secondFactors.of(bob.objectId), {
    totp: false,
    passkeys: 0,
    recoveryCodes: 0,
  })
})

/** The token in the forms of a browser. */
function formTokenOf({ text }: TestPage): string {
  return /name="token" value="([^"]+)"/.exec(text)?.[1] ?? ''
}

test('every invalid input to the pages of a provider gets an error page', async (t) => {
  const { pages, provider } = await open(t)
  const browser = pages.openBrowser()
  const left = await leave(browser, await browser.get('/account/security'))
  const state = left.searchParams.get('state') ?? ''
  for (const path of [
    'fabrikam/start',
    'fabrikam/start?flow=x',
    'fabrikam/start?flow=&flow=',
    'unknown/start',
    'unknown/callback?code=x&state=y',
    'fabrikam/callback',
    'fabrikam/callback?state=',
    `fabrikam/callback?state=${state}`,
    `fabrikam/callback?state=${state}&code=a&code=b`,
    'fabrikam/callback?code=%00&state=%ff',
    '__proto__/callback?state=x',
    `fabrikam/callback?state=${'x'.repeat(8000)}`,
  ]) {
    const { status } = await browser.get(`/sign-in/${path}`)
    assert.ok(status >= 400 && status < 500, `${path} gave ${status}`)
  }
  assert.ok(!provider.seen.some(({ path }) => path === '/token'))
})

test('if everyone needs a second factor, the one of a provider is accepted only if the operator allows it', async (t) => {
  const secondFactorPolicy = { required: 'all', enrolment: 'self' } as const
  const cases = [
    { acceptsProviderMfa: true, amr: ['pwd', 'mfa'], heading: 'Sign in to Azure CLI?' },
    { acceptsProviderMfa: true, amr: ['pwd'], heading: 'Set up a second factor' },
    { acceptsProviderMfa: false, amr: ['pwd', 'mfa', 'otp', 'hwk'], heading: 'Set up a second factor' },
  ]
  for (const { acceptsProviderMfa, amr, heading } of cases) {
    const { pages, signIn } = await open(t, usualDatabaseKind, {}, { secondFactorPolicy, acceptsProviderMfa })
    const browser = pages.openBrowser()
    const page = await signIn(browser, await browser.get(codeRequest().url), { ...alice, amr })
    assert.equal(page.heading, heading, `${acceptsProviderMfa} ${amr.join()}`)
    if (heading !== 'Set up a second factor') continue
    const shown = await browser.submit(page, '/sign-in/enrolment')
    const secret = /<p class="secret">([A-Z2-7 ]+)<\/p>/.exec(shown.text)?.[1]?.replaceAll(' ', '') ?? ''
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: pages.time.nowMs })
    const codes = await browser.submit(shown, '/sign-in/enrolment/confirm', { code })
    assert.equal(codes.heading, 'Your recovery codes')
    pages.time.nowMs += 60_000
    const other = pages.openBrowser()
    const again = await signIn(other, await other.get(codeRequest().url), { ...alice, amr })
    assert.equal(again.heading, acceptsProviderMfa && amr.includes('mfa') ? 'Sign in to Azure CLI?' : 'Enter code')
  }
})

test('the provider of a linked user cannot set up a required second factor for that user', async (t) => {
  const secondFactorPolicy = { required: 'all', enrolment: 'self' } as const
  const { pages, signIn, provider } = await open(t, usualDatabaseKind, {}, { secondFactorPolicy })
  const bob = await pages.createUser('bob')
  const identities = [{ issuer: provider.issuer, subject: 'alice-1' }]
  await pages.change((transaction, { people }) => people.setIdentities(transaction, bob.objectId, identities))
  const browser = pages.openBrowser()
  const nextPage = await signIn(browser, await browser.get(codeRequest().url))
  assert.equal(nextPage.heading, 'Sign in', 'a method of this directory is required')
  const [, token = ''] = /name="token" value="([^"]+)"/.exec(nextPage.text) ?? []
  const [, flow = ''] = /name="flow" value="([^"]+)"/.exec(nextPage.text) ?? []
  for (const method of ['app', 'passkey']) {
    const page = await browser.post('/sign-in/enrolment', { token, flow, method })
    assert.equal(page.heading, 'Sign in', method)
  }
  const page = await enterPassword(browser, nextPage, 'bob')
  assert.equal(page.heading, 'Set up a second factor')
  assert.match((await browser.submit(page, '/sign-in/enrolment')).text, /<p class="secret">/)
})
