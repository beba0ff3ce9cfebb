import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { User } from '../../directory/index.ts'
import { enterPassword, openTestPages } from '../../../testing/sign-in/test-pages.ts'

const chosen = { 'new-password': 'seven brass kettles', repeated: 'seven brass kettles' }

async function open(t: TestContext, required: 'none' | 'all' = 'none') {
  const pages = await openTestPages({ secondFactorPolicy: { required, enrolment: 'self' } })
  t.after(pages.close)
  const alice = await pages.createUser('alice')
  const origin = { remoteAddress: '198.51.100.7', userAgent: undefined }
  const link = ({ objectId }: User) =>
    pages.change(async (tx, { oneTimeLinks }) => {
      const { code } = await oneTimeLinks.create(tx, objectId, { lifetimeMs: 60_000, createdBy: 'an owner', origin })
      return code
    })
  const browser = pages.openBrowser()
  const submit = async (code: string, from = browser) =>
    from.submit(await from.get('/sign-in/link'), '/sign-in/link', { link_code: code })
  return { pages, alice, link, browser, submit }
}

test('a one-time link leads to a new password, once, and then to the account', async (t) => {
  const { pages, alice, link, browser, submit } = await open(t)
  const code = await link(alice)
  const asked = await submit(`https://login.example:8443/sign-in/link#${code}`)
  assert.equal(asked.heading, 'Choose a new password')
  assert.match(asked.text, /alice@contoso\.example/)
  assert.equal((await browser.get('/account/security')).heading, 'Sign in', 'a link alone is no sign-in')
  const again = await submit(code, pages.openBrowser())
  assert.equal(again.heading, 'Choose a new password', 'an opened link is not used up')
  const weak = await browser.submit(asked, '/sign-in/new-password', { 'new-password': 'short', repeated: 'short' })
  assert.equal(weak.status, 400)
  const done = await browser.submit(asked, '/sign-in/new-password', chosen)
  assert.equal(done.heading, 'Security')
  const used = await submit(code, pages.openBrowser())
  assert.deepEqual([used.status, used.heading], [400, 'Choose a password'])
  assert.match(used.text, /This link is not valid/)
  const other = pages.openBrowser()
  const signedIn = await enterPassword(other, await other.get('/account/security'), 'alice', 'seven brass kettles')
  assert.equal(signedIn.heading, 'Security')
  assert.ok(!pages.logLines.join('').includes(code), 'no log line contains the code')
})

test('a sign-in that began with a link ends when the link is withdrawn or replaced', async (t) => {
  const { pages, alice, link, browser, submit } = await open(t)
  const ends = [
    () => pages.change((tx, { oneTimeLinks }) => oneTimeLinks.remove(tx, alice.objectId)),
    () => link(alice),
  ]
  for (const end of ends) {
    const asked = await submit(await link(alice))
    await end()
    const rejected = await browser.submit(asked, '/sign-in/new-password', chosen)
    assert.notEqual(rejected.heading, 'Security')
    assert.equal((await browser.get('/account/security')).heading, 'Sign in')
  }
})

test('a link replaces the password only: a second factor is required first, or set up afterwards', async (t) => {
  const { pages, alice, link, browser, submit } = await open(t, 'all')
  const asked = await submit(await link(alice))
  assert.equal((await browser.submit(asked, '/sign-in/new-password', chosen)).heading, 'Set up a second factor')
  const key = { credentialId: 'key', publicKey: new Uint8Array(65), counter: 0, transports: [], displayName: 'key' }
  await pages.change((tx, { secondFactors }) => secondFactors.addPasskey(tx, { ...key, objectId: alice.objectId }))
  const next = await submit(await link(alice), pages.openBrowser())
  assert.notEqual(next.heading, 'Choose a new password')
})

test('a form of another browser, a guessed code and the code of a disabled person change nothing', async (t) => {
  const { pages, alice, link, browser, submit } = await open(t)
  const code = await link(alice)
  const page = await browser.get('/sign-in/link')
  const [, token = ''] = /name="token" value="([^"]*)"/.exec(page.text) ?? []
  assert.equal((await pages.openBrowser().post('/sign-in/link', { token, link_code: code })).status, 403)
  for (const guess of ['', 'x', 'A'.repeat(43)]) assert.equal((await submit(guess)).status, 400)
  await pages.updateUser(alice, { enabled: false })
  assert.equal((await submit(code)).status, 400)
})
