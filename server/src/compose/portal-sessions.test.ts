import assert from 'node:assert/strict'
import { test } from 'node:test'
import { passwordOf } from '../../testing/sign-in/test-pages.ts'
import {
  ask,
  openPortal,
  portalCookie,
  portalHost,
  portalOrigin,
  signIn,
  signInCookie,
  statusOf,
} from '../../testing/compose/test-portal.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

test('a person signs in to the portal without a question, and sees no token', async (t) => {
  const portal = await openPortal(t)
  const person = await portal.createPerson('alice')
  assert.equal(await statusOf(portal, person.browser), 401)
  assert.equal((await signIn(person, '/portal/sign-in?return=/portal/r/contoso')).url, '/portal/r/contoso')
  const answer = await ask(portal, person.browser, { path: 'session' })
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(answer.json<{ person: object }>().person, {
    objectId: person.id,
    displayName: 'alice',
    userPrincipalName: 'alice@acrux.localhost',
    tenantId: portal.first.tenantId,
  })
  assert.equal(answer.headers['cache-control'], 'no-store')
  for (const text of [answer.body, ...person.browser.cookies.values()]) assert.doesNotMatch(text, /acrux_rt_|eyJ/)
})

test('the cookie of a session is strict, and the cookie of a sign-in is deleted', async (t) => {
  const portal = await openPortal(t)
  const person = await portal.createPerson('alice')
  await signIn(person)
  const { app } = portal
  const start = await app.inject({ url: '/portal/sign-in', headers: { host: portalHost } })
  assert.match(
    String(start.headers['set-cookie']),
    /^__Host-acrux-portal-sign-in=[\w-]+; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
  )
  const signOut = await ask(portal, person.browser, { method: 'POST', path: 'session/sign-out' })
  const [portalSession, signInSession] = [signOut.headers['set-cookie']].flat()
  assert.equal(portalSession, '__Host-acrux-portal=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure')
  assert.match(String(signInSession), /^__Host-acrux-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
  assert.match(person.browser.cookies.get(portalCookie) ?? '', /^[\w-]{43}$/)
  assert.equal(person.browser.cookies.has(signInCookie), false)
})

test('a session gets a new id at each sign-in, and the old session ends', async (t) => {
  const portal = await openPortal(t)
  const person = await portal.createPerson('alice')
  const planted = 'planted'.padEnd(43, 'x')
  person.browser.cookies.set(portalCookie, planted)
  await signIn(person)
  const first = person.browser.cookies.get(portalCookie) ?? ''
  assert.notEqual(first, planted)
  await signIn(person)
  const second = person.browser.cookies.get(portalCookie) ?? ''
  assert.notEqual(second, first)
  assert.equal(await statusOf(portal, person.browser), 200)
  for (const ended of [planted, first]) {
    person.browser.cookies.set(portalCookie, ended)
    assert.equal(await statusOf(portal, person.browser), 401)
  }
})

test("a response to another browser's sign-in signs nobody in", async (t) => {
  const portal = await openPortal(t)
  const attacker = await portal.createPerson('mallory')
  const victim = await portal.createPerson('alice')
  const start = await portal.app.inject({
    url: '/portal/sign-in',
    headers: { host: portalHost },
  })
  // The attacker obtains a code of their own account, and does not open the address that receives the code.
  const flow = /^[^=]+=([^;]+)/.exec(String(start.headers['set-cookie']))?.[1] ?? ''
  attacker.browser.cookies.set(signInCookie, flow)
  const authorize = new URL(String(start.headers.location), portalOrigin)
  await signIn(attacker, '/account/security')
  const cookie = [...attacker.browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const answer = await portal.app.inject({
    url: `${authorize.pathname}${authorize.search}`,
    headers: { host: portalHost, cookie },
  })
  const response = new URL(String(answer.headers.location), portalOrigin)
  assert.equal(response.pathname, '/portal/signed-in')
  const address = `${response.pathname}${response.search}`

  const arrived = await victim.browser.get(address)
  assert.match(arrived.url, /^\/portal\/sign-in-failed\?reason=expired&id=/)
  assert.equal(victim.browser.cookies.has(portalCookie), false)
  // Nor with a sign-in that the victim has started.
  await portal.app.inject({ url: '/portal/sign-in', headers: { host: portalHost } })
  const own = await portal.app.inject({ url: '/portal/sign-in', headers: { host: portalHost } })
  victim.browser.cookies.set(signInCookie, /^[^=]+=([^;]+)/.exec(String(own.headers['set-cookie']))?.[1] ?? '')
  assert.match((await victim.browser.get(address)).url, /reason=expired/)
  assert.equal(victim.browser.cookies.has(portalCookie), false)
  assert.ok(victim.browser.cookies.has(signInCookie), 'a foreign response ended the sign-in of the victim')
  // In the browser that started the sign-in, the response is valid once.
  assert.equal((await attacker.browser.get(address)).url, '/portal/')
  assert.equal(await statusOf(portal, attacker.browser), 200)
  attacker.browser.cookies.set(signInCookie, flow)
  assert.match((await attacker.browser.get(address)).url, /reason=expired/)
  // The second use of a code ends the sign-in of the first.
  assert.equal(await statusOf(portal, attacker.browser), 401)
})

test('a response with an error, another issuer or an altered code creates no session', async (t) => {
  const portal = await openPortal(t)
  const { browser } = await portal.createPerson('alice')
  const cases = [
    ['error=access_denied', 'denied'],
    ['error=server_error', 'invalid'],
    ['code=acrux_ac_x&iss=https%3A%2F%2Fother.example%2F', 'invalid'],
    [`code=acrux_ac_x&iss=${encodeURIComponent(`${portalOrigin}/x/v2.0`)}`, 'expired'],
    ['iss=x', 'invalid'],
  ] as const
  for (const [query, reason] of cases) {
    const start = await portal.app.inject({ url: '/portal/sign-in', headers: { host: portalHost } })
    const state = new URL(String(start.headers.location), portalOrigin).searchParams.get('state') ?? ''
    browser.cookies.set(signInCookie, /^[^=]+=([^;]+)/.exec(String(start.headers['set-cookie']))?.[1] ?? '')
    const { url } = await browser.get(`/portal/signed-in?state=${state}&${query}`)
    assert.match(url, new RegExp(`/portal/sign-in-failed\\?reason=${reason}&`), query)
    assert.equal(browser.cookies.has(portalCookie), false)
    assert.equal(browser.cookies.has(signInCookie), false)
  }
})

test('a session expires an hour after its last use, and twelve hours after the sign-in', async (t) => {
  const portal = await openPortal(t)
  const idle = await portal.createPerson('idle')
  const busy = await portal.createPerson('busy')
  await signIn(idle)
  await signIn(busy)
  for (let minutes = 0; minutes < 12 * 60; minutes += 50) {
    assert.equal(await statusOf(portal, busy.browser), 200, `after ${minutes} minutes`)
    portal.time.nowMs += 50 * minuteMs
    if (minutes === 50) assert.equal(await statusOf(portal, idle.browser), 401)
  }
  assert.equal(await statusOf(portal, busy.browser), 401)
})

test('a sign-out ends one session, and a sign-out everywhere ends all sessions of the user', async (t) => {
  const portal = await openPortal(t)
  const alice = await portal.createPerson('alice')
  const bob = await portal.createPerson('bob')
  const other = { ...alice, browser: portal.openBrowser() }
  const third = { ...alice, browser: portal.openBrowser() }
  for (const person of [alice, other, third, bob]) await signIn(person)
  const statuses = () => Promise.all([alice, other, third, bob].map(({ browser }) => statusOf(portal, browser)))
  assert.deepEqual(await statuses(), [200, 200, 200, 200])
  const one = await ask(portal, alice.browser, { method: 'POST', path: 'session/sign-out' })
  assert.equal(one.statusCode, 204)
  assert.deepEqual(await statuses(), [401, 200, 200, 200])
  await ask(portal, other.browser, { method: 'POST', path: 'session/sign-out-everywhere' })
  assert.deepEqual(await statuses(), [401, 401, 401, 200])
})

test('a sign-out of the portal ends the sign-in of the browser, and the next sign-in needs the password', async (t) => {
  const portal = await openPortal(t)
  const alice = await portal.createPerson('alice')
  const elsewhere = { ...alice, browser: portal.openBrowser() }
  for (const person of [alice, elsewhere]) await signIn(person)
  for (const end of ['sign-out', 'sign-out-everywhere']) {
    await signIn(alice)
    assert.equal((await ask(portal, alice.browser, { method: 'POST', path: `session/${end}` })).statusCode, 204)
    const back = await alice.browser.get('/portal/sign-in')
    assert.match(back.text, /name="password"/, end)
    assert.doesNotMatch((await elsewhere.browser.get('/account/security')).text, /name="password"/, end)
  }
})

test('a person has at most ten sessions, of which the oldest end first', async (t) => {
  const portal = await openPortal(t)
  const alice = await portal.createPerson('alice')
  const people = Array.from({ length: 11 }, () => ({ ...alice, browser: portal.openBrowser() }))
  for (const person of people) {
    await signIn(person)
    portal.time.nowMs += 1000
  }
  const statuses = await Promise.all(people.map(({ browser }) => statusOf(portal, browser)))
  assert.deepEqual(statuses, [401, ...Array.from({ length: 10 }, () => 200)])
})

test('a session is denied from the next request on after the sign-in, the user or the session ends', async (t) => {
  const portal = await openPortal(t)
  const endings: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
    revoked: (id) => portal.asOwner('POST', `/graph/v1.0/users/${id}/revokeSignInSessions`),
    disabled: (id) => portal.asOwner('PATCH', `/graph/v1.0/users/${id}`, { accountEnabled: false }),
    deleted: (id) => portal.asOwner('DELETE', `/graph/v1.0/users/${id}`),
    reset: (id) =>
      portal.asOwner('PATCH', `/graph/v1.0/users/${id}`, {
        passwordProfile: { password: passwordOf('another'), forceChangePasswordNextSignIn: false },
      }),
  }
  for (const [name, end] of Object.entries(endings)) {
    const person = await portal.createPerson(name)
    await signIn(person)
    const requests = ['session', 'arm/subscriptions?api-version=2022-12-01', 'graph/me']
    const statuses = async () => {
      const found: number[] = []
      for (const path of requests) found.push((await ask(portal, person.browser, { path })).statusCode)
      return found
    }
    assert.deepEqual(await statuses(), [200, 200, 200], name)
    await end(person.id)
    assert.deepEqual(await statuses(), [401, 401, 401], name)
  }
})

test('a session whose sign-in the person ends on the account pages is denied', async (t) => {
  const portal = await openPortal(t)
  const person = await portal.createPerson('alice')
  await signIn(person)
  const page = await person.browser.get('/account/sign-ins')
  const row = page.text.split('<li>').find((part) => part.includes('Acrux portal')) ?? ''
  const id = /name="sign_in"\s+value="([^"]+)"/.exec(row)?.[1] ?? ''
  const fields = Object.fromEntries(
    [...row.matchAll(/<input\s+type="hidden"\s+name="([^"]*)"\s+value="([^"]*)"/g)].map(([, name, value]) => [
      name,
      value,
    ]),
  ) as Record<string, string>
  assert.equal(await statusOf(portal, person.browser), 200)
  await person.browser.post('/account/sign-ins/end', { ...fields, sign_in: fields['sign_in'] ?? id })
  assert.equal(await statusOf(portal, person.browser), 401)
})

