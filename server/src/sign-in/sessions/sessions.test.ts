import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  type FormBrowser,
  type TestPages,
  codeRequest,
  enterPassword,
  openTestPages,
  passwordOf,
} from '../../../testing/sign-in/test-pages.ts'

const session = '__Host-acrux-session'
const hourMs = 60 * 60 * 1000

async function open(t: TestContext, options: Parameters<typeof openTestPages>[0] = {}) {
  const pages = await openTestPages(options)
  t.after(pages.close)
  const alice = await pages.createUser('alice')
  return { pages, alice, browser: pages.openBrowser() }
}

/** Signs a person in to their account pages. */
async function signIn(browser: FormBrowser, name: string) {
  const page = await enterPassword(browser, await browser.get('/account/security'), name)
  assert.equal(page.heading, 'Security')
  return page
}

const isSignedIn = async (browser: FormBrowser) => (await browser.get('/account/security')).heading === 'Security'

const storedSessions = ({ database }: TestPages) =>
  database.tables<{ browser_session: { id_hash: string } }>().selectFrom('browser_session').select('id_hash').execute()

for (const kind of testDatabaseKinds) {
  test(`only the hash of a session cookie is stored (${kind})`, async (t) => {
    const { pages, browser } = await open(t, { kind })
    await signIn(browser, 'alice')
    const id = browser.cookies.get(session) ?? ''
    assert.match(id, /^[\w-]{43}$/)
    const hashes = (await storedSessions(pages)).map(({ id_hash }) => id_hash)
    assert.deepEqual(hashes, [hash('sha256', id, 'hex')])
    assert.equal(pages.logLines.join('').includes(id), false)
  })
}

