import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { decodeJwt } from 'jose'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  type FormBrowser,
  type TestPages,
  armScope,
  azClientId,
  codeRequest,
  enterPassword,
  openTestPages,
} from '../../../testing/sign-in/test-pages.ts'

async function open(t: TestContext, options: Parameters<typeof openTestPages>[0] = {}): Promise<TestPages> {
  const pages = await openTestPages(options)
  t.after(pages.close)
  return pages
}

const confirm = (browser: FormBrowser, page: Awaited<ReturnType<FormBrowser['get']>>, decision = 'accept') =>
  browser.submit(page, '/sign-in/answer', { decision })

async function redeem(
  { token }: TestPages,
  left: URL | undefined,
  verifier: string,
  change: Record<string, string> = {},
) {
  return token({
    client_id: azClientId,
    grant_type: 'authorization_code',
    code: left?.searchParams.get('code') ?? '',
    redirect_uri: 'http://localhost:36805',
    code_verifier: verifier,
    scope: armScope,
    ...change,
  })
}

const redirectUri = 'https://app.example/callback?of=x'

/** An application with exact redirect URIs, and the fields of its requests. */
async function registerApplication({ change, credentials, directory }: TestPages) {
  const { servicePrincipal, secret } = await change((transaction) =>
    credentials.createServicePrincipal(transaction, { displayName: 'A <b>web</b> app' }),
  )
  const { appId } = servicePrincipal
  const application = await directory.findApplication(appId)
  const signIn = { redirectUris: { web: [redirectUri, 'https://app.example/out'] } }
  await change((transaction, { applications }) =>
    applications.updateApplication(transaction, application?.objectId ?? '', { signIn }),
  )
  return { change: { client_id: appId, redirect_uri: redirectUri }, secret }
}

for (const kind of usualDatabaseKinds) {
  test(`az gets a code after the person has signed in and confirmed the sign-in (${kind})`, async (t) => {
    const pages = await open(t, { kind })
    const alice = await pages.createUser('alice')
    const browser = pages.openBrowser()
    const { url, verifier } = codeRequest({ prompt: 'select_account' })
    const first = await browser.get(url)
    assert.equal(first.heading, 'Sign in')
    assert.match(first.text, /Azure CLI/)
    const confirmation = await enterPassword(browser, first, 'alice')
    assert.equal(confirmation.heading, 'Sign in to Azure CLI?')
    const { left, headers } = await confirm(browser, confirmation)
    assert.equal(left?.origin, 'http://localhost:36805')
    assert.equal(left?.searchParams.get('state'), 'a state & more')
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.match(left?.searchParams.get('iss') ?? '', /^https:\/\/login\.example:8443\/[0-9a-f-]{36}\/v2\.0$/)
    const { status, body } = await redeem(pages, left, verifier)
    assert.equal(status, 200, JSON.stringify(body))
    const claims = decodeJwt(body['id_token'] ?? '')
    assert.equal(claims['oid'], alice.objectId)
    assert.equal(claims['nonce'], 'a nonce')
  })
}

test('a flow cannot be answered from another browser', async (t) => {
  const pages = await open(t)
  await pages.createUser('alice')
  const browser = pages.openBrowser()
  const confirmation = await enterPassword(browser, await browser.get(codeRequest().url), 'alice')
  const other = pages.openBrowser()
  await other.get('/devicelogin')
  const stolen = await confirm(other, confirmation)
  assert.equal(stolen.left, undefined)
  assert.equal(stolen.status, 403)
})

test('an answer is rejected if its page did not show what the person agrees to', async (t) => {
  const pages = await open(t)
  await pages.createUser('alice')
  const browser = pages.openBrowser()
  const early = await browser.get(codeRequest().url)
  await enterPassword(browser, await browser.get('/account/security'), 'alice')
  const result = await confirm(browser, early)
  assert.equal(result.left, undefined)
  assert.equal(result.heading, 'Sign in to Azure CLI?')
  assert.ok((await confirm(browser, result)).left?.searchParams.has('code'))
})

