import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { pageRoutes } from './routes.ts'
import {
  azClientId,
  codeRequest,
  enterPassword,
  openTestPages,
  testHost,
  testOrigin,
} from '../../testing/sign-in/test-pages.ts'

async function open(t: TestContext) {
  const pages = await openTestPages()
  t.after(pages.close)
  const alice = await pages.createUser('alice')
  return { pages, alice, browser: pages.openBrowser() }
}

/** Addresses that a browser or a careless comparison may parse differently than expected. */
const hostileAddresses = [
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '\t//evil.example',
  '/\n/evil.example',
  'https:evil.example',
  'https:/evil.example',
  'https://evil.example',
  `https://${testHost}@evil.example`,
  `https://${testHost}:x@evil.example/`,
  `https://evil.example/${testHost}`,
  `https://${testHost}.evil.example`,
  'https://login.exämple:8443/',
  'https://xn--login-example.evil/',
  'https://login。example:8443',
  'https://evil%2eexample',
  '%2f%2fevil.example',
  '/%2f/evil.example',
  '/%5cevil.example',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'http://localhost@evil.example',
  'http://localhost.evil.example',
  'http://localhost:80@evil.example/',
  'http://localhost#@evil.example/',
  'http://localhost\\@evil.example/',
  'http://localhost:36805/else',
  'http://127.0.0.1:36805',
  'http://[::1]:36805',
  'https://localhost:36805',
  'http://LOCALHOST:36805',
  'http://localhost:036805',
  ' http://localhost:36805',
  'http://localhost:36805 ',
]