test('a person who signs out at the identity provider is signed out of the portal in that browser', async (t) => {
  const portal = await openPortal(t)
  const person = await portal.createPerson('alice')
  const elsewhere = { ...person, browser: portal.openBrowser() }
  await signIn(person)
  await signIn(elsewhere)
  const id = person.browser.cookies.get(portalCookie) ?? ''
  await person.browser.submit(await person.browser.get('/sign-out'), '/sign-out')
  assert.equal(person.browser.cookies.has(portalCookie), false)
  person.browser.cookies.set(portalCookie, id)
  assert.equal(await statusOf(portal, person.browser), 401)
  assert.equal(await statusOf(portal, elsewhere.browser), 200)
})

test('a session records the time of its last use at most once per hour', async (t) => {
  const portal = await openPortal(t)
  const { browser } = await portal.createPerson('alice')
  const start = await portal.app.inject({ url: '/portal/sign-in', headers: { host: portalHost } })
  const state = new URL(String(start.headers.location), portalOrigin).searchParams.get('state') ?? ''
  browser.cookies.set(signInCookie, /^[^=]+=([^;]+)/.exec(String(start.headers['set-cookie']))?.[1] ?? '')
  portal.time.nowMs += hourMs
  assert.match((await browser.get(`/portal/signed-in?state=${state}&code=x`)).url, /reason=expired/)
})