test('cookies are for this host only, over TLS, and not accessible to scripts and other sites', async (t) => {
  const { pages, browser } = await open(t)
  const page = await browser.get('/account/security')
  const first = String(
    (await pages.app.inject({ url: page.url, headers: { host: 'login.example:8443' } })).headers['set-cookie'],
  )
  assert.match(first, /^__Host-acrux-browser=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
  const plain = await openTestPages({ publicOrigin: 'http://localhost:8080' })
  t.after(plain.close)
  const answer = await plain.app.inject({ url: '/devicelogin', headers: { host: 'localhost:8080' } })
  assert.match(String(answer.headers['set-cookie']), /^acrux-browser=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)
})

test('a session cookie without its browser cookie, or next to another session cookie, is ignored', async (t) => {
  const { pages, browser } = await open(t)
  await signIn(browser, 'alice')
  const own = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const alone = `${session}=${browser.cookies.get(session)}`
  const statusWith = async (cookie: string) =>
    (await pages.app.inject({ url: '/account/security', headers: { host: 'login.example:8443', cookie } })).statusCode
  assert.equal(await statusWith(own), 200)
  for (const cookie of [alone, `${own}; ${session}=${'x'.repeat(43)}`, `${session}=${'x'.repeat(43)}; ${own}`]) {
    assert.equal(await statusWith(cookie), 303, cookie)
  }
})

test('fault 37: the session gets a new id at each sign-in and sign-out, and the old id is invalid', async (t) => {
  const { pages, browser } = await open(t)
  await pages.createUser('bob')
  browser.cookies.set(session, 'planted'.padEnd(43, 'x'))
  await signIn(browser, 'alice')
  const first = browser.cookies.get(session) ?? ''
  assert.equal(first.startsWith('planted'), false)
  const choice = await browser.get(codeRequest({ prompt: 'select_account' }).url)
  await enterPassword(browser, await browser.submit(choice, '/sign-in/account', { chosen: 'another' }), 'bob')
  const second = browser.cookies.get(session) ?? ''
  assert.notEqual(second, first)
  const attacker = pages.openBrowser()
  await attacker.get('/devicelogin')
  attacker.cookies.set(session, first)
  assert.equal(await isSignedIn(attacker), false)
  const chosen = await browser.get('/account/security')
  assert.equal(chosen.heading, 'Pick an account')
  const signOut = await browser.get('/sign-out')
  const done = await browser.submit(signOut, '/sign-out')
  assert.equal(done.heading, 'You have signed out')
  assert.equal(browser.cookies.get(session), undefined)
  attacker.cookies.set(session, second)
  assert.equal(await isSignedIn(attacker), false)
})

test('a browser has at most ten accounts: the next one replaces the oldest, whose sign-in ends', async (t) => {
  const { pages, alice, browser } = await open(t)
  await signIn(browser, 'alice')
  for (let count = 1; count <= 10; count += 1) {
    pages.time.nowMs += 1
    await pages.createUser(`user${count}`)
    const page = await browser.get(codeRequest({ prompt: 'select_account' }).url)
    await enterPassword(browser, await browser.submit(page, '/sign-in/account', { chosen: 'another' }), `user${count}`)
  }
  assert.deepEqual(await pages.credentials.signInsOf(alice.objectId), [])
  const choice = await browser.get(codeRequest({ prompt: 'select_account' }).url)
  assert.equal([...choice.text.matchAll(/user\d+@contoso\.example/g)].length, 10)
  assert.doesNotMatch(choice.text, /alice@/)
})

test('a session expires twelve hours after its last use and seven days after its start', async (t) => {
  const { pages, browser } = await open(t)
  await signIn(browser, 'alice')
  for (let hours = 0; hours < 7 * 24 - 11; hours += 11) {
    assert.equal(await isSignedIn(browser), true, `after ${hours} hours`)
    pages.time.nowMs += 11 * hourMs
  }
  pages.time.nowMs += 11 * hourMs
  assert.equal(await isSignedIn(browser), false, 'seven days are over')
  await signIn(browser, 'alice')
  pages.time.nowMs += 12 * hourMs - 1
  assert.equal(await isSignedIn(browser), true)
  pages.time.nowMs += 12 * hourMs
  assert.equal(await isSignedIn(browser), false)
  await signIn(browser, 'alice')
  assert.equal((await storedSessions(pages)).length, 1, 'expired sessions are deleted')
})

test('an expired session does not return with the next sign-in', async (t) => {
  const { pages, browser } = await open(t)
  await pages.createUser('bob')
  await signIn(browser, 'alice')
  pages.time.nowMs += 12 * hourMs
  await signIn(browser, 'bob')
  const page = await browser.get('/account/security')
  assert.match(page.text, /bob@contoso\.example/)
  assert.equal((await browser.get(codeRequest({ prompt: 'select_account' }).url)).text.includes('alice'), false)
})

test('a session ends when its user is disabled or deleted, or gets a new password', async (t) => {
  const { pages, alice, browser } = await open(t)
  await signIn(browser, 'alice')
  await pages.updateUser(alice, { enabled: false })
  assert.equal(await isSignedIn(browser), false)
  await pages.updateUser(alice, { enabled: true })
  await signIn(browser, 'alice')
  await pages.resetPassword(alice, 'quite another password')
  assert.equal(await isSignedIn(browser), false)
  const bob = await pages.createUser('bob')
  await signIn(browser, 'bob')
  await pages.change((transaction, { people }) => people.deleteUser(transaction, bob.objectId))
  assert.equal(await isSignedIn(browser), false)
})

test('a temporary password must be changed first', async (t) => {
  const { pages, browser } = await open(t)
  await pages.createUser('carol', { mustChangePassword: true })
  const nextPage = await enterPassword(browser, await browser.get(codeRequest().url), 'carol')
  assert.equal(nextPage.heading, 'Choose a new password')
  assert.equal(await isSignedIn(browser), false, 'the person is not signed in before the change')
  const answer = (password: string, repeated = password) =>
    browser.submit(nextPage, '/sign-in/new-password', { 'new-password': password, repeated })
  assert.match((await answer('something long', 'something else')).text, /don’t match/)
  assert.match((await answer('short')).text, /too short/)
  assert.match((await answer(passwordOf('carol'))).text, /same as the/)
  const confirmation = await answer('four words that are hers')
  assert.equal(confirmation.heading, 'Sign in to Azure CLI?')
  const other = pages.openBrowser()
  const page = await other.get(codeRequest().url)
  assert.match((await enterPassword(other, page, 'carol')).text, /Incorrect/)
  assert.equal((await enterPassword(other, page, 'carol', 'four words that are hers')).heading, 'Sign in to Azure CLI?')
})

test('a person who must change their password has ten minutes', async (t) => {
  const { pages } = await open(t)
  await pages.createUser('carol', { mustChangePassword: true })
  for (const [afterMs, heading] of [
    [10 * 60_000, 'Sign in'],
    [10 * 60_000 - 1, 'Sign in to Azure CLI?'],
  ] as const) {
    const browser = pages.openBrowser()
    const nextPage = await enterPassword(browser, await browser.get(codeRequest().url), 'carol')
    pages.time.nowMs += afterMs
    const chosen = 'four words that are hers'
    const result = await browser.submit(nextPage, '/sign-in/new-password', { 'new-password': chosen, repeated: chosen })
    assert.equal(result.heading, heading)
  }
})

test('a session made with a password ends when that password must be changed', async (t) => {
  const { pages, alice, browser } = await open(t)
  await signIn(browser, 'alice')
  await pages.updateUser(alice, { mustChangePassword: true })
  assert.equal(await isSignedIn(browser), false)
  const nextPage = await enterPassword(browser, await browser.get('/account/security'), 'alice')
  assert.equal(nextPage.heading, 'Choose a new password')
  const password = 'four words that are hers'
  const fields = { 'new-password': password, repeated: password }
  assert.equal((await browser.submit(nextPage, '/sign-in/new-password', fields)).heading, 'Security')
})

test('a password change ends all other sign-ins, but not its own session', async (t) => {
  const { pages, browser } = await open(t)
  const other = pages.openBrowser()
  await signIn(other, 'alice')
  await signIn(browser, 'alice')
  const before = browser.cookies.get(session)
  const page = await browser.get('/account/password')
  const change = (current: string, password: string, repeated = password) =>
    browser.submit(page, '/account/password', { current, 'new-password': password, repeated })
  assert.match((await change('wrong', 'a new long password')).text, /Incorrect password/)
  assert.match((await change(passwordOf('alice'), passwordOf('alice'))).text, /same as the/)
  const done = await change(passwordOf('alice'), 'a new long secret of hers')
  assert.equal(done.status, 200)
  assert.match(done.text, /Password changed/)
  assert.notEqual(browser.cookies.get(session), before)
  assert.equal(await isSignedIn(browser), true)
  assert.equal(await isSignedIn(other), false)
})

test('a person lists their sign-ins, ends one of them and then all', async (t) => {
  const { pages, alice, browser } = await open(t)
  const other = pages.openBrowser()
  await signIn(other, 'alice')
  await signIn(browser, 'alice')
  const list = await browser.get('/account/sign-ins')
  const ids = [...list.text.matchAll(/name="sign_in" value="([0-9a-f-]{36})"/g)].map(([, id]) => id ?? '')
  assert.equal(ids.length, 2)
  const bob = await pages.createUser('bob')
  const stranger = pages.openBrowser()
  await signIn(stranger, 'bob')
  await stranger.submit(await stranger.get('/account/sign-ins'), '/account/sign-ins/end', { sign_in: ids[0] ?? '' })
  assert.equal((await pages.credentials.signInsOf(alice.objectId)).length, 2, 'nobody ends the sign-ins of another')
  const own = ids.find((id) => list.text.slice(0, list.text.indexOf(id)).lastIndexOf('This session') > -1) ?? ''
  const left = await browser.submit(list, '/account/sign-ins/end', { sign_in: ids.find((id) => id !== own) ?? '' })
  assert.equal(left.heading, 'Sign-ins')
  assert.equal(await isSignedIn(other), false)
  const events = await pages.database
    .tables<{ audit_event: { action: string } }>()
    .selectFrom('audit_event')
    .selectAll()
    .where('action', '=', 'sign-in.end')
    .execute()
  assert.equal(events.length, 1, 'a request that ends nothing records no event')
  await browser.submit(list, '/account/sign-ins/end', { sign_in: 'all' })
  assert.deepEqual(await pages.credentials.signInsOf(alice.objectId), [])
  assert.equal(await isSignedIn(browser), false)
  assert.equal(await isSignedIn(other), false)
  assert.equal((await pages.credentials.signInsOf(bob.objectId)).length, 1)
})

test('a person ends all other sign-ins at once, and keeps their own', async (t) => {
  const { pages, alice, browser } = await open(t)
  const others = [pages.openBrowser(), pages.openBrowser()]
  for (const other of others) await signIn(other, 'alice')
  await signIn(browser, 'alice')
  const list = await browser.get('/account/sign-ins')
  assert.equal((await browser.submit(list, '/account/sign-ins/end', { sign_in: 'others' })).heading, 'Sign-ins')
  for (const other of others) assert.equal(await isSignedIn(other), false)
  assert.equal(await isSignedIn(browser), true)
  assert.equal((await pages.credentials.signInsOf(alice.objectId)).length, 1)
})

test('ending a sign-in requires an authentication within the last ten minutes', async (t) => {
  const { pages, alice, browser } = await open(t)
  await signIn(pages.openBrowser(), 'alice')
  await signIn(browser, 'alice')
  const list = await browser.get('/account/sign-ins')
  pages.time.nowMs += 11 * 60_000
  const asked = await browser.submit(list, '/account/sign-ins/end', { sign_in: 'others' })
  assert.equal((await pages.credentials.signInsOf(alice.objectId)).length, 2)
  const again = await enterPassword(browser, asked, 'alice')
  assert.equal(again.heading, 'Sign-ins')
  await browser.submit(again, '/account/sign-ins/end', { sign_in: 'others' })
  assert.equal((await pages.credentials.signInsOf(alice.objectId)).length, 1)
})