test('fault 36: a redirect URI that is not registered shows an error page and does not redirect', async (t) => {
  const { browser } = await open(t)
  await enterPassword(browser, await browser.get(codeRequest().url), 'alice')
  for (const address of hostileAddresses) {
    const page = await browser.get(codeRequest({ redirect_uri: address }).url)
    assert.equal(page.left, undefined, address)
    assert.equal(page.status, 400, address)
    assert.match(page.text, /AADSTS50011/, address)
    assert.doesNotMatch(page.text, /<form|href="http/, address)
    const denied = await browser.get(codeRequest({ redirect_uri: address, response_type: 'token' }).url)
    assert.equal(denied.left, undefined, address)
  }
  const unknown = await browser.get(codeRequest({ client_id: '5b6a8c0e-9a43-4f9b-8a57-0a2d3c1f7e11' }).url)
  assert.match(unknown.text, /AADSTS700016/)
  assert.equal(unknown.left, undefined)
})

test('fault 36: a sign-in or sign-out never redirects to an address in the request', async (t) => {
  const { browser } = await open(t)
  for (const address of hostileAddresses) {
    const encoded = encodeURIComponent(address)
    for (const name of ['return', 'return_to', 'redirect_uri', 'next', 'url', 'flow', 'destination', 'account']) {
      const page = await browser.get(`/account/security?${name}=${encoded}`)
      assert.equal(page.left, undefined, address)
      const begun = await browser.get(`/sign-in?${name}=${encoded}`)
      assert.equal(begun.left, undefined, address)
    }
    const logout = await browser.get(
      `/common/oauth2/v2.0/logout?post_logout_redirect_uri=${encoded}&client_id=${azClientId}&state=x`,
    )
    assert.equal(logout.left, undefined, address)
    assert.doesNotMatch(String(logout.headers['content-security-policy']), /evil/)
  }
  await enterPassword(browser, await browser.get('/account/security'), 'alice')
  const nextPage = await browser.get(`/common/oauth2/v2.0/logout?post_logout_redirect_uri=https%3A%2F%2Fevil.example`)
  const done = await browser.submit(nextPage, '/sign-out', {
    request: 'post_logout_redirect_uri=https%3A%2F%2Fevil.example',
  })
  assert.equal(done.left, undefined)
  assert.equal(done.heading, 'You have signed out')
})

test('fault 36: duplicate slashes and backslashes in a path do not redirect to another host', async (t) => {
  const { pages } = await open(t)
  for (const url of ['//evil.example/account', '//account', '/\\evil.example', '//sign-in', '/account//security']) {
    for (const host of [testHost, 'evil.example', '127.0.0.1']) {
      const { headers } = await pages.app.inject({ url, headers: { host } })
      if (headers.location === undefined) continue
      const target = new URL(headers.location, testOrigin)
      assert.equal(target.origin, testOrigin, `${url} at ${host} leads to ${headers.location}`)
    }
  }
})

test('fault 37: a form is accepted only from its browser and from one of our pages', async (t) => {
  const { pages, browser } = await open(t)
  const page = await browser.get('/devicelogin')
  const token = /name="token" value="([^"]*)"/.exec(page.text)?.[1] ?? ''
  const send = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    browser.post('/devicelogin', { user_code: 'X', ...fields }, headers)
  assert.equal((await send({ token })).status, 400, 'the form is processed')
  const rejected: [Record<string, string>, Record<string, string>, string][] = [
    [{}, {}, 'no token'],
    [{ token: '' }, {}, 'an empty token'],
    [{ token: `${token}x` }, {}, 'a longer token'],
    [{ token: token.slice(1) }, {}, 'a shorter token'],
    [{ token }, { origin: 'https://evil.example' }, 'another origin'],
    [{ token }, { origin: 'null' }, 'no origin'],
    [{ token }, { origin: 'null', 'sec-fetch-site': 'cross-site' }, 'no origin, from elsewhere'],
    [{ token }, { origin: testOrigin, 'sec-fetch-site': 'same-site' }, 'a neighbour'],
    [{ token }, { origin: `${testOrigin}.evil.example` }, 'an origin that begins alike'],
  ]
  for (const [fields, headers, why] of rejected) assert.equal((await send(fields, headers)).status, 403, why)
  const silent = { origin: 'null', 'sec-fetch-site': 'same-origin' }
  assert.equal((await send({ token }, silent)).status, 400, 'a page without a referrer')
  const other = pages.openBrowser()
  await other.get('/devicelogin')
  assert.equal((await other.post('/devicelogin', { token, user_code: 'X' })).status, 403, 'another browser')
  const twice = new URLSearchParams([
    ['token', token],
    ['token', token],
  ])
  const cookie = `__Host-acrux-browser=${browser.cookies.get('__Host-acrux-browser')}`
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const headers = { host: testHost, origin: testOrigin, cookie, ...type }
  const doubled = await pages.app.inject({ method: 'POST', url: '/devicelogin', headers, payload: twice.toString() })
  assert.equal(doubled.statusCode, 400)
})

test('fault 37: a form of another site, which has no cookies, does not replace the browser cookie', async (t) => {
  const { pages } = await open(t)
  const headers = {
    host: testHost,
    origin: 'https://evil.example',
    'sec-fetch-site': 'cross-site',
    'content-type': 'application/x-www-form-urlencoded',
  }
  const forms = pageRoutes.filter(({ method }) => method === 'POST')
  for (const { path } of forms) {
    const url = path.replace(/^\/:tenant\(.*\)\//, '/common/')
    const answer = await pages.app.inject({ method: 'POST', url, headers, payload: 'x=y' })
    assert.ok([303, 403].includes(answer.statusCode), url)
    assert.equal(answer.headers['set-cookie'], undefined, url)
  }
  const page = await pages.app.inject({ url: '/devicelogin', headers: { host: testHost } })
  assert.match(String(page.headers['set-cookie']), /^__Host-acrux-browser=/)
  const style = /href="([^"]*\.css)"/.exec(page.body)?.[1] ?? ''
  const asset = await pages.app.inject({ url: style, headers: { host: testHost } })
  assert.deepEqual([asset.statusCode, asset.headers['set-cookie']], [200, undefined], 'a cacheable file')
})