test('declining returns to the client with access_denied', async (t) => {
  const pages = await open(t)
  await pages.createUser('alice')
  const browser = pages.openBrowser()
  const first = await browser.get(codeRequest().url)
  const early = await confirm(browser, first, 'decline')
  assert.equal(early.left?.searchParams.get('error'), 'access_denied')
  const confirmation = await enterPassword(browser, await browser.get(codeRequest().url), 'alice')
  const { left } = await confirm(browser, confirmation, 'decline')
  assert.equal(left?.searchParams.get('error'), 'access_denied')
  assert.equal(left?.searchParams.get('state'), 'a state & more')
  assert.equal(left?.searchParams.get('code'), null)
})

test('with two accounts, the person picks one, and the tokens of the other remain valid', async (t) => {
  const pages = await open(t)
  const [alice, bob] = [await pages.createUser('alice'), await pages.createUser('bob')]
  const browser = pages.openBrowser()
  const forAlice = codeRequest({ prompt: 'select_account' })
  const gone = await confirm(browser, await enterPassword(browser, await browser.get(forAlice.url), 'alice'))
  const first = await redeem(pages, gone.left, forAlice.verifier)

  const request = codeRequest({ prompt: 'select_account' })
  const choice = await browser.get(request.url)
  assert.equal(choice.heading, 'Pick an account', 'even a single account must be picked')
  const another = await browser.submit(choice, '/sign-in/account', { chosen: 'another' })
  assert.equal(another.heading, 'Sign in')
  const goneToo = await confirm(browser, await enterPassword(browser, another, 'bob'))
  const second = await redeem(pages, goneToo.left, request.verifier)
  assert.equal(decodeJwt(second.body['id_token'] ?? '')['oid'], bob.objectId)

  const again = codeRequest({ prompt: 'select_account' })
  const both = await browser.get(again.url)
  assert.match(
    both.text,
    /alice@contoso\.example[^]*bob@contoso\.example|bob@contoso\.example[^]*alice@contoso\.example/,
  )
  const picked = await browser.submit(both, '/sign-in/account', { chosen: alice.objectId })
  const third = await redeem(pages, (await confirm(browser, picked)).left, again.verifier)
  assert.equal(decodeJwt(third.body['id_token'] ?? '')['oid'], alice.objectId)

  const refreshed = await pages.token({
    client_id: azClientId,
    grant_type: 'refresh_token',
    refresh_token: first.body['refresh_token'] ?? '',
    scope: armScope,
  })
  assert.equal(refreshed.status, 200)
})

test('an account that is not signed in cannot be picked', async (t) => {
  const pages = await open(t)
  await pages.createUser('alice')
  const bob = await pages.createUser('bob')
  const browser = pages.openBrowser()
  await enterPassword(browser, await browser.get(codeRequest().url), 'alice')
  const choice = await browser.get(codeRequest({ prompt: 'select_account' }).url)
  const again = await browser.submit(choice, '/sign-in/account', { chosen: bob.objectId })
  assert.equal(again.heading, 'Pick an account')
})

test('prompt=login asks for the password again, with the user name filled in', async (t) => {
  const pages = await open(t)
  await pages.createUser('alice')
  const browser = pages.openBrowser()
  await enterPassword(browser, await browser.get(codeRequest().url), 'alice')
  pages.time.nowMs += 1000
  assert.equal((await browser.get(codeRequest().url)).heading, 'Sign in to Azure CLI?')
  const nextPage = await browser.get(codeRequest({ prompt: 'login', login_hint: 'alice@contoso.example' }).url)
  assert.equal(nextPage.heading, 'Sign in')
  assert.match(nextPage.text, /value="alice@contoso\.example"/)
  assert.equal((await enterPassword(browser, nextPage, 'alice')).heading, 'Sign in to Azure CLI?')
  const stale = await browser.get(codeRequest({ max_age: '0', prompt: undefined }).url)
  pages.time.nowMs += 5000
  assert.equal(stale.heading, 'Sign in to Azure CLI?', 'the authentication is from the same second')
  assert.equal((await browser.get(codeRequest({ max_age: '3' }).url)).heading, 'Sign in')
})

