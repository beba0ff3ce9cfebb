import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  type Person,
  type PortalServer,
  addSecondFactor,
  ask,
  openPortal,
  portalCookie,
  portalHost,
  portalOrigin,
  signIn,
  signInCookie,
  statusOf,
} from '../../testing/compose/test-portal.ts'

const owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'
const minuteMs = 60_000

/** An owner with a second factor, whose last authentication is too old for a dangerous request. */
async function openAged(t: TestContext) {
  const portal = await openPortal(t)
  const alice = await portal.createPerson('alice')
  await portal.assign(alice.id, owner)
  await signIn(alice)
  const confirm = await addSecondFactor(portal, alice)
  await signIn(alice)
  portal.time.nowMs += 11 * minuteMs
  return { portal, alice, confirm }
}

/** How a dangerous request is answered: with a status, or with the reason why not. */
async function answerTo(portal: PortalServer, browser: Person['browser']): Promise<number | string> {
  const path = `session/registry-login?loginServer=${encodeURIComponent(portal.first.loginServer)}`
  const { body, statusCode } = await ask(portal, browser, { method: 'POST', path })
  return /"code":"(StepUpRequired|NotSignedIn)"/.exec(body)?.[1] ?? statusCode
}

const personOf = async (portal: PortalServer, browser: Person['browser']) =>
  (await ask(portal, browser, { path: 'session' })).json<{ person: { objectId: string } }>().person.objectId

test('a new authentication suffices for ten minutes, and only in its own session', async (t) => {
  const { portal, alice, confirm } = await openAged(t)
  const elsewhere = portal.openBrowser()
  assert.equal((await confirm(elsewhere)).url, '/portal/confirmed')
  assert.equal(await answerTo(portal, elsewhere), 200)
  assert.equal(await answerTo(portal, alice.browser), 'StepUpRequired', 'the session of the other browser')
  portal.time.nowMs += 10 * minuteMs - 1
  assert.equal(await answerTo(portal, elsewhere), 200)
  portal.time.nowMs += 1
  assert.equal(await answerTo(portal, elsewhere), 'StepUpRequired', 'ten minutes later')
  assert.equal((await confirm()).url, '/portal/confirmed')
  assert.equal(await answerTo(portal, alice.browser), 200)
  assert.equal(await answerTo(portal, elsewhere), 'StepUpRequired')
})

test('if another user signs in during a step-up, no session is replaced or created', async (t) => {
  const { portal, alice } = await openAged(t)
  const bob = await portal.createPerson('bob')
  const session = alice.browser.cookies.get(portalCookie)
  const start = `/portal/sign-in?kind=fresh&person=${alice.id}&hint=${alice.userPrincipalName}`
  assert.match((await alice.browser.get(start)).text, /value="alice@acrux\.localhost"/, 'the user name is filled in')
  const arrived = await signIn({ ...bob, browser: alice.browser }, start)
  const { pathname, searchParams } = new URL(arrived.url, 'https://portal.invalid')
  assert.equal(pathname, '/portal/confirmed')
  assert.equal(searchParams.get('reason'), 'other-person')
  assert.equal(searchParams.get('userName'), bob.userPrincipalName)
  assert.equal(alice.browser.cookies.get(portalCookie), session)
  assert.equal(await personOf(portal, alice.browser), alice.id)
  assert.equal(await answerTo(portal, alice.browser), 'StepUpRequired')
  const { body } = await portal.asOwner('GET', `/graph/v1.0/users/${bob.id}/signInSessions`)
  assert.doesNotMatch(body, /Acrux portal/)
  // Even without a session to protect, this user gets no session, because the page belongs to another user.
  const empty = portal.openBrowser()
  assert.match((await signIn({ ...bob, browser: empty }, start)).url, /reason=other-person/)
  assert.equal(empty.cookies.has(portalCookie), false)
})

test('only a step-up of a named user fills in a user name, and no step-up starts without a user', async (t) => {
  const { portal, alice } = await openAged(t)
  const start = async (query: string) => {
    const url = `/portal/sign-in?hint=${alice.userPrincipalName}&${query}`
    const { headers } = await portal.app.inject({ url, headers: { host: portalHost } })
    const hint = new URL(String(headers.location), portalOrigin).searchParams.get('login_hint')
    return { location: headers.location, hint, cookie: headers['set-cookie'] }
  }
  assert.equal((await start(`kind=fresh&person=${alice.id}`)).hint, alice.userPrincipalName)
  for (const query of ['', 'kind=switch', `person=${alice.id}`]) {
    const { hint, location } = await start(query)
    assert.match(String(location), /^\/organizations\/oauth2\/v2\.0\/authorize\?/)
    assert.equal(hint, null, query)
  }
  for (const query of ['kind=fresh', 'kind=fresh&person=', 'kind=fresh&person=x', 'kind=fresh&person=a&person=b'])
    assert.deepEqual(await start(query), { location: '/portal/', hint: null, cookie: undefined }, query)
})

test('a failed step-up ends no session, and shows the reason in a separate window', async (t) => {
  const { portal, alice } = await openAged(t)
  const start = await portal.app.inject({
    url: `/portal/sign-in?kind=fresh&person=${alice.id}&return=/portal/search`,
    headers: { host: portalHost },
  })
  const flow = /^[^=]+=([^;]+)/.exec(String(start.headers['set-cookie']))?.[1] ?? ''
  alice.browser.cookies.set(signInCookie, flow)
  const state = new URL(String(start.headers.location), `https://${portalHost}`).searchParams.get('state')
  const { url } = await alice.browser.get(`/portal/signed-in?state=${state}&error=access_denied`)
  assert.match(url, /^\/portal\/confirmed\?reason=denied&id=/)
  assert.equal(await statusOf(portal, alice.browser), 200)
})

test('a request that the browser sent before a new authentication does not remove the new session', async (t) => {
  const { portal, alice, confirm } = await openAged(t)
  const before = `${portalCookie}=${alice.browser.cookies.get(portalCookie)}`
  await confirm()
  const late = await ask(portal, alice.browser, { path: 'session', headers: { cookie: before } })
  assert.equal(late.statusCode, 401)
  assert.equal(late.headers['set-cookie'], undefined)
  assert.equal(await statusOf(portal, alice.browser), 200)
})