test('fault 37: no page processes a form without the token of the browser', async (t) => {
  const { browser } = await open(t)
  await enterPassword(browser, await browser.get('/account/security'), 'alice')
  const forms = pageRoutes.flatMap(({ method, path }) =>
    method === 'POST' && !/\/(?:authorize|logout)$/.test(path) ? [path] : [],
  )
  assert.ok(forms.length > 14, `${forms.length} forms`)
  for (const path of forms) {
    for (const token of ['', 'x'.repeat(43)]) {
      const { status, heading } = await browser.post(path, { token })
      assert.deepEqual([status, heading], [403, 'This form has expired'], path)
    }
  }
})

test('fault 37: a form of another person does not sign anyone in', async (t) => {
  const { pages, browser } = await open(t)
  const attacker = pages.openBrowser()
  const theirs = await attacker.get('/account/security')
  const [, flow = ''] = /name="flow" value="([^"]*)"/.exec(theirs.text) ?? []
  await browser.get('/devicelogin')
  const page = await browser.get('/account/security')
  const fields = { username: 'alice@contoso.example', password: 'the long password of alice' }
  const [, token = ''] = /name="token" value="([^"]*)"/.exec(page.text) ?? []
  const planted = await browser.post('/sign-in/password', { ...fields, token, flow })
  assert.equal(planted.status, 400)
  assert.equal(planted.heading, 'Your sign-in has expired', 'a sign-in that was begun in another browser')
  const crossSite = await browser.post('/sign-in/password', { ...fields, flow }, { origin: 'https://evil.example' })
  assert.equal(crossSite.status, 403)
  assert.equal(browser.cookies.has('__Host-acrux-session'), false)
})

test('a flow that was altered or started an hour ago is rejected', async (t) => {
  const { pages, browser } = await open(t)
  const page = await browser.get(codeRequest().url)
  const [, flow = ''] = /name="flow" value="([^"]*)"/.exec(page.text) ?? []
  assert.equal((await browser.get(`/sign-in?flow=${flow}`)).heading, 'Sign in')
  for (const broken of [`${flow}A`, flow.slice(0, -2), `B${flow.slice(1)}`, 'x', 'x'.repeat(20_000), '%00']) {
    const result = await browser.get(`/sign-in?flow=${broken}`)
    assert.equal(result.heading, 'Your sign-in has expired')
    assert.equal(result.status, 400)
  }
  pages.time.nowMs += 60 * 60 * 1000 - 1
  assert.equal((await browser.get(`/sign-in?flow=${flow}`)).heading, 'Sign in')
  pages.time.nowMs += 1
  assert.equal((await browser.get(`/sign-in?flow=${flow}`)).heading, 'Your sign-in has expired')
})

test('every page has the headers against framing, caching, sniffing and scripts', async (t) => {
  const { browser } = await open(t)
  const urls = [
    codeRequest().url,
    '/devicelogin',
    '/account/security',
    '/sign-out',
    '/sign-in/nothing',
    '/account/x',
    '/devicelogin/done',
  ]
  const signedIn = await enterPassword(browser, await browser.get('/account/security'), 'alice')
  const seen = [signedIn, ...(await Promise.all(urls.map((url) => browser.get(url))))]
  seen.push(await browser.post('/sign-in/password', {}), await browser.get('/account/security/passkey'))
  for (const { url, headers, text } of seen) {
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /^default-src 'none'; style-src 'self'; img-src 'self' data:; /, url)
    assert.match(policy, /form-action 'self'[^;]*; frame-ancestors 'none'; base-uri 'none'$/, url)
    assert.doesNotMatch(policy, /unsafe|\*/, url)
    assert.equal(headers['cache-control'], 'no-store', url)
    assert.equal(headers['referrer-policy'], 'no-referrer', url)
    assert.equal(headers['x-frame-options'], 'DENY', url)
    assert.equal(headers['x-content-type-options'], 'nosniff', url)
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin', url)
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin', url)
    assert.match(text, /^<!doctype html>\n<html lang="en" data-theme="system">/, url)
    assert.equal(text.match(/<h1>/g)?.length, 1, url)
    assert.doesNotMatch(text, / style="| on[a-z]+="|<style|<script>/, url)
    const scripts = [...text.matchAll(/<script src="([^"]+)"/g)].map(([, source]) => source)
    assert.ok(
      scripts.every((source) => policy.includes(`script-src ${testOrigin}${source}`)),
      url,
    )
  }
})