test('login_hint selects an account, or fills in the user name if no account matches', async (t) => {
  const pages = await open(t)
  await pages.createUser('alice')
  await pages.createUser('bob')
  const browser = pages.openBrowser()
  await enterPassword(browser, await browser.get(codeRequest().url), 'alice')
  const another = await browser.get(codeRequest({ login_hint: 'bob@contoso.example' }).url)
  assert.equal(another.heading, 'Sign in')
  await enterPassword(browser, another, 'bob')
  const hinted = await browser.get(codeRequest({ login_hint: 'ALICE@contoso.example' }).url)
  assert.match(hinted.text, /alice@contoso\.example/)
  assert.equal(hinted.heading, 'Sign in to Azure CLI?')
})

test('prompt=none shows no page: it returns a code, or the error that names the required interaction', async (t) => {
  const pages = await open(t)
  await pages.createUser('alice')
  await pages.createUser('bob')
  const { change } = await registerApplication(pages)
  const browser = pages.openBrowser()
  const errorOf = async (more: Record<string, string> = {}) =>
    (await browser.get(codeRequest({ ...change, prompt: 'none', ...more }).url)).left?.searchParams.get('error')
  assert.equal(await errorOf(), 'login_required')
  const consent = await enterPassword(browser, await browser.get(codeRequest(change).url), 'alice')
  assert.equal(await errorOf(), 'consent_required')
  await confirm(browser, consent)
  assert.equal(await errorOf(), null)
  assert.equal(await errorOf({ client_id: azClientId, redirect_uri: 'http://localhost:1' }), 'interaction_required')
  const another = await browser.get(codeRequest({ ...change, login_hint: 'bob@contoso.example' }).url)
  await enterPassword(browser, another, 'bob')
  assert.equal(await errorOf(), 'account_selection_required')
})

test('a registered application asks each person for consent once, and again with prompt=consent', async (t) => {
  const pages = await open(t)
  await pages.createUser('alice')
  await pages.createUser('bob')
  const { change, secret } = await registerApplication(pages)
  const browser = pages.openBrowser()
  const request = codeRequest(change)
  const consent = await enterPassword(browser, await browser.get(request.url), 'alice')
  assert.equal(consent.heading, 'Permissions requested')
  assert.match(consent.text, /A &lt;b&gt;web&lt;\/b&gt; app/)
  assert.match(consent.text, /app\.example/)
  assert.match(consent.text, /Until you remove the access of the application\. Each sign-in lasts at most 180 days\./)
  const { left } = await confirm(browser, consent)
  assert.equal(left?.origin, 'https://app.example')
  assert.equal(left?.searchParams.get('of'), 'x', 'what the redirect URI has of its own stays')
  const credentials = { client_id: change.client_id, client_secret: secret, redirect_uri: redirectUri }
  assert.equal((await redeem(pages, left, request.verifier, credentials)).status, 200)
  assert.equal((await browser.get(codeRequest(change).url)).left?.searchParams.has('code'), true, 'no second consent')
  assert.equal((await browser.get(codeRequest({ ...change, prompt: 'consent' }).url)).heading, 'Permissions requested')
  const more = codeRequest({ ...change, scope: 'https://containerregistry.azure.net/.default openid' })
  assert.equal(
    (await browser.get(more.url)).heading,
    'Permissions requested',
    'another resource requires another consent',
  )
  const other = pages.openBrowser()
  const nextPage = await enterPassword(other, await other.get(codeRequest(change).url), 'bob')
  assert.equal(nextPage.heading, 'Permissions requested', 'each person must consent')
})

test('form_post returns the response in a form whose values are escaped', async (t) => {
  const pages = await open(t)
  await pages.createUser('alice')
  const { change } = await registerApplication(pages)
  const browser = pages.openBrowser()
  const state = `"><script>alert(1)</script>'\u0000`
  const request = codeRequest({ ...change, response_mode: 'form_post', state })
  const page = await confirm(browser, await enterPassword(browser, await browser.get(request.url), 'alice'))
  assert.equal(page.left, undefined)
  assert.equal(page.text.includes('<script>alert'), false)
  assert.match(page.text, /<form method="post" action="https:\/\/app\.example\/callback\?of=x">/)
  assert.match(page.text, /name="state" value="&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;&#39;\0"/)
  assert.match(String(page.headers['content-security-policy']), /form-action 'self' https:\/\/app\.example;/)
  assert.match(
    String(page.headers['content-security-policy']),
    /script-src https:\/\/login\.example:8443\/sign-in\/submit\.[0-9a-f]+\.js;/,
  )
})