test('every field for a password is masked', async (t) => {
  const { pages, browser } = await open(t)
  await pages.createUser('bob', { mustChangePassword: true })
  const first = await browser.get('/account/security')
  await enterPassword(browser, first, 'alice')
  const other = pages.openBrowser()
  const required = await enterPassword(other, await other.get('/account/security'), 'bob')
  assert.equal(required.heading, 'Choose a new password')
  const fields = [first, await browser.get('/account/password'), required].flatMap(({ text }) => [
    ...text.matchAll(/<input\b[^>]*\bautocomplete="(?:current|new)-password"[^>]*>/g),
  ])
  assert.deepEqual(
    fields.map(([field]) => [/name="([^"]*)"/.exec(field)?.[1], /type="([^"]*)"/.exec(field)?.[1]]),
    ['password', 'current', 'new-password', 'repeated', 'new-password', 'repeated'].map((name) => [name, 'password']),
  )
})

test('a page under another host name redirects to the configured host', async (t) => {
  const { pages } = await open(t)
  const { statusCode, headers } = await pages.app.inject({
    url: '/devicelogin?user_code=A',
    headers: { host: 'evil.example' },
  })
  assert.equal(statusCode, 302)
  assert.equal(headers.location, `${testOrigin}/devicelogin?user_code=A`)
  assert.equal(headers['set-cookie'], undefined)
})

test('values in a request are never markup, and no malformed request fails', async (t) => {
  const { browser } = await open(t)
  const hostile = '"><img src=x onerror=alert(1)>'
  const encoded = encodeURIComponent(hostile)
  const urls = [
    `/devicelogin?user_code=${encoded}`,
    `/devicelogin?otc=${encoded}`,
    codeRequest({ login_hint: hostile }).url,
    codeRequest({ client_id: hostile }).url,
    codeRequest({ redirect_uri: hostile }).url,
    `/${encoded}.example/oauth2/v2.0/authorize`,
    `/organizations/oauth2/v2.0/authorize?client_id=%zz`,
    `/organizations/oauth2/v2.0/authorize?client_id=a&client_id=b`,
    `/organizations/oauth2/v2.0/authorize?${'x'.repeat(7000)}`,
    `/organizations/oauth2/authorize`,
    '/sign-in?flow=a&flow=b',
    '/common/oauth2/logout?post_logout_redirect_uri=a&post_logout_redirect_uri=b',
    '/account/security?account=%00',
    '/sign-in/code?flow=',
    '/sign-in/passkey',
  ]
  for (const url of urls) {
    const page = await browser.get(url)
    assert.ok(page.status < 500, `${url} gave ${page.status}`)
    assert.doesNotMatch(page.text, /<img src=x/, url)
  }
  for (const body of ['', 'x', 'a=%zz', 'a=b&'.repeat(200), 'token=a&token=b']) {
    const page = await browser.post('/sign-in/password', Object.fromEntries(new URLSearchParams(body)))
    assert.ok(page.status === 403 || page.status === 400, String(page.status))
  }
})

test('an account page asks a user who authenticated long ago to sign in again exactly if its row requires step-up', async (t) => {
  const { pages, alice, browser } = await open(t)
  const page = await enterPassword(browser, await browser.get('/account/security'), 'alice')
  const [, token = ''] = /name="token" value="([^"]*)"/.exec(page.text) ?? []
  pages.time.nowMs += 11 * 60_000
  const account = alice.objectId
  for (const { path, method, need, stepUp } of pageRoutes) {
    if (need !== 'browser-session') continue
    const isPost = method === 'POST'
    const { heading } = await (isPost
      ? browser.post(path, { token, account })
      : browser.get(`${path}?account=${account}`))
    assert.equal(heading === 'Sign in', stepUp === true, `${path}: ${heading}`)
  }
})