test('a request in a form of another site is redirected to a request with cookies', async (t) => {
  const pages = await open(t)
  const back = 'post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A1&id_token_hint=x'
  const logouts = ['/common/oauth2/logout', '/common/oauth2/v2.0/logout'].map((path) => `${path}?${back}`)
  for (const url of [codeRequest().url, ...logouts]) {
    const [path = '', query = ''] = url.split('?')
    const answer = await pages.app.inject({
      method: 'POST',
      url: path,
      headers: {
        host: 'login.example:8443',
        origin: 'https://app.example',
        'content-type': 'application/x-www-form-urlencoded',
      },
      payload: query,
    })
    assert.equal(answer.statusCode, 303)
    assert.equal(answer.headers.location, url)
    const { heading } = await pages.openBrowser().get(url)
    assert.equal(heading, logouts.includes(url) ? 'You have signed out' : 'Sign in')
  }
})

test('a wrong password, an unknown user name and too many attempts get the same answer', async (t) => {
  const pages = await open(t)
  await pages.createUser('alice')
  const browser = pages.openBrowser()
  const page = await browser.get(codeRequest().url)
  const messageFor = async (name: string) => {
    const { status, text } = await enterPassword(browser, page, name, 'wrong')
    return `${status} ${text.replaceAll(/value="[^"]*"|flow=[\w-]+/g, '')}`
  }
  const wrong = await messageFor('alice')
  assert.match(wrong, /^400 .*Incorrect/s)
  assert.equal(await messageFor('nobody'), wrong)
  for (let attempt = 0; attempt < 12; attempt++) assert.equal(await messageFor('alice'), wrong)
})

test('a missing password shows an error at its field, which has the focus', async (t) => {
  const pages = await open(t)
  const browser = pages.openBrowser()
  const page = await browser.get(codeRequest().url)
  const result = await enterPassword(browser, page, 'alice', '')
  assert.equal(result.status, 400)
  assert.match(result.text, /<title>Error: Sign in/)
  const [field = ''] = /<input\s+id="password"[^>]*>/.exec(result.text) ?? []
  for (const part of ['aria-invalid="true"', 'aria-describedby="password-error"', 'autofocus'])
    assert.ok(field.includes(part), part)
  assert.match(result.text, /id="password-error">Enter your password\./)
})

test('a disabled user learns it only with the correct password, and is not signed in', async (t) => {
  const pages = await open(t)
  await pages.updateUser(await pages.createUser('alice'), { enabled: false })
  const browser = pages.openBrowser()
  const page = await browser.get(codeRequest().url)
  assert.match((await enterPassword(browser, page, 'alice', 'wrong')).text, /Incorrect/)
  const result = await enterPassword(browser, page, 'alice')
  assert.equal(result.status, 403)
  assert.equal(result.heading, 'Your account is disabled')
  assert.equal((await browser.get(codeRequest().url)).heading, 'Sign in')
})

test('fault 42: no log and no event contains a password, even if it was typed into the wrong field', async (t) => {
  const pages = await open(t)
  await pages.createUser('alice')
  const browser = pages.openBrowser()
  const page = await browser.get(codeRequest().url)
  const canary = 'canary-of-a-password'
  await browser.submit(page, '/sign-in/password', { username: canary, password: canary })
  await enterPassword(browser, page, 'alice', canary)
  await browser.get(`/sign-in?flow=${canary}`)
  const events = await pages.database
    .tables<{ audit_event: { actor_id: string; action: string } }>()
    .selectFrom('audit_event')
    .selectAll()
    .where('action', '=', 'sign-in.password')
    .execute()
  assert.deepEqual(
    events.map(({ actor_id }) => actor_id),
    ['', 'alice@contoso.example'],
  )
  assert.doesNotMatch(JSON.stringify(events) + pages.logLines.join(''), /canary/)
})
